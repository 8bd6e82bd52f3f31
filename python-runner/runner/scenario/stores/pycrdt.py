"""The stores of pycrdt-store. https://github.com/y-crdt/pycrdt-store"""

from __future__ import annotations

from importlib import import_module

from ..document import Documents
from .stack import FILE, SQLITE, TEMPORARY, Stack, StorePart

PACKAGE = "pycrdt-store"
OPTIONS = {
    "squash_older": "squash_history_older_than",
    "squash_pause": "squash_no_more_often_than",
    "checkpoint": "checkpoint_interval",
    "cleanup_above": "cleanup_when_db_size_above",
}


def _part(name: str, cls: str, features: frozenset[str]) -> StorePart:
    store = getattr(import_module("pycrdt.store"), cls)
    # What is called document_ttl in older releases.
    ttl = "squash_after_inactivity_of" if hasattr(store, "squash_after_inactivity_of") else "document_ttl"
    compression = {"store.compression"} if hasattr(store, "register_compression_callbacks") else frozenset()
    return StorePart(name, PACKAGE, Stack(store, features | compression, {"ttl": ttl, **OPTIONS}), Documents("pycrdt"))


def load_file() -> StorePart:
    return _part("pycrdt-store-file", "FileYStore", FILE)


def load_temporary() -> StorePart:
    return _part("pycrdt-store-temp", "TempFileYStore", TEMPORARY)


def load_sqlite() -> StorePart:
    return _part("pycrdt-store-sqlite", "SQLiteYStore", SQLITE)
