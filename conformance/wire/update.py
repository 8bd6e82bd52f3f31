"""Updates and state vectors: bytes to values and back.

Source: Yjs `utils/encoding.js` readClientsStructRefs and readStateVector, `structs/Item.js` write; yrs
`update.rs` and `state_vector.rs`. An update is: the number of clients; for each the number of its structs,
the client, the clock of the first struct, the structs; then the delete set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from conformance.wire.content import read_content, write_content
from conformance.wire.delete_set import read_deletes_into, write_deletes
from conformance.wire.lib0 import Reader, WireError
from conformance.wire.model import (
    GC,
    GC_REF,
    HAS_ORIGIN,
    HAS_PARENT_SUB,
    HAS_RIGHT_ORIGIN,
    ID,
    REF_BITS,
    SKIP_REF,
    ContentMove,
    Format,
    Item,
    RootName,
    Skip,
    Struct,
    Update,
)
from conformance.wire.v1 import FieldReaderV1, FieldWriterV1
from conformance.wire.v2 import FieldReaderV2
from conformance.wire.v2_writer import FieldWriterV2

if TYPE_CHECKING:
    from conformance.wire.v1 import FieldReader, FieldWriter

MAX_STRUCTS = 2_000_000
"""More are refused: a run-length column of a few bytes can announce any number of structs."""


@dataclass(frozen=True, slots=True)
class Partial:
    """What could be decoded: the whole update, or, where there is a `fault`, what lies before it.

    Structs that stand before a fault are all there, and the delete ranges of the clients that are whole.
    """

    update: Update
    fault: WireError | None


def decode_update(data: bytes, format: Format = "v1") -> Update:
    """The update that begins at byte 0; bytes after its end are counted and ignored.

    Raises WireError.
    """
    partial = decode_partly(data, format)
    if partial.fault is not None:
        raise partial.fault
    return partial.update


def decode_partly(data: bytes, format: Format = "v1", *, lenient: bool = False) -> Partial:
    """As `decode_update`, but a fault is returned beside what was decoded before it.

    With `lenient`, what readers read on behind is no fault: a number for the information about a parent that is neither
    0 nor 1, which is 0 to them, and a GC or a Skip of length 0.
    """
    structs: dict[int, list[Struct]] = {}
    deletes: dict[int, tuple[tuple[int, int], ...]] = {}
    fault = None
    reader = Reader(data)
    try:
        of_format = FieldReaderV1 if format == "v1" else FieldReaderV2
        fields: FieldReader = of_format(reader, lenient=lenient)
        read_structs(fields, structs)
        read_deletes_into(deletes, reader, format)
    except WireError as error:
        fault = error
    by_client = {client: tuple(of_client) for client, of_client in structs.items()}
    return Partial(Update(by_client, deletes, 0 if fault else len(data) - reader.pos), fault)


def encode_update(update: Update, format: Format = "v1") -> bytes:
    """The update in the order of its mappings.

    Raises ValueError for what the format cannot say: an info byte that contradicts the item, an item without
    parent and origins, a gap between structs, values that JSON lacks (embeds and formats in v1), and, in v2,
    empty or unsorted delete ranges.
    """
    fields: FieldWriter = FieldWriterV1() if format == "v1" else FieldWriterV2()
    rest = fields.rest
    rest.varuint(len(update.structs))
    for client, structs in update.structs.items():
        rest.varuint(len(structs))
        fields.client(client)
        clock = structs[0].id.clock if structs else 0
        rest.varuint(clock)
        for struct in structs:
            if struct.id != (client, clock):
                raise ValueError(f"struct {struct.id} of client {client} where clock {clock} is next")
            _write_struct(fields, struct)
            clock += struct.length
    write_deletes(rest, update.delete_set, format)
    return fields.finish()


def read_structs(fields: FieldReader, clients: dict[int, list[Struct]]) -> None:
    """Adds the structs one by one, so that those before a fault are kept."""
    rest = fields.rest
    left = MAX_STRUCTS
    for _ in range(rest.varuint()):
        start = rest.pos
        count = rest.varuint()
        client = fields.client()
        clock = rest.varuint()
        left -= count
        if left < 0:
            raise WireError(start, f"more than {MAX_STRUCTS} structs")
        if client in clients:
            # Yjs keeps the last of two sections and yrs may keep both: nobody should write this.
            raise WireError(start, f"client {client} appears twice")
        structs = clients[client] = []
        append = structs.append
        for _ in range(count):
            struct = _read_struct(fields, ID(client, clock))
            append(struct)
            clock += struct.length


def _read_struct(fields: FieldReader, id: ID) -> Struct:
    info = fields.info()
    offset = fields.info_offset
    ref = info & REF_BITS
    if ref in (GC_REF, SKIP_REF):
        if info != ref:
            raise WireError(offset, f"info {info:#04x}: flags on a {'GC' if ref == GC_REF else 'Skip'}")
        # The length of a Skip does not go to the column of lengths, which it would spoil.
        length = fields.length() if ref == GC_REF else fields.rest.varuint()
        if length == 0 and not fields.lenient:
            raise WireError(offset, "GC or Skip of length 0")
        return GC(id, length, offset) if ref == GC_REF else Skip(id, length, offset)
    if ref > ContentMove.ref:
        raise WireError(offset, f"unknown content ref {ref}")
    origin = fields.left_id() if info & HAS_ORIGIN else None
    right_origin = fields.right_id() if info & HAS_RIGHT_ORIGIN else None
    if origin is not None or right_origin is not None:
        return Item(id, origin, right_origin, None, None, read_content(fields, ref), info, offset)
    parent = RootName(fields.string()) if fields.parent_is_root() else fields.left_id()
    parent_sub = fields.string() if info & HAS_PARENT_SUB else None
    return Item(id, None, None, parent, parent_sub, read_content(fields, ref), info, offset)


def _write_struct(fields: FieldWriter, struct: Struct) -> None:
    match struct:
        case GC(_, length):
            fields.info(GC_REF)
            fields.length(length)
        case Skip(_, length):
            fields.info(SKIP_REF)
            fields.rest.varuint(length)
        case Item():
            _write_item(fields, struct)
        case _:
            assert_never(struct)


def _write_item(fields: FieldWriter, item: Item) -> None:
    origin, right_origin = item.origin, item.right_origin
    parent, parent_sub, content = item.parent, item.parent_sub, item.content
    info = content.ref | (HAS_ORIGIN if origin else 0) | (HAS_RIGHT_ORIGIN if right_origin else 0)
    implied = origin is not None or right_origin is not None
    if implied == (parent is not None) or (implied and parent_sub is not None):
        raise ValueError(f"item {item.id}: a parent and its key are written if, and only if, no origin is")
    info |= (item.info & HAS_PARENT_SUB) if implied else (HAS_PARENT_SUB if parent_sub is not None else 0)
    if item.info != info:
        raise ValueError(f"item {item.id}: info {item.info:#04x} contradicts its fields ({info:#04x})")
    fields.info(info)
    if origin is not None:
        fields.left_id(origin)
    if right_origin is not None:
        fields.right_id(right_origin)
    if parent is not None:
        if isinstance(parent, RootName):
            fields.parent_is_root(True)
            fields.string(parent.name)
        else:
            fields.parent_is_root(False)
            fields.left_id(parent)
        if parent_sub is not None:
            fields.string(parent_sub)
    write_content(fields, content)
