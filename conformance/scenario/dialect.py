"""What the kit says to a server in the server's own way, where it is a client itself or carries messages for one.

Inside of the kit a message is as y-websocket sends it: its type, and what y-protocols makes of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from conformance.model.layers import HOCUSPOCUS, Y_WEBSOCKET
from conformance.scenario.rooms import address
from conformance.wire.hocuspocus import (
    CLOSE,
    SYNC_REPLY,
    Closed,
    Denied,
    Envelope,
    Heartbeat,
    Token,
    decode_frame,
    enclose,
    encode_frame,
)
from conformance.wire.lib0 import Reader
from conformance.wire.sync import AUTH, AWARENESS, QUERY_AWARENESS, SYNC

if TYPE_CHECKING:
    from collections.abc import Mapping


class Dialect(Protocol):
    """How rooms are addressed, and how messages stand in frames."""

    def address(self, url: str, room: str, /) -> str:
        """Where a room is, of a server at `url`, which begins with http."""

    def opening(self, room: str, /) -> tuple[bytes, ...]:
        """The frames that a client sends before anything else."""

    def frame(self, room: str, message: bytes, /) -> bytes:
        """A message, sound or not, as the payload of a frame."""

    def message(self, room: str, frame: bytes, /) -> bytes | Closed | None:
        """The message of a room in a frame; None for one that says nothing of it. Raises WireError."""


class YWebsocket:
    """A room is a path, and a frame holds a message and nothing else."""

    def address(self, url: str, room: str) -> str:
        return address(url, room)

    def opening(self, _room: str) -> tuple[bytes, ...]:
        return ()

    def frame(self, _room: str, message: bytes) -> bytes:
        return message

    def message(self, _room: str, frame: bytes) -> bytes | Closed | None:
        return frame


class Hocuspocus:
    """A room is a name in front of each message, and a client is authenticated first: an empty token will do."""

    def address(self, url: str, _room: str) -> str:
        return url.replace("http", "ws", 1)

    def opening(self, room: str) -> tuple[bytes, ...]:
        return (encode_frame(Envelope(room, Token(""))),)

    def frame(self, room: str, message: bytes) -> bytes:
        return enclose(room, message)

    def message(self, room: str, frame: bytes) -> bytes | Closed | None:
        reader = Reader(frame)
        if len(frame) == 1 or reader.string() != room:
            return None
        start = reader.pos
        type = reader.varuint()
        if type in (SYNC, AWARENESS, QUERY_AWARENESS):
            return frame[start:]
        if type == SYNC_REPLY:
            return bytes([SYNC]) + frame[reader.pos :]
        if type in (AUTH, CLOSE):
            return _ending(frame)
        return None


def _ending(frame: bytes) -> Closed | None:
    """The end of a room's messages, where a frame says so."""
    decoded = decode_frame(frame)
    said = None if isinstance(decoded, Heartbeat) else decoded.message
    if isinstance(said, Denied):
        return Closed(said.reason)
    return said if isinstance(said, Closed) else None


def farewell(closed: Closed) -> dict[str, Any]:
    """The end of a room as the end of a connection: Hocuspocus' own client reports it with this code."""
    return {"code": 1000, "reason": closed.reason}


DIALECT: Mapping[str, Dialect] = {Y_WEBSOCKET: YWebsocket(), HOCUSPOCUS: Hocuspocus()}
"""By the name that a manifest says (`speaks`)."""
