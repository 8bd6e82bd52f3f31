"""An update in one pass, as a key: what most updates need that differ in their bytes and not in what they say.

Most relayed updates differ from what was given in the form of a number, an info bit or the order of delete ranges
alone. To find that out takes no merging of runs, and in update v1 next to no decoding.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conformance.wire.content import read_content
from conformance.wire.delete_set import read_deletes
from conformance.wire.lib0 import Reader, WireError
from conformance.wire.model import (
    GC_REF,
    HAS_ORIGIN,
    HAS_PARENT_SUB,
    HAS_RIGHT_ORIGIN,
    REF_BITS,
    SKIP_REF,
    ContentAny,
    ContentDeleted,
    ContentString,
)
from conformance.wire.normalize import canonical, normalize_deletes, payload
from conformance.wire.update import MAX_STRUCTS
from conformance.wire.usual import usual_structs
from conformance.wire.v1 import FieldReaderV1
from conformance.wire.v2 import FieldReaderV2
from conformance.wire.values import read_any

if TYPE_CHECKING:
    from conformance.wire.model import Format
    from conformance.wire.v1 import FieldReader

Structs = dict[int, tuple[int, list[object]]]
Deletes = dict[int, list[tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Key:
    """Client -> clock and structs; what is deleted; and at which byte the delete set begins, which is no part of it."""

    structs: Structs
    deletes: Deletes
    deletes_at: int = field(compare=False)


def skim(data: bytes, format: Format = "v1") -> Key:
    """What an update says. Updates with equal keys have equal normal forms.

    Raises WireError where `decode_update` does.
    """
    reader = Reader(data)
    fields: FieldReader = FieldReaderV1(reader) if format == "v1" else FieldReaderV2(reader)
    rest = fields.rest
    structs = _structs_v1 if format == "v1" else _structs
    clients: Structs = {}
    left = MAX_STRUCTS
    for _ in range(rest.varuint()):
        count = rest.varuint()
        client = fields.client()
        clock = rest.varuint()
        left -= count
        if left < 0 or client in clients:
            raise WireError(rest.pos, f"more than {MAX_STRUCTS} structs, or client {client} twice")
        clients[client] = (clock, structs(fields, count))
    start = reader.pos
    return Key(clients, normalize_deletes(read_deletes(reader, format)), start)


def says_the_same(key: Key, data: bytes, back: bytes, format: Format) -> bool | None:
    """Whether `back`, whose structs are those of `data` to the byte, deletes the same; None where they are not.

    Raises WireError.
    """
    start = key.deletes_at
    if back[:start] != data[:start]:
        return None
    return key.deletes == normalize_deletes(read_deletes(Reader(back, start), format))


def _structs(fields: FieldReader, count: int) -> list[object]:
    return [_struct(fields) for _ in range(count)]


def _structs_v1(fields: FieldReader, count: int) -> list[object]:
    """Structs of the usual forms are compared as bytes; the others are read as ever."""
    reader = fields.rest
    structs: list[object] = []
    while len(structs) < count:
        run, reader.pos = usual_structs(reader.data, reader.pos, count - len(structs))
        structs += run
        if len(structs) < count:
            structs.append(_struct(fields))
    return structs


def _struct(fields: FieldReader) -> object:
    info = fields.info()
    if info == GC_REF:
        return "GC", _some(fields.length(), fields)
    if info == SKIP_REF:
        return "Skip", _some(fields.rest.varuint(), fields)
    ref = info & REF_BITS
    left = fields.left_id() if info & HAS_ORIGIN else None
    right = fields.right_id() if info & HAS_RIGHT_ORIGIN else None
    if left is not None or right is not None:
        return ref, left, right, _content(fields, ref)
    parent = fields.string() if fields.parent_is_root() else fields.left_id()
    sub = fields.string() if info & HAS_PARENT_SUB else None
    return "first", ref, parent, sub, _content(fields, ref)


def _some(length: int, fields: FieldReader) -> int:
    if length == 0:
        raise WireError(fields.offset, "GC or Skip of length 0")
    return length


def _content(fields: FieldReader, ref: int) -> object:
    if ref == ContentString.ref:
        return fields.string()
    if ref == ContentDeleted.ref:
        return fields.length()
    if ref == ContentAny.ref:
        count, rest = fields.length(), fields.rest
        return [canonical(read_any(rest)) for _ in range(count)]
    return payload(read_content(fields, ref))
