"""Updates as if some of their elements had never been.

All updates of a document are rewritten together, since they name each other's elements.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from itertools import accumulate
from operator import is_
from typing import TYPE_CHECKING, TypeAlias

from conformance.wire.model import ID, ContentType, Item, Update
from conformance.wire.normalize import normalize_deletes
from conformance.wire.order import Order
from conformance.wire.rewrite import cut, mapped_content, placed
from conformance.wire.roots import Places

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from conformance.wire.model import Content, Parent, Struct

Ranges: TypeAlias = "Mapping[int, Iterable[tuple[int, int]]]"
"""Client -> ranges (start, end)."""


def without(updates: Sequence[Update], dropped: Ranges) -> list[Update]:
    """The updates of a document into which the elements in `dropped`, and all in types among them, never came.

    Later elements of a client take the clocks of those that are gone. What stood beside one of them stands beside what
    its author would have put it beside. An author is taken to have known no more than shows in what he refers to; where
    he knew more, concurrent elements may come to stand in another order, as they might have then.

    Raises:
        ValueError: an element stood beside one that is gone of which no update says where it was; or there are too
            many elements (order.py).
    """
    document = _document(updates)
    gone = _Gone(_with_children(document.places, dropped))
    return [_without(update, document, gone) for update in updates]


@dataclass(frozen=True, slots=True)
class _Document:
    updates: tuple[Update, ...]
    places: Places
    order: Order


_last: list[_Document] = []
"""The document that was asked for last: what may be left out of it is tried many times."""


def _document(updates: Sequence[Update]) -> _Document:
    if not (_last and len(updates) == len(_last[0].updates) and all(map(is_, updates, _last[0].updates))):
        places = Places(updates)
        _last[:] = [_Document(tuple(updates), places, Order(places))]
    return _last[0]


class _Gone:
    """The elements that are left out, and the clocks of those that stay."""

    def __init__(self, ranges: Mapping[int, Sequence[tuple[int, int]]]) -> None:
        self._starts = {client: [start for start, _ in of] for client, of in ranges.items()}
        self._ends = {client: [end for _, end in of] for client, of in ranges.items()}
        self._sums = {client: [0, *accumulate(end - start for start, end in of)] for client, of in ranges.items()}

    def __contains__(self, id: ID) -> bool:
        starts = self._starts.get(id.client)
        if starts is None:
            return False
        place = bisect_right(starts, id.clock) - 1
        return place >= 0 and id.clock < self._ends[id.client][place]

    def extent(self, id: ID) -> tuple[int, int]:
        """Start and end of the range that one of these elements is in."""
        place = bisect_right(self._starts[id.client], id.clock) - 1
        return self._starts[id.client][place], self._ends[id.client][place]

    def moved(self, id: ID) -> ID:
        """The id of an element that stays, or of the first that stays behind one that is gone."""
        starts = self._starts.get(id.client)
        if starts is None:
            return id
        place = bisect_right(starts, id.clock) - 1
        if place < 0:
            return id
        inside = max(self._ends[id.client][place] - id.clock, 0)
        return ID(id.client, id.clock - self._sums[id.client][place + 1] + inside)

    def cuts(self, client: int, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The parts of a range that stay."""
        for from_, to in zip(self._starts.get(client, ()), self._ends.get(client, ()), strict=True):
            if to <= start:
                continue
            if from_ >= end:
                break
            if from_ > start:
                yield start, from_
            start = max(start, to)
        if start < end:
            yield start, end


def _with_children(places: Places, dropped: Ranges) -> dict[int, list[tuple[int, int]]]:
    """The ranges, sorted, with the elements of all types that lie in them."""
    ranges = {client: list(of) for client, of in dropped.items()}
    children: dict[ID, list[Item]] = {}
    types: list[ID] = []
    for item in places.items():
        parent, _ = places.of(item)
        if isinstance(parent, ID):
            children.setdefault(parent, []).append(item)
        if isinstance(item.content, ContentType):
            types.append(item.id)
    gone = _Gone(_sorted(ranges))
    todo = [id for id in types if id in gone]
    while todo:
        for item in children.get(todo.pop(), ()):
            ranges.setdefault(item.id.client, []).append((item.id.clock, item.id.clock + item.length))
            if isinstance(item.content, ContentType):
                todo.append(item.id)
    return _sorted(ranges)


def _sorted(ranges: Ranges) -> dict[int, list[tuple[int, int]]]:
    return normalize_deletes({client: tuple((s, e - s) for s, e in of) for client, of in ranges.items()})


def _without(update: Update, document: _Document, gone: _Gone) -> Update:
    structs = {}
    for client, of_client in update.structs.items():
        kept = [new for struct in of_client for new in _parts(struct, document, gone)]
        if kept:
            structs[client] = tuple(kept)
    deletes = {}
    for client, ranges in update.delete_set.items():
        left = tuple(
            (gone.moved(ID(client, start)).clock, end - start)
            for clock, length in ranges
            for start, end in gone.cuts(client, clock, clock + length)
        )
        if left:
            deletes[client] = left
    return Update(structs, deletes)


def _parts(struct: Struct, document: _Document, gone: _Gone) -> Iterator[Struct]:
    client, clock = struct.id
    for start, end in gone.cuts(client, clock, clock + struct.length):
        id = gone.moved(ID(client, start))
        if not isinstance(struct, Item):
            yield replace(struct, id=id, length=end - start)
            continue
        left, right = _sides(struct, start, document, gone)
        parent, key = struct.parent, struct.parent_sub
        if struct.origin is not None or struct.right_origin is not None or start > clock:
            parent, key = document.places.of(struct)
            if left is None and right is None and parent is None:
                raise ValueError(f"no update says where {struct.id} stands")
        content = _moved_content(cut(struct.content, start - clock, end - clock), gone)
        yield placed(id, content, left, right, _moved_parent(parent, gone), key, struct.info)


def _sides(struct: Item, start: int, document: _Document, gone: _Gone) -> tuple[ID | None, ID | None]:
    """The origins of the part of an item that begins at a clock: as they are, or what its author would have had."""
    origin = struct.origin if start == struct.id.clock else ID(struct.id.client, start - 1)
    right = struct.right_origin
    if not any(id is not None and id in gone for id in (origin, right)):
        return (origin and gone.moved(origin)), (right and gone.moved(right))
    whole = document.places.item_at(struct.id)
    found = None if whole is None else document.order.neighbours(whole, start, gone.__contains__)
    if found is None:
        return _left(origin, document.places, gone), _right(right, document.places, gone)
    left = found[0] if origin is not None and origin in gone else origin
    right = found[1] if right is not None and right in gone else right
    return (left and gone.moved(left)), (right and gone.moved(right))


def _left(id: ID | None, places: Places, gone: _Gone) -> ID | None:
    """The origin where it stays, else what its own origin was: of an item without a place in a list, as a map's are."""
    met: set[ID] = set()
    while id is not None and id in gone:
        item = _once(id, met, places)
        start = gone.extent(id)[0]
        id = ID(id.client, start - 1) if start > item.id.clock else item.origin
    return None if id is None else gone.moved(id)


def _right(id: ID | None, places: Places, gone: _Gone) -> ID | None:
    """The right origin where it stays, else what its own right origin was."""
    met: set[ID] = set()
    while id is not None and id in gone:
        item = _once(id, met, places)
        end = gone.extent(id)[1]
        id = ID(id.client, end) if end < item.id.clock + item.length else item.right_origin
    return None if id is None else gone.moved(id)


def _once(id: ID, met: set[ID], places: Places) -> Item:
    """The item that holds an element, which is asked for once: bytes that were tampered with may go round in a ring."""
    item = places.item_at(id)
    if item is None or id in met:
        raise ValueError(f"no update says where {id} stood")
    met.add(id)
    return item


def _moved_parent(parent: Parent, gone: _Gone) -> Parent:
    return gone.moved(parent) if isinstance(parent, ID) else parent


def _moved_content(content: Content, gone: _Gone) -> Content:
    return mapped_content(content, gone.moved)
