"""Hocuspocus' envelope: each message stands behind the name of its document, and there are more types of them.

Source: @hocuspocus/server `MessageReceiver.ts`, `OutgoingMessage.ts` and `ClientConnection.ts`, @hocuspocus/provider
`OutgoingMessages/`, @hocuspocus/common `auth.ts` and `routingKey.ts`; all of 4.7.0. Sync, awareness and the question
for it are y-websocket's, type included (conformance/wire/sync.py); authentication is not. A ping or a pong is one byte
and has no name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from conformance.wire.lib0 import Reader, WireError, Writer
from conformance.wire.sync import (
    AUTH,
    AWARENESS,
    QUERY_AWARENESS,
    SYNC,
    AwarenessMessage,
    QueryAwareness,
    SyncMessage,
    SyncStep1,
    SyncStep2,
    SyncUpdate,
    encode_message,
    encode_sync,
    read_message,
    read_sync,
)

SYNC_REPLY, STATELESS, BROADCAST_STATELESS, CLOSE, SYNC_STATUS, PING, PONG = range(4, 11)
_TOKEN, _DENIED, _GRANTED = range(3)
SESSION = "\0"
"""Between a document's name and a session's, where several share a connection."""


@dataclass(frozen=True, slots=True)
class Token:
    """A client authenticates itself; `version` is its provider's, empty for an old one."""

    token: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class TokenAsked:
    """The server wants to see the token again."""


@dataclass(frozen=True, slots=True)
class Denied:
    """The token was not accepted."""

    reason: str


@dataclass(frozen=True, slots=True)
class Granted:
    """The token was accepted, for `read-write` or `readonly`."""

    scope: str


@dataclass(frozen=True, slots=True)
class SyncReply:
    """A sync message that is not to be answered with a step 1."""

    message: SyncMessage


@dataclass(frozen=True, slots=True)
class Stateless:
    """A text that is no part of the document; `relayed` between servers."""

    text: str
    relayed: bool = False


@dataclass(frozen=True, slots=True)
class Closed:
    """The sender leaves the document; the connection stays. A client gives no reason."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """Whether an update has been applied."""

    applied: bool


Message: TypeAlias = (
    SyncMessage
    | AwarenessMessage
    | QueryAwareness
    | Token
    | TokenAsked
    | Denied
    | Granted
    | SyncReply
    | Stateless
    | Closed
    | SyncStatus
)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message of a document; `name` may have a session behind SESSION."""

    name: str
    message: Message


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A ping or a pong, of a connection."""

    answers: bool


Frame: TypeAlias = Envelope | Heartbeat


def decode_frame(data: bytes) -> Frame:
    """One frame; bytes after its end are ignored. Raises WireError."""
    if data in (bytes([PING]), bytes([PONG])):
        return Heartbeat(data[0] == PONG)
    reader = Reader(data)
    return Envelope(reader.string(), _read(reader))


def encode_frame(frame: Frame) -> bytes:
    if isinstance(frame, Heartbeat):
        return bytes([PONG if frame.answers else PING])
    return enclose(frame.name, _written(frame.message))


def enclose(name: str, message: bytes) -> bytes:
    """A message with its type, whatever it is, in the envelope of a document."""
    writer = Writer()
    writer.string(name)
    return bytes(writer.data) + message


def _read(reader: Reader) -> Message:
    start = reader.pos
    type = reader.varuint()
    if type in (SYNC, AWARENESS, QUERY_AWARENESS):
        reader.pos = start
        message = read_message(reader)
        assert isinstance(message, SyncStep1 | SyncStep2 | SyncUpdate | AwarenessMessage | QueryAwareness)
        return message
    if type == AUTH:
        return _read_auth(reader)
    if type == SYNC_REPLY:
        return SyncReply(read_sync(reader))
    if type in (STATELESS, BROADCAST_STATELESS):
        return Stateless(reader.string(), type == BROADCAST_STATELESS)
    if type == CLOSE:
        return Closed(_rest(reader))
    if type == SYNC_STATUS:
        return SyncStatus(reader.varuint() == 1)
    raise WireError(start, f"message type {type}, wanted 0 to {SYNC_STATUS}")


def _read_auth(reader: Reader) -> Token | TokenAsked | Denied | Granted:
    start = reader.pos
    type = reader.varuint()
    if type == _TOKEN:
        return TokenAsked() if reader.pos == reader.end else Token(reader.string(), _rest(reader))
    if type == _DENIED:
        return Denied(reader.string())
    if type == _GRANTED:
        return Granted(reader.string())
    raise WireError(start, f"authentication type {type}, wanted 0 (token), 1 (denied) or 2 (granted)")


def _rest(reader: Reader) -> str:
    """A last string, which not everybody writes."""
    return "" if reader.pos == reader.end else reader.string()


def _written(message: Message) -> bytes:
    writer = Writer()
    match message:
        case Token(token, version):
            _types(writer, AUTH, _TOKEN)
            writer.string(token)
            if version:
                writer.string(version)
        case TokenAsked():
            _types(writer, AUTH, _TOKEN)
        case Denied(text):
            _types(writer, AUTH, _DENIED)
            writer.string(text)
        case Granted(text):
            _types(writer, AUTH, _GRANTED)
            writer.string(text)
        case SyncReply(inner):
            writer.varuint(SYNC_REPLY)
            return bytes(writer.data) + encode_sync(inner)
        case Stateless(text, relayed):
            writer.varuint(BROADCAST_STATELESS if relayed else STATELESS)
            writer.string(text)
        case Closed(reason):
            writer.varuint(CLOSE)
            if reason:
                writer.string(reason)
        case SyncStatus(applied):
            _types(writer, SYNC_STATUS, int(applied))
        case _:
            return encode_message(message)
    return bytes(writer.data)


def _types(writer: Writer, *types: int) -> None:
    for type in types:
        writer.varuint(type)
