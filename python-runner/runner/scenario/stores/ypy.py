"""The stores of ypy-websocket, on Ypy. https://github.com/y-crdt/ypy-websocket"""

from __future__ import annotations

from importlib import import_module

from ..document import Documents
from .stack import FILE, SQLITE, TEMPORARY, Stack, StorePart

PACKAGE = "ypy-websocket"


def _part(name: str, cls: str, features: frozenset[str]) -> StorePart:
    store = getattr(import_module("ypy_websocket.ystore"), cls)
    return StorePart(name, PACKAGE, Stack(store, features, {"ttl": "document_ttl"}), Documents("ypy"))


def load_file() -> StorePart:
    return _part("ypy-store-file", "FileYStore", FILE)


def load_temporary() -> StorePart:
    return _part("ypy-store-temp", "TempFileYStore", TEMPORARY)


def load_sqlite() -> StorePart:
    return _part("ypy-store-sqlite", "SQLiteYStore", SQLITE)
