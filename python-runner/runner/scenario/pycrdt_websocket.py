"""pycrdt-websocket: its server, and the provider of pycrdt over a WebSocket as a client.

https://github.com/y-crdt/pycrdt-websocket
"""

from __future__ import annotations

import asyncio
import contextlib
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from .channel import Channel, open_channel, status
from .child import OPS as SERVER_OPS
from .child import ServerActor
from .document import Documents
from .websocket_client import OPS, Client, without_awareness

if TYPE_CHECKING:
    from . import Actor

NAME = "pycrdt-websocket"


def load() -> PycrdtWebsocket:
    import_module("pycrdt.websocket")
    return PycrdtWebsocket()


class PycrdtWebsocket:
    """Both roles. A server's features say which stores, and which ways to listen, it can have."""

    name = NAME

    def __init__(self) -> None:
        self.version = version(NAME)
        self._documents = Documents("pycrdt")
        self.lossy = self._documents.adapter.lossy
        own = without_awareness(self._documents.features)  # which its provider does not carry
        self.features = own | OPS | SERVER_OPS | {"server.store", "server.websockets"}

    def begin(self, role: str, roots: dict[str, str], options: dict[str, Any]) -> Actor:
        if options["plays"] == "server":
            return ServerActor(NAME, options["home"])
        return Client(self._documents.begin(role, roots, options), connect)


async def connect(doc: Any, url: str) -> Connection:
    """A provider on a WebSocket that is open. Raises what the WebSocket raises."""
    return Connection(doc, *await open_channel(url))


class Connection:
    def __init__(self, doc: Any, socket: Any, channel: Channel) -> None:
        from pycrdt import Provider

        self._socket = socket
        self._provider = Provider(doc, channel)
        self._task = asyncio.ensure_future(self._run())

    async def _run(self) -> None:
        async with self._provider:
            await self._socket.wait_closed()

    @property
    def status(self) -> dict[str, Any]:
        return status(self._socket, synced=self._provider.synced.is_set())

    async def close(self) -> None:
        await self._socket.close()
        self._task.cancel()
        with contextlib.suppress(BaseException):
            await self._task
