"""Jupyter Server with jupyter-collaboration: the role `jupyter`, on both stacks.

https://github.com/jupyterlab/jupyter-collaboration
"""

from __future__ import annotations

import asyncio
from importlib import import_module
from importlib.metadata import version
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from .child import OPS, ServerActor

if TYPE_CHECKING:
    from . import Actor

FEATURES = {
    "jupyter-collaboration": frozenset({"stack.pycrdt", "save.message", "document.hash", "session.kept"}),
    "jupyter-collaboration1": frozenset({"stack.ypy"}),
}
"""What a scenario can need of a stack: its library of documents, replies to requests to save, the hash of what was
saved in the document, sessions that outlive the server."""
EXTENSIONS = {"jupyter-collaboration": "jupyter_server_ydoc", "jupyter-collaboration1": "jupyter_collaboration"}
"""The package of each stack that is the server's extension."""


def load(name: str) -> Jupyter:
    import_module(EXTENSIONS[name])
    return Jupyter(name)


class Jupyter:
    """One of the stacks."""

    lossy: frozenset[str] = frozenset()

    def __init__(self, name: str) -> None:
        self.name = name
        self.version = version("jupyter-collaboration")
        self.features = OPS | FEATURES[name]

    def begin(self, _role: str, _roots: dict[str, str], options: dict[str, Any]) -> Actor:
        return JupyterActor(self.name, options["home"])


class JupyterActor(ServerActor):
    """A Jupyter Server. `start` observes its `port` and its `token`; its files are in `files` of its home.

    The token is its own, so that it is not taken for another server that is up at this port.
    """

    def __init__(self, name: str, home: str) -> None:
        super().__init__(name, home)
        self._token = token_hex(8)

    def options_of(self, step: dict[str, Any]) -> dict[str, Any]:
        return {**super().options_of(step), "token": self._token}

    async def is_up(self, port: int) -> bool:
        return await answers(port, f"/api/status?token={self._token}")

    def address(self, port: int) -> dict[str, Any]:
        return {"port": port, "token": self._token}


async def answers(port: int, path: str) -> bool:
    """Whether a server answers a GET with 200."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        return (await reader.readline()).startswith(b"HTTP/1.1 200 ")
    except OSError:
        return False
    finally:
        writer.close()
