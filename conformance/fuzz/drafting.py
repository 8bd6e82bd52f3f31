"""Updates out of nothing: a document that peers could have written, as structs, without any library.

Items are put between neighbours, as one peer after the other would put them, so that every implementation reads the
same from them; what a hostile program changes is changed on top of that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conformance.wire.model import (
    ARRAY,
    ID,
    MAP,
    TEXT,
    XML_ELEMENT,
    XML_TEXT,
    Content,
    ContentAny,
    ContentBinary,
    ContentEmbed,
    ContentFormat,
    ContentString,
    ContentType,
    Item,
    Parent,
    RootName,
    Update,
)

if TYPE_CHECKING:
    from conformance.fuzz.chance import Chance

ROOTS = {"t": "text", "l": "array", "m": "map", "x": "xml"}
CLIENTS = (11, 7)
_KEYS = ("a", "b")
_NESTED = {ARRAY: "array", MAP: "map", TEXT: "text", XML_ELEMENT: "xml", XML_TEXT: "text"}


_VALUES: tuple[Content, ...] = (
    ContentAny((1, "two", None)),
    ContentAny((True,)),
    ContentBinary(b"\x00\xff"),
    ContentType(MAP),
    ContentType(TEXT),
)


@dataclass(slots=True)
class _Place:
    """A shared type with the ids of its elements in their order, and the last item of each key."""

    parent: Parent
    kind: str
    order: list[ID] = field(default_factory=list)
    keys: dict[str, ID] = field(default_factory=dict)


def draft(chance: Chance, items: int) -> Update:
    """A document of two clients with about so many items, some of them deleted."""
    places = [_Place(RootName(name), kind) for name, kind in ROOTS.items()]
    structs: dict[int, list[Item]] = {}
    clocks = dict.fromkeys(CLIENTS, 0)
    for _ in range(items):
        client = chance.pick(CLIENTS)
        place = chance.pick(places)
        item = _item(chance, place, ID(client, clocks[client]))
        clocks[client] += item.length
        structs.setdefault(client, []).append(item)
        if isinstance(item.content, ContentType):
            places.append(_Place(item.id, _NESTED[item.content.type_ref]))
    ordered = {client: tuple(structs[client]) for client in sorted(structs, reverse=True)}
    return Update(ordered, _deletes(chance, clocks))


def _deletes(chance: Chance, clocks: dict[int, int]) -> dict[int, tuple[tuple[int, int], ...]]:
    deletes: dict[int, tuple[tuple[int, int], ...]] = {}
    for client in sorted(clocks, reverse=True):
        if clocks[client] > 2 and chance.happens(0.6):
            start = chance.below(clocks[client] - 1)
            deletes[client] = ((start, 1 + chance.below(min(3, clocks[client] - start))),)
    return deletes


def _item(chance: Chance, place: _Place, id: ID) -> Item:
    if place.kind == "map":
        return _entry(chance, place, id)
    content = _content(chance, place.kind)
    at = chance.below(len(place.order) + 1)
    origin = place.order[at - 1] if at else None
    right = place.order[at] if at < len(place.order) else None
    place.order[at:at] = [ID(id.client, id.clock + n) for n in range(content.length)]
    parent = place.parent if origin is None and right is None else None
    return Item.of(id, content, origin=origin, right_origin=right, parent=parent)


def _entry(chance: Chance, place: _Place, id: ID) -> Item:
    key = chance.pick(_KEYS)
    origin = place.keys.get(key)
    place.keys[key] = id
    content: Content = ContentType(chance.pick((ARRAY, MAP, TEXT))) if chance.happens(0.3) else ContentAny(("v",))
    if origin is not None:
        return Item.of(id, content, origin=origin)
    return Item.of(id, content, parent=place.parent, parent_sub=key)


def _content(chance: Chance, kind: str) -> Content:
    if kind == "xml":
        return ContentType(XML_ELEMENT, "p") if chance.happens(0.5) else ContentType(XML_TEXT)
    if kind == "text":
        which = chance.below(6)
        if which == 0:
            return ContentFormat("b", True if chance.happens(0.5) else None)
        return (
            ContentEmbed({"k": 1}) if which == 1 else ContentString(chance.pick(("a", "bc", "é", "漢字", "long text")))
        )
    return chance.pick(_VALUES)
