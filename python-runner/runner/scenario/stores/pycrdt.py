"""The stores of pycrdt-store. https://github.com/y-crdt/pycrdt-store"""

from __future__ import annotations

from importlib import import_module

from ..document import Documents
from .stack import FILE, SQLITE, TEMPORARY, Stack, StorePart

PACKAGE = "pycrdt-store"
OPTIONS = {
    "ttl": "squash_after_inactivity_of",
    "squash_older": "squash_history_older_than",
    "squash_pause": "squash_no_more_often_than",
    "checkpoint": "checkpoint_interval",
    "cleanup_above": "cleanup_when_db_size_above",
}


def _part(name: str, cls: str, features: frozenset[str]) -> StorePart:
    module = import_module("pycrdt.store")
    return StorePart(name, PACKAGE, Stack(module, cls, features, OPTIONS), Documents("pycrdt"))


def load_file() -> StorePart:
    return _part("pycrdt-store-file", "FileYStore", FILE)


def load_temporary() -> StorePart:
    return _part("pycrdt-store-temp", "TempFileYStore", TEMPORARY)


def load_sqlite() -> StorePart:
    own = {"store." + option for option in ("compression", *OPTIONS)}
    return _part("pycrdt-store-sqlite", "SQLiteYStore", SQLITE | own)
