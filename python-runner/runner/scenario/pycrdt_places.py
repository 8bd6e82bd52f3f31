"""Where pycrdt-websocket has its parts: those of `pycrdt_websocket`, before 0.16, are in three packages now."""

from __future__ import annotations

from importlib import import_module, util
from typing import Any

_IS_ONE = util.find_spec("pycrdt_websocket") is not None


def servers() -> Any:
    """The module with the server and its rooms. Raises ImportError."""
    return import_module("pycrdt_websocket" if _IS_ONE else "pycrdt.websocket")


def stores() -> Any:
    """The module with the stores. Raises ImportError."""
    return import_module("pycrdt_websocket.ystore" if _IS_ONE else "pycrdt.store")


def provider() -> Any:
    """The class of the provider of a client. Raises ImportError."""
    return servers().WebsocketProvider if _IS_ONE else import_module("pycrdt").Provider
