"""Servers of layers 5 and 7, each in a process of its own, started as their own documentation says."""

from __future__ import annotations

from importlib import import_module
from typing import Any

SERVERS = {
    "jupyter-collaboration": "jupyter",
    "jupyter-collaboration1": "jupyter",
    "pycrdt-websocket": "pycrdt_websocket",
    "ypy-websocket": "ypy_websocket",
}


def serve(name: str, options: dict[str, Any]) -> None:
    """Serves at `options["port"]` of 127.0.0.1 until the process is told to end.

    `options["on"]` is what listens: `asgi`, the package's ASGI server on hypercorn, which is the default, or
    `websockets`, its server on the package websockets.
    """
    import_module("." + SERVERS[name], __name__).serve(options)
