"""A WebSocket as the Python providers and servers want it: `path`, messages to iterate over, `send` and `recv`."""

from __future__ import annotations

from typing import Any

LONGEST = 1 << 26
"""Bytes of a message."""


class Channel:
    """A connection of the package websockets."""

    def __init__(self, socket: Any, path: str) -> None:
        self._socket = socket
        self.path = path
        self.synced = False
        """Whether a step 2 was taken, and whoever reads came back for more: it has been applied."""
        self._step_2 = False

    def __aiter__(self) -> Channel:
        return self

    async def __anext__(self) -> bytes:
        from websockets.exceptions import ConnectionClosedOK

        try:
            return await self.recv()
        except ConnectionClosedOK:  # as the iterator of websockets: another end is an error
            raise StopAsyncIteration from None

    async def send(self, message: bytes) -> None:
        await self._socket.send(message)

    async def recv(self) -> bytes:
        self.synced = self._step_2
        message: bytes = await self._socket.recv()
        self._step_2 = self._step_2 or message[:2] == b"\0\1"
        return message


async def open_channel(url: str) -> tuple[Any, Channel]:
    """A WebSocket to a room, and its channel. Raises what websockets raises."""
    from websockets.asyncio.client import connect

    socket = await connect(url, max_size=LONGEST, ping_interval=None)
    return socket, Channel(socket, url)


def status(socket: Any, *, synced: bool) -> dict[str, Any]:
    """What a client says of its connection."""
    protocol = socket.protocol
    code = protocol.close_code
    return {
        "connected": code is None,
        "synced": code is None and synced,
        "closed": None if code is None else {"code": code, "reason": protocol.close_reason},
    }
