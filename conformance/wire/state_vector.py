"""State vectors: client -> next clock.

Source: Yjs `utils/encoding.js` readStateVector and writeStateVector; yrs `state_vector.rs`. Pairs of client and clock
behind their number. Yjs has an encodeStateVectorV2 that it does not export; it writes the very same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.wire.lib0 import Reader, WireError, Writer

if TYPE_CHECKING:
    from conformance.wire.model import StateVector


def decode_state_vector(data: bytes) -> StateVector:
    """Bytes after the end are ignored. Raises WireError."""
    return read_state_vector(Reader(data))


def encode_state_vector(vector: StateVector) -> bytes:
    """The vector in the order of the mapping. Raises ValueError for what is no varuint."""
    writer = Writer()
    write_state_vector(writer, vector)
    return bytes(writer.data)


def read_state_vector(reader: Reader) -> StateVector:
    """The vector that begins here. Raises WireError."""
    vector: dict[int, int] = {}
    read_state_vector_into(vector, reader)
    return vector


def read_state_vector_into(vector: dict[int, int], reader: Reader) -> None:
    """As `read_state_vector`, client by client, so that those before a fault are kept."""
    for _ in range(reader.varuint()):
        start = reader.pos
        client = reader.varuint()
        if client in vector:
            raise WireError(start, f"client {client} appears twice")
        vector[client] = reader.varuint()


def write_state_vector(writer: Writer, vector: StateVector) -> None:
    writer.varuint(len(vector))
    for client, clock in vector.items():
        writer.varuint(client)
        writer.varuint(clock)
