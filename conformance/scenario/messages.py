"""What passes between clients and servers, in words, for the timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.model.layers import HOCUSPOCUS, Y_WEBSOCKET
from conformance.scenario.frames import CLOSE, PING, PONG, TEXT
from conformance.wire import hocuspocus
from conformance.wire.awareness import decode_awareness
from conformance.wire.lib0 import Reader, WireError
from conformance.wire.state_vector import decode_state_vector
from conformance.wire.sync import (
    AuthMessage,
    AwarenessMessage,
    CustomMessage,
    QueryAwareness,
    SyncStep1,
    SyncStep2,
    SyncUpdate,
    decode_message,
)
from conformance.wire.update import decode_update

if TYPE_CHECKING:
    from conformance.scenario import frames
    from conformance.wire.sync import Message

_WIDEST = 120
_READ = 1 << 16  # bytes of a message that is read; to read more would hold up what is going on


def in_words(message: frames.Message, speaks: str = Y_WEBSOCKET) -> str:
    """One message of a WebSocket, on one line; `speaks` is the dialect of the server."""
    if message.opcode == CLOSE:
        code = int.from_bytes(message.payload[:2], "big") if message.payload else 0
        return f"close {code} {message.payload[2:].decode(errors='replace')}".strip()
    if message.opcode in (PING, PONG):
        return "ping" if message.opcode == PING else "pong"
    if message.opcode == TEXT:
        return f"text {message.payload[:_WIDEST].decode(errors='replace')}"
    try:
        return _READERS[speaks](message.payload)
    except WireError as error:
        return f"{len(message.payload)} bytes that are no message: {error}"


_KINDS = {b"\0\0": "sync step 1", b"\0\1": "sync step 2", b"\0\2": "update"}


def _binary(payload: bytes) -> str:
    return _long(payload) or _said(decode_message(payload))


def _long(payload: bytes) -> str:
    """A message of y-protocols that is too long to be read; nothing for others."""
    return f"{_KINDS.get(payload[:2], 'a message')}, {len(payload)} bytes" if len(payload) > _READ else ""


def _enclosed(payload: bytes) -> str:
    if len(payload) > _READ:
        reader = Reader(payload)
        return f"{reader.string()}: {_long(payload[reader.pos :])}"
    frame = hocuspocus.decode_frame(payload)
    if isinstance(frame, hocuspocus.Heartbeat):
        return "pong of its own" if frame.answers else "ping of its own"
    return f"{frame.name}: {_of_hocuspocus(frame.message)}".replace(hocuspocus.SESSION, " ")


def _of_hocuspocus(message: hocuspocus.Message) -> str:
    match message:
        case hocuspocus.Token(_, version):
            return "token" + (f", of version {version}" if version else "")
        case hocuspocus.TokenAsked():
            return "token is asked for"
        case hocuspocus.Denied(reason):
            return f"access denied: {reason}"
        case hocuspocus.Granted(scope):
            return f"access granted: {scope}"
        case hocuspocus.SyncReply(inner):
            return f"{_said(inner)}, the last word"
        case hocuspocus.Stateless(text):
            return f"stateless {text[:_WIDEST]}"
        case hocuspocus.Closed(reason):
            return f"left {reason}".strip()
        case hocuspocus.SyncStatus(applied):
            return "applied" if applied else "not applied"
        case _:
            return _said(message)


def _said(message: Message) -> str:
    match message:
        case SyncStep1(vector):
            return f"sync step 1, {_vector(vector)}"
        case SyncStep2(update):
            return f"sync step 2, {_update(update)}"
        case SyncUpdate(update):
            return f"update, {_update(update)}"
        case AwarenessMessage(update):
            states = ", ".join(
                f"{entry.client} {'gone' if entry.state is None else 'there'} at {entry.clock}"
                for entry in decode_awareness(update).entries
            )
            return f"awareness, {states or 'nobody'}"[:_WIDEST]
        case QueryAwareness():
            return "awareness is asked for"
        case AuthMessage(denied):
            return "access granted" if denied is None else f"access denied: {denied}"
        case CustomMessage(type, data):
            return f"message {type}, {data[:_WIDEST].decode(errors='replace')}"


def _vector(data: bytes) -> str:
    vector = decode_state_vector(data)
    return "{" + ", ".join(f"{client}: {clock}" for client, clock in sorted(vector.items())) + "}"


def _update(data: bytes) -> str:
    update = decode_update(data)
    runs = ", ".join(
        f"{client}: {run[0].id.clock}-{run[-1].id.clock + run[-1].length}"
        for client, run in update.structs.items()
        if run
    )
    deleted = sum(length for ranges in update.delete_set.values() for _, length in ranges)
    return f"{len(data)} bytes, clocks {{{runs}}}" + (f", {deleted} deleted" if deleted else "")


_READERS = {Y_WEBSOCKET: _binary, HOCUSPOCUS: _enclosed}
"""What reads the payload of a binary message of a dialect."""
