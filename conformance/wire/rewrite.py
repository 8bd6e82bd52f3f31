"""Updates rewritten by meaning: with other contents, clients or names, or without a struct, and in pieces."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from conformance.wire.model import Content, DeleteSet, Parent, Struct


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
