"""WebSocket connections as they pass by: the messages in each direction, for the timeline.

Source: RFC 6455 section 5.2 (frames), RFC 7692 section 7.2 (permessage-deflate). Only looks, never changes.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
_LONGEST = 1 << 24  # bytes of a message; longer ones are passed over
_LONGEST_HEAD = 1 << 16
_TAIL = b"\x00\x00\xff\xff"


@dataclass(frozen=True, slots=True)
class Message:
    """`opcode` is that of the first frame."""

    opcode: int
    payload: bytes


@dataclass(slots=True)
class Watcher:
    """One direction of a connection. It begins with an HTTP head; what is no WebSocket afterwards is not looked at.

    `head` is complete once it ends with an empty line.
    """

    head: bytes = b""
    _open: bool = False
    _buffer: bytearray = field(default_factory=bytearray)
    _opcode: int = 0
    _deflated: bool = False
    _parts: bytearray = field(default_factory=bytearray)
    _inflater: zlib._Decompress | None = None
    _lost: bool = False

    @property
    def pending(self) -> int:
        """Bytes that belong to a frame which is not complete yet. Valid between two messages of `feed`, too."""
        return len(self._buffer)

    def feed(self, data: bytes) -> Iterator[Message]:
        """The messages that these bytes complete."""
        if self._lost:
            return
        if not self._open:
            self.head += data
            end = self.head.find(b"\r\n\r\n")
            if end < 0:
                self._lost = len(self.head) > _LONGEST_HEAD
                return
            data = self.head[end + 4 :]
            self.head = self.head[: end + 4]
            self._open = True
            self._lost = b"upgrade: websocket" not in self.head.lower()
        if self._lost:
            return
        self._buffer += data
        try:
            yield from self._messages()
        except zlib.error:
            self._lost = True

    def _messages(self) -> Iterator[Message]:
        while (frame := self._frame()) is not None:
            final, deflated, opcode, payload = frame
            if opcode >= CLOSE:
                yield Message(opcode, payload)
                continue
            if opcode:
                self._opcode, self._deflated = opcode, deflated
            self._parts += payload
            if len(self._parts) > _LONGEST:
                self._lost = True
                return
            if final:
                whole = self._inflated(bytes(self._parts)) if self._deflated else bytes(self._parts)
                self._parts.clear()
                yield Message(self._opcode, whole)

    def _inflated(self, data: bytes) -> bytes:
        if self._inflater is None:
            self._inflater = zlib.decompressobj(-15)
        return self._inflater.decompress(data + _TAIL)

    def _frame(self) -> tuple[bool, bool, int, bytes] | None:
        """The next frame, unmasked; None when it is not complete yet."""
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        length, start = buffer[1] & 0x7F, 2
        if length >= 126:
            wide = 2 if length == 126 else 8
            if len(buffer) < 2 + wide:
                return None
            length, start = int.from_bytes(buffer[2 : 2 + wide], "big"), 2 + wide
        masked = buffer[1] & 0x80
        end = start + (4 if masked else 0) + length
        if len(buffer) < end:
            return None
        payload = bytes(buffer[end - length : end])
        if masked:
            payload = _unmasked(payload, bytes(buffer[start : start + 4]))
        first = buffer[0]
        del buffer[:end]
        return bool(first & 0x80), bool(first & 0x40), first & 0x0F, payload


def _unmasked(payload: bytes, mask: bytes) -> bytes:
    size = len(payload)
    repeated = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(size, "big")
