"""Updates rewritten by meaning: as if some elements had never been, with other contents, of other clients.

All updates of a document are rewritten together, since they name each other's elements.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING, TypeAlias

from conformance.wire.model import (
    GC,
    HAS_PARENT_SUB,
    ID,
    ContentAny,
    ContentDeleted,
    ContentFormat,
    ContentJSON,
    ContentMove,
    ContentString,
    ContentType,
    Item,
    RootName,
    Skip,
    Update,
    WeakLink,
)
from conformance.wire.normalize import normalize_deletes
from conformance.wire.roots import Places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from conformance.wire.model import Content, DeleteSet, Parent, Struct

Ranges: TypeAlias = "Mapping[int, Iterable[tuple[int, int]]]"
"""Client -> ranges (start, end)."""


# --- as if it had never been -----------------------------------------------------------------------------------


def without(updates: Sequence[Update], dropped: Ranges) -> list[Update]:
    """The updates of a document into which the elements in `dropped`, and all in types among them, never came.

    Later elements of a client take the clocks of those that are gone, and what stood beside one of them stands beside
    its neighbour: every origin is still that of an insertion between neighbours.

    Raises:
        ValueError: an element stood beside one that is gone of which no update says where it was.
    """
    places = Places(updates)
    gone = _Gone(_with_children(places, dropped))
    return [_without(update, places, gone) for update in updates]


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


def _without(update: Update, places: Places, gone: _Gone) -> Update:
    structs = {}
    for client, of_client in update.structs.items():
        kept = [new for struct in of_client for new in _parts(struct, places, gone)]
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


def _parts(struct: Struct, places: Places, gone: _Gone) -> Iterator[Struct]:
    client, clock = struct.id
    for start, end in gone.cuts(client, clock, clock + struct.length):
        id = gone.moved(ID(client, start))
        if not isinstance(struct, Item):
            yield replace(struct, id=id, length=end - start)
            continue
        origin = struct.origin if start == clock else ID(client, start - 1)
        left, right = _left(origin, places, gone), _right(struct.right_origin, places, gone)
        parent, key = struct.parent, struct.parent_sub
        if origin is not None or struct.right_origin is not None:
            parent, key = places.of(struct)
            if left is None and right is None and parent is None:
                raise ValueError(f"no update says where {struct.id} stands")
        content = _moved_content(cut(struct.content, start - clock, end - clock), gone)
        yield placed(id, content, left, right, _moved_parent(parent, gone), key, struct.info)


def _left(id: ID | None, places: Places, gone: _Gone) -> ID | None:
    """The origin where it stays, else what its own origin was."""
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


# --- pieces ----------------------------------------------------------------------------------------------------


def cut(content: Content, start: int, end: int) -> Content:
    """Elements `start` to `end` of a content. What has one element is never cut."""
    match content:
        case ContentString(text):
            data = text.encode("utf-16-le", "surrogatepass")[2 * start : 2 * end]
            return ContentString(data.decode("utf-16-le", "surrogatepass"))
        case ContentAny(values):
            return ContentAny(values[start:end])
        case ContentJSON(values):
            return ContentJSON(values[start:end])
        case ContentDeleted():
            return ContentDeleted(end - start)
    return content


def placed(
    id: ID, content: Content, origin: ID | None, right: ID | None, parent: Parent, key: str | None, info: int
) -> Item:
    """An item beside its origins, or in its parent where it has none; `info` says whether a key was announced."""
    if origin is None and right is None:
        return Item.of(id, content, parent=parent, parent_sub=key)
    item = Item.of(id, content, origin=origin, right_origin=right)
    return replace(item, info=item.info | (info & HAS_PARENT_SUB))


def mapped_content(content: Content, move: Callable[[ID], ID]) -> Content:
    """A content whose references to other elements go through `move`."""

    def bound(end: ID | RootName) -> ID | RootName:
        return move(end) if isinstance(end, ID) else end

    match content:
        case ContentMove(start, end):
            return replace(content, start=move(start), end=move(end))
        case ContentType(link=WeakLink(flags, start, end)):
            return replace(content, link=WeakLink(flags, bound(start), bound(end)))
    return content


# --- other contents and clients --------------------------------------------------------------------------------


def with_contents(update: Update, contents: Mapping[ID, Content]) -> Update:
    """The update with the content of some items replaced by one of the same length."""

    def new(struct: Struct) -> Struct:
        content = contents.get(struct.id)
        if content is None or not isinstance(struct, Item) or content.length != struct.length:
            return struct
        return replace(struct, content=content, info=(struct.info & ~0x1F) | content.ref)

    return replace(update, structs={client: tuple(map(new, of)) for client, of in update.structs.items()})


def of_clients(update: Update, clients: Mapping[int, int]) -> Update:
    """The update with client ids replaced. A mapping that keeps their order keeps that of the sections too."""

    def move(id: ID) -> ID:
        return ID(clients.get(id.client, id.client), id.clock)

    def new(struct: Struct) -> Struct:
        if isinstance(struct, GC | Skip):
            return replace(struct, id=move(struct.id))
        return replace(
            struct,
            id=move(struct.id),
            origin=struct.origin and move(struct.origin),
            right_origin=struct.right_origin and move(struct.right_origin),
            parent=move(struct.parent) if isinstance(struct.parent, ID) else struct.parent,
            content=mapped_content(struct.content, move),
        )

    structs = {clients.get(client, client): tuple(map(new, of)) for client, of in update.structs.items()}
    deletes: DeleteSet = {clients.get(client, client): ranges for client, ranges in update.delete_set.items()}
    return replace(update, structs=structs, delete_set=deletes)


def with_names(update: Update, roots: Mapping[str, str], keys: Mapping[str, str]) -> Update:
    """The update with other names of roots, and other keys: of maps, of attributes, of marks, and names of nodes."""

    def root(parent: Parent) -> Parent:
        return RootName(roots.get(parent.name, parent.name)) if isinstance(parent, RootName) else parent

    def content(old: Content) -> Content:
        match old:
            case ContentFormat(key, value):
                return ContentFormat(keys.get(key, key), value)
            case ContentType(type_ref, str(name), link):
                return ContentType(type_ref, keys.get(name, name), link)
        return old

    def new(struct: Struct) -> Struct:
        if not isinstance(struct, Item):
            return struct
        key = None if struct.parent_sub is None else keys.get(struct.parent_sub, struct.parent_sub)
        return replace(struct, parent=root(struct.parent), parent_sub=key, content=content(struct.content))

    return replace(update, structs={client: tuple(map(new, of)) for client, of in update.structs.items()})


def names_in(update: Update) -> tuple[set[str], set[str]]:
    """The names of roots, and the keys, that `with_names` would replace."""
    roots: set[str] = set()
    keys: set[str] = set()
    for structs in update.structs.values():
        for struct in structs:
            if isinstance(struct, Item):
                roots.update([struct.parent.name] if isinstance(struct.parent, RootName) else [])
                keys.update([] if struct.parent_sub is None else [struct.parent_sub])
                match struct.content:
                    case ContentFormat(key, _) | ContentType(name=str(key)):
                        keys.add(key)
    return roots, keys


def less(update: Update, client: int, clock: int) -> Update:
    """One update without the struct that begins at a clock; others still have it. A gap becomes a Skip."""
    structs = list(update.structs[client])
    place = next(place for place, struct in enumerate(structs) if struct.id.clock == clock)
    if 0 < place < len(structs) - 1:
        structs[place] = Skip(structs[place].id, structs[place].length)
    else:
        del structs[place]
    while structs and isinstance(structs[0], Skip):
        del structs[0]
    while structs and isinstance(structs[-1], Skip):
        del structs[-1]
    rest = {other: tuple(structs) if other == client else of for other, of in update.structs.items()}
    return replace(update, structs={other: of for other, of in rest.items() if of})
