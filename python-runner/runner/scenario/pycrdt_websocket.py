"""pycrdt-websocket: its server, and the provider of pycrdt over a WebSocket as a client.

https://github.com/y-crdt/pycrdt-websocket
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Callable

from .websocket_package import WebsocketPackage

if TYPE_CHECKING:
    from .channel import Channel


def load() -> WebsocketPackage:
    import_module("pycrdt.websocket")
    return WebsocketPackage("pycrdt-websocket", "pycrdt", provide)


def provide(doc: Any, channel: Channel) -> tuple[Any, Callable[[], bool]]:
    from pycrdt import Provider

    provider = Provider(doc, channel)
    return provider, provider.synced.is_set
