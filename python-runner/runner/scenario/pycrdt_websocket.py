"""pycrdt-websocket: its server, and the provider of pycrdt over a WebSocket as a client.

https://github.com/y-crdt/pycrdt-websocket
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from . import pycrdt_places
from .websocket_package import WebsocketPackage

if TYPE_CHECKING:
    from .channel import Channel


def load() -> WebsocketPackage:
    pycrdt_places.servers()
    return WebsocketPackage("pycrdt-websocket", "pycrdt", provide)


def provide(doc: Any, channel: Channel) -> tuple[Any, Callable[[], bool]]:
    """The provider of older releases does not say whether it has synced."""
    provider = pycrdt_places.provider()(doc, channel)
    return provider, provider.synced.is_set if hasattr(provider, "synced") else lambda: channel.synced
