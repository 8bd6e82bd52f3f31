"""What is odd about the structs of an update: what they name, where they stand, and what they hold.

They are looked at all together, since an id is to come, missing or of no type only beside the others.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from conformance.fuzz.drafting import ROOTS
from conformance.wire.model import (
    ARRAY,
    GC,
    ID,
    MAP,
    TEXT,
    XML_ELEMENT,
    XML_FRAGMENT,
    XML_HOOK,
    XML_TEXT,
    ContentAny,
    ContentBinary,
    ContentDeleted,
    ContentEmbed,
    ContentFormat,
    ContentJSON,
    ContentMove,
    ContentString,
    ContentType,
    Item,
    Parent,
    RootName,
    Skip,
    Struct,
    Update,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

Place: TypeAlias = "tuple[Parent, str | None]"
"""A parent, None where it cannot be known, and a key."""

KINDS = {
    ARRAY: "array",
    MAP: "map",
    TEXT: "text",
    XML_ELEMENT: "xml",
    XML_FRAGMENT: "xml",
    XML_HOOK: "map",
    XML_TEXT: "text",
}
_HOLDS = {"text": ("string", "format", "embed"), "array": ("value", "type"), "xml": ("node",)}
"""What its own ops put into a list of that kind; a text may embed types, too."""
_NODES = (XML_ELEMENT, XML_TEXT, XML_HOOK)


@dataclass(slots=True)
class Structure:
    """An update whose structs can be found by their ids."""

    update: Update
    _clocks: dict[int, list[int]] = field(init=False)
    _places: dict[ID, Place] = field(default_factory=dict)
    _gone: dict[ID, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._clocks = {
            client: [struct.id.clock for struct in structs] for client, structs in self.update.structs.items()
        }

    def oddities(self) -> Iterator[str]:
        for client, structs in self.update.structs.items():
            for before, struct in pairwise((None, *structs)):
                yield from _of_struct(before, struct)
                if isinstance(struct, Item):
                    yield from self._of_item(struct)
            end = structs[-1].id.clock + structs[-1].length if structs else 0
            if end >= 2**32:
                yield "beyond-53-bits" if end >= 2**53 else "beyond-32-bits"
            if client >= 2**32:
                yield "client-beyond-32-bits"
        yield from self._of_keys()
        yield from self._of_lists()
        yield from self._of_deletes()

    def items(self) -> Iterator[Item]:
        """All items, in the order in which they stand in the update."""
        for structs in self.update.structs.values():
            yield from (struct for struct in structs if isinstance(struct, Item))

    def _of_keys(self) -> Iterator[str]:
        """Values of one key that do not know each other, as peers set them at the same time."""
        beginnings = [
            place for item in self.items() if item.origin is None and (place := self.place(item))[1] is not None
        ]
        if len(set(beginnings)) < len(beginnings):
            yield "set-at-once"

    def _of_lists(self) -> Iterator[str]:
        """Items of a list that do not know each other, as peers insert them at the same time.

        Of items with one origin, each that was inserted later has the one before it on its right, the first one what
        was on the right of the origin.
        """
        beside: dict[tuple[Place, ID | None], list[Item]] = {}
        for item in self.items():
            place = self.place(item)
            if place[0] is None or place[1] is not None:
                continue
            named = [self.find(id) for id in (item.origin, item.right_origin) if id is not None]
            if all(isinstance(each, Item) and self.place(each) == place for each in named):
                beside.setdefault((place, item.origin), []).append(item)
        for (_, origin), items in beside.items():
            rights = [item.right_origin for item in items]
            if len(set(rights)) < len(rights) or not {*rights} <= {self._behind(origin), *(item.id for item in items)}:
                yield "inserted-at-once"

    def _behind(self, origin: ID | None) -> ID | None:
        """What was on the right of an element as it was inserted."""
        if origin is None or not isinstance(struct := self.find(origin), Item):
            return None
        last = struct.id.clock + struct.length - 1
        return struct.right_origin if origin.clock == last else ID(origin.client, origin.clock + 1)

    def _of_deletes(self) -> Iterator[str]:
        for client, ranges in self.update.delete_set.items():
            structs = self.update.structs.get(client, ())
            end = structs[-1].id.clock + structs[-1].length if structs else 0
            if any(clock + length >= 2**32 for clock, length in ranges):
                yield "delete-beyond-32-bits"
            elif any(clock + length > end for clock, length in ranges):
                yield "deletes-ahead"
            if any(length == 0 for _, length in ranges):
                yield "delete-of-nothing"
            if any(left[0] + left[1] > right[0] for left, right in pairwise(ranges)):
                yield "deletes-overlap"
            if any(isinstance(self.find(ID(client, clock)), GC) for clock, _ in ranges):
                yield "delete-from-a-gc"

    def find(self, id: ID) -> GC | Item | None:
        """The struct that holds an element; None where the update has none."""
        clocks = self._clocks.get(id.client)
        if not clocks or id.clock < clocks[0]:
            return None
        struct = self.update.structs[id.client][bisect_right(clocks, id.clock) - 1]
        return None if isinstance(struct, Skip) or id.clock >= struct.id.clock + struct.length else struct

    def _of_item(self, item: Item) -> Iterator[str]:
        parent = item.parent if isinstance(item.parent, ID) else None
        for what, id in (("origin", item.origin), ("right-origin", item.right_origin), ("parent", parent)):
            if id is None:
                continue
            if id.client == item.id.client and id.clock >= item.id.clock:
                yield f"{what}-to-come"
                continue
            named = self.find(id)
            if named is None:
                yield f"{what}-missing"
            elif isinstance(named, GC):
                yield f"{what}-collected"
            elif what == "parent" and not isinstance(named.content, ContentType):
                yield "parent-deleted" if isinstance(named.content, ContentDeleted) else "parent-no-type"
            elif self._is_gone(named):
                yield f"{what}-collected"
        yield from self._of_place(item)

    def _is_gone(self, item: Item) -> bool:
        """Whether it is read as a GC: its parent is no type, or its parent or a neighbour is a GC or read as one."""
        if item.id not in self._gone:
            self._gone[item.id] = False  # while it is looked for: what names itself comes to nothing
            parent = self.find(item.parent) if isinstance(item.parent, ID) else None
            beside = [self.find(id) for id in (item.origin, item.right_origin) if id is not None]
            self._gone[item.id] = any(
                isinstance(each, GC) or (each is not None and self._is_gone(each)) for each in (*beside, parent)
            ) or (isinstance(parent, Item) and not isinstance(parent.content, ContentType))
        return self._gone[item.id]

    def _of_place(self, item: Item) -> Iterator[str]:
        neighbours = [self.find(id) for id in (item.origin, item.right_origin) if id is not None]
        places = [self.place(struct) for struct in neighbours if isinstance(struct, Item)]
        if len(places) == 2 and places[0] != places[1]:
            yield "neighbours-in-two-places"
        if len(places) == 2 and neighbours[0] is neighbours[1] and _are_swapped(item):
            yield "neighbours-swapped"
        parent, key = self.place(item)
        if key is None:
            kind = self._kind(parent)
            what = _kind_of_content(item)
            if what is not None and kind in _HOLDS and what not in _HOLDS[kind]:
                yield f"{what}-in-{kind}"
            if kind == "map" and what is not None:
                yield f"{what}-without-key"
            if what == "format" and self._type_ref(parent) == XML_TEXT:
                yield "format-in-xml-text"
            return
        if self._kind(parent) in ("array", "text", "fragment"):
            yield f"key-in-{self._kind(parent)}"
        if self._kind(parent) == "xml" and isinstance(item.content, ContentType):
            yield "type-as-attribute"
        if isinstance(item.content, ContentFormat | ContentString | ContentEmbed):
            yield f"{_kind_of_content(item)}-under-a-key"
        if item.length > 1:
            yield "several-under-a-key"
        if key == "__proto__":
            yield "key-proto"

    def place(self, item: Item) -> Place:
        """Where the item says it is: its own parent, or that of its left neighbour, or else of the right one."""
        seen: list[ID] = []
        while True:
            found = self._places.get(item.id)
            if found is None and item.parent is not None:
                found = (item.parent, item.parent_sub)
            if found is None:
                seen.append(item.id)
                beside = self.find(item.origin or item.right_origin or item.id)
                if isinstance(beside, Item) and beside.id not in seen:
                    item = beside
                    continue
                found = (None, None)
            self._places.update(dict.fromkeys(seen, found))
            return found

    def _kind(self, parent: Parent) -> str | None:
        if isinstance(parent, RootName):
            return ROOTS.get(parent.name)
        type_ref = self._type_ref(parent)
        return None if type_ref is None else KINDS.get(type_ref)

    def _type_ref(self, parent: Parent) -> int | None:
        named = self.find(parent) if isinstance(parent, ID) else None
        return named.content.type_ref if isinstance(named, Item) and isinstance(named.content, ContentType) else None


def _are_swapped(item: Item) -> bool:
    """Whether what is to be on its right does not come behind what is on its left, of elements of one struct."""
    left, right = item.origin, item.right_origin
    return left is not None and right is not None and right.clock <= left.clock


def _of_struct(before: Struct | None, struct: Struct | None) -> Iterator[str]:
    if isinstance(before, Skip) or (before is None and struct is not None and struct.id.clock > 0):
        yield "gap"
    if not isinstance(struct, Item):
        if struct is not None and struct.length == 0:
            yield "empty-gc-or-skip"
        return
    content = struct.content
    if content.length == 0:
        yield "empty"
    if any(map(_has_nul, (struct.parent, struct.parent_sub, content))):
        yield "nul"
    if isinstance(content, ContentJSON):
        yield "json"
    if isinstance(content, ContentMove):
        yield "move"
    if isinstance(content, ContentType) and content.type_ref == XML_FRAGMENT:
        yield "nested-fragment"


def _has_nul(value: object) -> bool:
    """Whether there is a string with U+0000 somewhere in a value, or in what a struct holds."""
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, Mapping):
        return any(map(_has_nul, (*value, *value.values())))
    if isinstance(value, list | tuple):
        return any(map(_has_nul, value))
    return is_dataclass(value) and any(_has_nul(getattr(value, each.name)) for each in fields(value))


def _kind_of_content(item: Item) -> str | None:
    match item.content:
        case ContentString():
            return "string"
        case ContentFormat():
            return "format"
        case ContentEmbed():
            return "embed"
        case ContentAny() | ContentBinary() | ContentJSON():
            return "value"
        case ContentType(type_ref):
            return "node" if type_ref in _NODES else "type"
    return None
