"""pycrdt-websocket: its server, and the provider of pycrdt over a WebSocket as a client.

https://github.com/y-crdt/pycrdt-websocket
"""

from __future__ import annotations

import asyncio
import contextlib
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from .child import OPS as SERVER_OPS
from .child import ServerActor
from .document import Documents
from .websocket_client import OPS, Client

if TYPE_CHECKING:
    from . import Actor

NAME = "pycrdt-websocket"
LONGEST = 1 << 26


def load() -> PycrdtWebsocket:
    import_module("pycrdt.websocket")
    return PycrdtWebsocket()


class PycrdtWebsocket:
    """Both roles. A server's features say which stores it can have."""

    name = NAME

    def __init__(self) -> None:
        self.version = version(NAME)
        self._documents = Documents("pycrdt")
        self.lossy = self._documents.adapter.lossy
        self.features = self._documents.features | OPS | SERVER_OPS | {"server.store"}

    def begin(self, role: str, roots: dict[str, str], options: dict[str, Any]) -> Actor:
        if options["plays"] == "server":
            return ServerActor(NAME, options["home"])
        return Client(self._documents.begin(role, roots, options), connect)


async def connect(doc: Any, url: str) -> Connection:
    """A provider on a WebSocket that is open. Raises what the WebSocket raises."""
    from websockets.asyncio.client import connect as open_socket

    socket = await open_socket(url, max_size=LONGEST, ping_interval=None)
    return Connection(doc, socket)


class _Channel:
    """A WebSocket as pycrdt's Provider wants it."""

    def __init__(self, socket: Any, path: str) -> None:
        self._socket = socket
        self.path = path

    def __aiter__(self) -> _Channel:
        return self

    async def __anext__(self) -> bytes:
        from websockets.exceptions import ConnectionClosed

        try:
            return await self.recv()
        except ConnectionClosed:
            raise StopAsyncIteration from None

    async def send(self, message: bytes) -> None:
        await self._socket.send(message)

    async def recv(self) -> bytes:
        message: bytes = await self._socket.recv()
        return message


class Connection:
    def __init__(self, doc: Any, socket: Any) -> None:
        from pycrdt import Provider

        self._socket = socket
        self._provider = Provider(doc, _Channel(socket, ""))
        self._task = asyncio.ensure_future(self._run())

    async def _run(self) -> None:
        async with self._provider:
            await self._socket.wait_closed()

    @property
    def status(self) -> dict[str, Any]:
        code = self._socket.close_code
        return {
            "connected": code is None,
            "synced": code is None and self._provider.synced.is_set(),
            "closed": None if code is None else {"code": code, "reason": self._socket.close_reason},
        }

    async def close(self) -> None:
        await self._socket.close()
        self._task.cancel()
        with contextlib.suppress(BaseException):
            await self._task
