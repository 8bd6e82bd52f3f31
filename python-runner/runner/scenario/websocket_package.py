"""A Python package that has both a WebSocket server and a provider, over one library of documents."""

from __future__ import annotations

import asyncio
import contextlib
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Callable

from .channel import open_channel, status
from .child import OPS as SERVER_OPS
from .child import ServerActor
from .document import Documents
from .websocket_client import OPS, Client, without_awareness

if TYPE_CHECKING:
    from . import Actor
    from .channel import Channel

Provide = Callable[[Any, "Channel"], "tuple[Any, Callable[[], bool]]"]
"""From a library's document and a channel to its provider, and whether that has synced."""


class WebsocketPackage:
    """Both roles. A server's features say which stores, and which ways to listen, it can have."""

    def __init__(self, name: str, documents: str, provide: Provide) -> None:
        """`documents` is the adapter of the library. Raises ImportError."""
        self.name = name
        self.version = version(name)
        self._provide = provide
        self._documents = Documents(documents)
        self.lossy = self._documents.adapter.lossy
        own = without_awareness(self._documents.features)  # which the providers do not carry
        self.features = own | OPS | SERVER_OPS | {"server.store", "server.websockets"}

    def begin(self, role: str, roots: dict[str, str], options: dict[str, Any]) -> Actor:
        if options["plays"] == "server":
            return ServerActor(self.name, options["home"])
        return Client(self._documents.begin(role, roots, options), self._connect)

    async def _connect(self, doc: Any, url: str) -> Connection:
        """A provider on a WebSocket that is open. Raises what the WebSocket raises."""
        socket, channel = await open_channel(url)
        return Connection(socket, *self._provide(doc, channel))


class Connection:
    """A provider at work."""

    def __init__(self, socket: Any, provider: Any, synced: Callable[[], bool]) -> None:
        self._socket = socket
        self._provider = provider
        self._synced = synced
        self._task = asyncio.ensure_future(self._run())

    async def _run(self) -> None:
        async with self._provider:
            await self._socket.wait_closed()

    @property
    def status(self) -> dict[str, Any]:
        return status(self._socket, synced=self._synced())

    async def close(self) -> None:
        await self._socket.close()
        self._task.cancel()
        with contextlib.suppress(BaseException):
            await self._task
