"""Snapshots: what was deleted, and how far each client was seen.

Source: Yjs `utils/Snapshot.js` encodeSnapshot and encodeSnapshotV2; yrs `store.rs` Snapshot. A delete set, then a state
vector. v2 is that of a delete set (DSEncoderV2): it has no feature flag and no columns, so that nothing in the bytes
tells it from v1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conformance.wire.delete_set import read_deletes, write_deletes
from conformance.wire.lib0 import Reader, Writer
from conformance.wire.state_vector import read_state_vector, write_state_vector

if TYPE_CHECKING:
    from conformance.wire.model import DeleteSet, Format, StateVector


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Both mappings keep the order written. `trailing` counts the bytes after the end, which are ignored."""

    delete_set: DeleteSet
    state_vector: StateVector
    trailing: int = field(default=0, compare=False)


def decode_snapshot(data: bytes, format: Format = "v1") -> Snapshot:
    """Raises WireError."""
    reader = Reader(data)
    deletes = read_deletes(reader, format)
    vector = read_state_vector(reader)
    return Snapshot(deletes, vector, len(data) - reader.pos)


def encode_snapshot(snapshot: Snapshot, format: Format = "v1") -> bytes:
    """Raises ValueError in v2 for empty or unsorted delete ranges, which it cannot say."""
    writer = Writer()
    write_deletes(writer, snapshot.delete_set, format)
    write_state_vector(writer, snapshot.state_vector)
    return bytes(writer.data)
