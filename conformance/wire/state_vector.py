"""State vectors: client -> next clock. One form, also where updates are v2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.wire.lib0 import Reader, WireError, Writer

if TYPE_CHECKING:
    from conformance.wire.model import StateVector


def decode_state_vector(data: bytes) -> StateVector:
    """Pairs of client and clock behind their number, the same in v1 and v2 of Yjs. Raises WireError."""
    reader = Reader(data)
    vector: dict[int, int] = {}
    for _ in range(reader.varuint()):
        start = reader.pos
        client = reader.varuint()
        if client in vector:
            raise WireError(start, f"client {client} appears twice")
        vector[client] = reader.varuint()
    return vector


def encode_state_vector(vector: StateVector) -> bytes:
    writer = Writer()
    writer.varuint(len(vector))
    for client, clock in vector.items():
        writer.varuint(client)
        writer.varuint(clock)
    return bytes(writer.data)
