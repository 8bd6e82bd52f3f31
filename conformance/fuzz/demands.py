"""What an update demands of its reader that honest peers demand too, and some readers are known not to do.

It names no finding, since nothing is odd about it; but a glob that says why a reader fails may be of it (telling.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.fuzz.structure import Structure
from conformance.fuzz.telling import DEMAND
from conformance.wire.model import (
    GC,
    HAS_PARENT_SUB,
    ID,
    ContentBinary,
    ContentDoc,
    ContentEmbed,
    ContentJSON,
    Item,
)
from conformance.wire.update import decode_partly

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.wire.model import Format

_CONTENTS = {ContentBinary.ref: "bytes", ContentDoc.ref: "doc", ContentEmbed.ref: "embed", ContentJSON.ref: "json"}


def demands(data: bytes, format: Format) -> tuple[str, ...]:
    """The demands of an update; of one that cannot be read, those before the fault and of the content with it."""
    partial = decode_partly(data, format, lenient=True)
    structure = Structure(partial.update)
    found = {*_of_structs(structure), *_of_deletes(structure)}
    if partial.fault is not None and partial.fault.content_ref in _CONTENTS:
        found.add(_CONTENTS[partial.fault.content_ref])
    return tuple(sorted(f"{DEMAND}{name}" for name in found))


def _of_structs(structure: Structure) -> Iterator[str]:
    read: set[ID] = set()
    for structs in structure.update.structs.values():
        for struct in structs:
            if isinstance(struct, Item):
                named = [structure.find(id) for id in _named(struct)]
                if any(each is not None and each.id not in read for each in named):
                    yield "later-struct"
                yield from _of_item(structure, struct)
            else:
                yield "gc" if isinstance(struct, GC) else "skip"
            read.add(struct.id)


def _named(item: Item) -> Iterator[ID]:
    yield from (id for id in (item.origin, item.right_origin) if id is not None)
    if isinstance(item.parent, ID):
        yield item.parent


def _of_item(structure: Structure, item: Item) -> Iterator[str]:
    _, key = structure.place(item)
    if key is None and item.right_origin is not None:
        yield "insert-before"
    if item.parent is None and (key is not None or item.info & HAS_PARENT_SUB):
        yield "key-of-a-neighbour"
    if key == "":
        yield "empty-key"
    if item.content.ref in _CONTENTS:
        yield _CONTENTS[item.content.ref]


def _of_deletes(structure: Structure) -> Iterator[str]:
    for client, ranges in structure.update.delete_set.items():
        for clock, length in ranges:
            for cut in (clock, clock + length):
                struct = structure.find(ID(client, cut))
                if isinstance(struct, Item) and struct.id.clock < cut:
                    yield "cut-by-a-delete"
