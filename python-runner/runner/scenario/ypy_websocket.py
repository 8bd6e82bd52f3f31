"""ypy-websocket: its server, and its provider as a client.

https://github.com/y-crdt/ypy-websocket
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

NAME = "ypy-websocket"


def load() -> YpyWebsocket:
    import_module("ypy_websocket")
    return YpyWebsocket()


class YpyWebsocket:
    """Both roles. A YDoc may be used on its own thread only: that of the event loop."""

    name = NAME

    def __init__(self) -> None:
        self.version = version(NAME)
        self._documents = Documents("ypy")
        self.lossy = self._documents.adapter.lossy
        own = without_awareness(self._documents.features)
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
        from ypy_websocket import WebsocketProvider

        self._socket = socket
        self._channel = channel
        self._provider = WebsocketProvider(doc, channel)
        self._task = asyncio.ensure_future(self._run())

    async def _run(self) -> None:
        async with self._provider:
            await self._socket.wait_closed()

    @property
    def status(self) -> dict[str, Any]:
        """The provider itself does not say whether it has synced."""
        return status(self._socket, synced=self._channel.synced)

    async def close(self) -> None:
        await self._socket.close()
        self._task.cancel()
        with contextlib.suppress(BaseException):
            await self._task
