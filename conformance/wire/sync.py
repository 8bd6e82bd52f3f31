"""Messages between peers: those of the sync protocol, and those of y-websocket, which put their type before them.

Source: y-protocols `sync.js` and `auth.js`; y-websocket `y-websocket.js` messageHandlers; yrs `sync/protocol.rs`.
A sync message is its type (0, 1 or 2) and a buffer. y-websocket's outer types are 0 sync, 1 awareness in a buffer,
2 authentication, 3 the question for awareness. The two cannot be told apart by their bytes.

What a buffer holds is not decoded here. Each message knows the byte at which its payload begins, so that errors in it
can be placed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias, assert_never

from conformance.wire.lib0 import Reader, WireError, Writer
from conformance.wire.model import NO_OFFSET

STEP_1, STEP_2, UPDATE = range(3)
SYNC, AWARENESS, AUTH, QUERY_AWARENESS = range(4)
_DENIED, _GRANTED = range(2)


@dataclass(frozen=True, slots=True)
class SyncStep1:
    """What the sender has, as a state vector: the other is to answer with step 2."""

    state_vector: bytes
    offset: int = field(default=NO_OFFSET, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class SyncStep2:
    """What the other lacks, as an update v1."""

    update: bytes
    offset: int = field(default=NO_OFFSET, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class SyncUpdate:
    """A new edit, as an update v1."""

    update: bytes
    offset: int = field(default=NO_OFFSET, compare=False, repr=False)


SyncMessage: TypeAlias = SyncStep1 | SyncStep2 | SyncUpdate


@dataclass(frozen=True, slots=True)
class AwarenessMessage:
    """An awareness update in a buffer."""

    update: bytes
    offset: int = field(default=NO_OFFSET, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class AuthMessage:
    """Access was denied for a reason, or granted (None), which only yrs writes."""

    denied: str | None


@dataclass(frozen=True, slots=True)
class QueryAwareness:
    """The sender wants to know the awareness of all."""


@dataclass(frozen=True, slots=True)
class CustomMessage:
    """A buffer behind a type of its own, as yrs reads them.

    jupyter-collaboration sends JSON as type 2: it is told from authentication by a length above 1.
    """

    type: int
    data: bytes
    offset: int = field(default=NO_OFFSET, compare=False, repr=False)


Message: TypeAlias = SyncMessage | AwarenessMessage | AuthMessage | QueryAwareness | CustomMessage


def decode_sync(data: bytes) -> SyncMessage:
    """One message; bytes after its end are ignored. Raises WireError."""
    return read_sync(Reader(data))


def decode_message(data: bytes) -> Message:
    """One message with its outer type; bytes after its end are ignored. Raises WireError."""
    return read_message(Reader(data))


def read_sync(reader: Reader) -> SyncMessage:
    """The message that begins here. Raises WireError."""
    start = reader.pos
    type = reader.varuint()
    if type > UPDATE:
        raise WireError(start, f"sync message type {type}, wanted 0 (step 1), 1 (step 2) or 2 (update)")
    payload, offset = _buffer(reader)
    if type == STEP_1:
        return SyncStep1(payload, offset)
    return SyncStep2(payload, offset) if type == STEP_2 else SyncUpdate(payload, offset)


def read_message(reader: Reader) -> Message:
    """The message with its outer type that begins here: packets of yrs hold several. Raises WireError."""
    type = reader.varuint()
    if type == SYNC:
        return read_sync(reader)
    if type == AWARENESS:
        return AwarenessMessage(*_buffer(reader))
    if type == QUERY_AWARENESS:
        return QueryAwareness()
    if type == AUTH:
        return _read_auth(reader)
    return CustomMessage(type, *_buffer(reader))


def encode_sync(message: SyncMessage) -> bytes:
    writer = Writer()
    _write_sync(writer, message)
    return bytes(writer.data)


def encode_message(message: Message) -> bytes:
    """The message behind its outer type.

    Raises ValueError for a custom message that would be read as one of the others.
    """
    writer = Writer()
    match message:
        case SyncStep1() | SyncStep2() | SyncUpdate():
            writer.varuint(SYNC)
            _write_sync(writer, message)
        case AwarenessMessage(update):
            writer.varuint(AWARENESS)
            writer.buffer(update)
        case AuthMessage(reason):
            writer.varuint(AUTH)
            writer.varuint(_GRANTED if reason is None else _DENIED)
            if reason is not None:
                writer.string(reason)
        case QueryAwareness():
            writer.varuint(QUERY_AWARENESS)
        case CustomMessage(type, data):
            if type in (SYNC, AWARENESS, QUERY_AWARENESS) or (type == AUTH and len(data) <= _GRANTED):
                raise ValueError(f"a custom message of type {type} and {len(data)} bytes reads as another")
            writer.varuint(type)
            writer.buffer(data)
        case _:
            assert_never(message)
    return bytes(writer.data)


def _write_sync(writer: Writer, message: SyncMessage) -> None:
    match message:
        case SyncStep1(payload):
            type = STEP_1
        case SyncStep2(payload):
            type = STEP_2
        case SyncUpdate(payload):
            type = UPDATE
    writer.varuint(type)
    writer.buffer(payload)


def _read_auth(reader: Reader) -> AuthMessage | CustomMessage:
    start = reader.pos
    verdict = reader.varuint()
    if verdict == _DENIED:
        return AuthMessage(reader.string())
    if verdict == _GRANTED:
        return AuthMessage(None)
    reader.pos = start
    return CustomMessage(AUTH, *_buffer(reader))


def _buffer(reader: Reader) -> tuple[bytes, int]:
    payload = reader.buffer()
    return payload, reader.pos - len(payload)
