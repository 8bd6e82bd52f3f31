"""Delete sets: which elements are gone.

Source: Yjs `utils/DeleteSet.js` and DSDecoderV2; yrs `id_set.rs`. The number of clients; for each the client,
the number of its ranges, the ranges. In v1 a range is (clock, length); in v2 the distance of its clock from
the end of the range before, and its length less one. Neither is spread over columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.wire.lib0 import Reader, Writer

if TYPE_CHECKING:
    from conformance.wire.model import DeleteSet, Format


def read_deletes(rest: Reader, format: Format) -> DeleteSet:
    """The delete set that begins here. Raises WireError."""
    deletes: dict[int, tuple[tuple[int, int], ...]] = {}
    read_deletes_into(deletes, rest, format)
    return deletes


def read_deletes_into(deletes: dict[int, tuple[tuple[int, int], ...]], rest: Reader, format: Format) -> None:
    """As `read_deletes`, client by client, so that those before a fault are kept."""
    varuint = rest.varuint
    for _ in range(varuint()):
        client = varuint()
        ranges = []
        clock = 0
        for _ in range(varuint()):
            if format == "v1":
                ranges.append((varuint(), varuint()))
            else:
                clock += varuint()
                length = varuint() + 1
                ranges.append((clock, length))
                clock += length
        # Yjs adds the ranges of a client that comes again.
        deletes[client] = (*deletes.get(client, ()), *ranges)


def write_deletes(rest: Writer, deletes: DeleteSet, format: Format) -> None:
    """Raises ValueError in v2 for empty or unsorted ranges, which it cannot say."""
    varuint = rest.varuint
    varuint(len(deletes))
    for client, ranges in deletes.items():
        varuint(client)
        varuint(len(ranges))
        end = 0
        for clock, length in ranges:
            if format == "v1":
                varuint(clock)
                varuint(length)
            else:
                varuint(clock - end)
                varuint(length - 1)
                end = clock + length


def decode_delete_set(data: bytes, format: Format = "v1") -> DeleteSet:
    """A delete set of its own, as in a snapshot. Raises WireError."""
    return read_deletes(Reader(data), format)


def encode_delete_set(deletes: DeleteSet, format: Format = "v1") -> bytes:
    """Raises ValueError as `write_deletes`."""
    writer = Writer()
    write_deletes(writer, deletes, format)
    return bytes(writer.data)
