"""Which root types updates name, and of which kind they must be.

An update says where an item lives, not what lives there: `doc.getText("t")` and `doc.getArray("t")` write the
same name. The contents tell. Source: Yjs `structs/Item.js` getMissing, for parents that are not written.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Literal, TypeAlias

from conformance.wire.model import (
    ID,
    TYPE_NAMES,
    XML_ELEMENT,
    XML_HOOK,
    XML_TEXT,
    ContentDeleted,
    ContentEmbed,
    ContentFormat,
    ContentString,
    ContentType,
    Item,
    RootName,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.wire.model import Content, Parent, Update

RootKind: TypeAlias = Literal["text", "array", "map", "xml"]

# What only one kind can hold comes first: strings and marks live in texts alone, values in arrays (texts and
# fragments have none); elements may also be embedded in a text or kept in an array, and keyed items are also
# the attributes of a text.
_PRECEDENCE: tuple[RootKind, ...] = ("text", "array", "xml", "map")


@dataclass(slots=True)
class Evidence:
    """What was seen in one root: a kind -> how many items speak for it, and the first of them.

    `silent` counts items that are deleted and have no key: they speak for no kind.
    """

    seen: dict[RootKind, tuple[int, str]] = field(default_factory=dict)
    silent: int = 0

    @property
    def kind(self) -> RootKind:
        """A root of which nothing is left but deleted items is called a text."""
        return next((kind for kind in _PRECEDENCE if kind in self.seen), "text")

    @property
    def ambiguous(self) -> bool:
        return len(self.seen) != 1

    def __str__(self) -> str:
        parts = [f"{count} for {kind} (first {what})" for kind, (count, what) in self.seen.items()]
        if self.silent:
            parts.append(f"{self.silent} deleted")
        return f"{self.kind}: {', '.join(parts)}"


def root_kinds(updates: Sequence[Update]) -> dict[str, RootKind]:
    """Root name -> kind, in the order in which the updates name the roots."""
    return {name: evidence.kind for name, evidence in root_evidence(updates).items()}


def root_evidence(updates: Sequence[Update]) -> dict[str, Evidence]:
    """Root name -> what its items say about it.

    Items whose parent cannot be found, since an origin is in none of the updates, say nothing.
    """
    places = Places(updates)
    roots: dict[str, Evidence] = {}
    for item in places.items():
        parent, parent_sub = places.of(item)
        if not isinstance(parent, RootName):
            continue
        evidence = roots.setdefault(parent.name, Evidence())
        kind = "map" if parent_sub is not None else _kind_of(item.content)
        if kind is None:
            evidence.silent += 1
        else:
            count, what = evidence.seen.get(kind) or (0, _describe(item, parent_sub))
            evidence.seen[kind] = (count + 1, what)
    return roots


def _kind_of(content: Content) -> RootKind | None:
    match content:
        case ContentDeleted():
            return None
        case ContentString() | ContentFormat() | ContentEmbed():
            return "text"
        case ContentType(type_ref) if type_ref in (XML_ELEMENT, XML_HOOK, XML_TEXT):
            return "xml"
    return "array"


def _describe(item: Item, parent_sub: str | None) -> str:
    content = item.content
    what = TYPE_NAMES[content.type_ref] if isinstance(content, ContentType) else type(content).__name__[7:]
    return f"{what} {item.id}" if parent_sub is None else f"{what} {item.id} under key {parent_sub!r}"


_Place: TypeAlias = "tuple[Parent, str | None]"


class Places:
    """Finds the parent and key of each item, through origins where they are not written."""

    def __init__(self, updates: Sequence[Update]) -> None:
        self._by_client: dict[int, list[Item]] = {}
        for update in updates:
            for client, structs in update.structs.items():
                items = self._by_client.setdefault(client, [])
                items.extend([struct for struct in structs if isinstance(struct, Item)])
        self._clocks: dict[int, list[int]] = {}
        self._reach: dict[int, list[int]] = {}
        for client, items in self._by_client.items():
            # An item that one update still has and another deleted is told by its content.
            items.sort(key=lambda item: (item.id.clock, isinstance(item.content, ContentDeleted)))
            self._clocks[client] = [item.id.clock for item in items]
            self._reach[client] = list(accumulate((item.id.clock + item.length for item in items), max))
        self._known: dict[ID, _Place] = {}

    def items(self) -> Iterator[Item]:
        """Each item once, though several updates may hold it; the clients in the order of the updates."""
        for items in self._by_client.values():
            end = -1
            for item in items:
                if item.id.clock >= end:
                    end = item.id.clock + item.length
                    yield item

    def of(self, item: Item) -> _Place:
        """Walks from origin to origin, and remembers the answer for all that it met."""
        met: list[ID] = []
        on_the_way: set[ID] = set()
        place: _Place = (None, None)
        current: Item | None = item
        while current is not None:
            id = current.id
            if current.parent is not None:
                place = (current.parent, current.parent_sub)
                break
            known = self._known.get(id)
            if known is not None:
                place = known
                break
            if id in on_the_way:
                break
            met.append(id)
            on_the_way.add(id)
            current = self.item_at(current.origin) or self.item_at(current.right_origin)
        for id in met:
            self._known[id] = place
        return place

    def item_at(self, id: ID | None) -> Item | None:
        """The item that holds this element; updates may overlap, so one that begins later can end earlier."""
        if id is None:
            return None
        items = self._by_client.get(id.client)
        if items is None:
            return None
        reach = self._reach[id.client]
        index = bisect_right(self._clocks[id.client], id.clock) - 1
        while index >= 0 and reach[index] > id.clock:
            item = items[index]
            if id.clock < item.id.clock + item.length:
                return item
            index -= 1
        return None
