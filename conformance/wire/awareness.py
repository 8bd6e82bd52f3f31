"""Awareness updates: who is there, and what each shows of itself.

Source: y-protocols `awareness.js` encodeAwarenessUpdate and applyAwarenessUpdate; yrs `sync/awareness.rs`.
The number of entries; for each the client, its clock and its state as JSON, which is null when the client has gone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conformance.wire.lib0 import Reader, Writer
from conformance.wire.model import NO_OFFSET
from conformance.wire.values import format_json, parse_json

if TYPE_CHECKING:
    from conformance.wire.values import Value


@dataclass(frozen=True, slots=True)
class Presence:
    """The state of a client at one of its clocks; None: gone. `offset` is the byte where the entry begins."""

    client: int
    clock: int
    state: Value
    offset: int = field(default=NO_OFFSET, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class AwarenessUpdate:
    """The entries in the order of the bytes; a client may come twice, and is then applied twice.

    `trailing` counts the bytes after the end, which are ignored.
    """

    entries: tuple[Presence, ...]
    trailing: int = field(default=0, compare=False)


def decode_awareness(data: bytes) -> AwarenessUpdate:
    """Raises WireError."""
    reader = Reader(data)
    entries: list[Presence] = []
    read_presences(reader, entries)
    return AwarenessUpdate(tuple(entries), len(data) - reader.pos)


def read_presences(reader: Reader, entries: list[Presence]) -> None:
    """Adds the entries one by one, so that those before a fault are kept. Raises WireError."""
    for _ in range(reader.varuint()):
        start = reader.pos
        client, clock = reader.varuint(), reader.varuint()
        at = reader.pos
        entries.append(Presence(client, clock, parse_json(reader.string(), at), start))


def encode_awareness(update: AwarenessUpdate) -> bytes:
    """Raises ValueError for states that JSON cannot say (undefined, a bigint, bytes)."""
    writer = Writer()
    writer.varuint(len(update.entries))
    for entry in update.entries:
        writer.varuint(entry.client)
        writer.varuint(entry.clock)
        writer.string(format_json(entry.state))
    return bytes(writer.data)
