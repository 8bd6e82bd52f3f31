"""ypy-websocket: its server, and its provider as a client. A YDoc may be used on its own thread only: the event loop's.

https://github.com/y-crdt/ypy-websocket
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Callable

from .websocket_package import WebsocketPackage

if TYPE_CHECKING:
    from .channel import Channel


def load() -> WebsocketPackage:
    import_module("ypy_websocket")
    return WebsocketPackage("ypy-websocket", "ypy", provide)


def provide(doc: Any, channel: Channel) -> tuple[Any, Callable[[], bool]]:
    """The provider itself does not say whether it has synced."""
    from ypy_websocket import WebsocketProvider

    return WebsocketProvider(doc, channel), lambda: channel.synced
