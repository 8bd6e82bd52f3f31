"""jupyter_ydoc and pycrdt as a client of a Jupyter Server: the role `lab`.

https://github.com/jupyter-server/jupyter_ydoc
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from ..errors import StepError
from .document import Documents

if TYPE_CHECKING:
    from . import Actor, Step
    from .document import Document
    from .room_socket import RoomSocket

NAME = "jupyter-ydoc-client"
OPS = frozenset({"open", "leave", "abandon", "status", "save", "ydoc.get", "ydoc.sources"})
PATIENCE = 10.0
"""Seconds for the first sync, and for the reply to a save."""


def load() -> JupyterYdocClient:
    import_module("jupyter_ydoc")
    return JupyterYdocClient()


class JupyterYdocClient:
    name = NAME

    def __init__(self) -> None:
        self.version = version("jupyter-ydoc")
        self._documents = Documents("pycrdt")
        self.lossy = self._documents.adapter.lossy
        self.features = self._documents.features | OPS | {"socket"}

    def begin(self, role: str, roots: dict[str, str], options: dict[str, Any]) -> Actor:
        is_notebook = "cells" in roots and options.get("document") != "file"
        return Lab(self._documents.begin(role, roots, options), is_notebook)


class Lab:
    """A document, and the room in which it is edited. Steps of layers 0 to 3 are the document's."""

    def __init__(self, document: Document, is_notebook: bool) -> None:
        from jupyter_ydoc import YNotebook, YUnicode

        self._document = document
        self._shared: Any = (YNotebook if is_notebook else YUnicode)(document.library_document)
        self._session: dict[str, Any] | None = None
        self._room: RoomSocket | None = None
        self._saves = 0

    async def perform(self, step: Step) -> Any:
        op = step["op"]
        if op not in OPS:
            return self._document.perform(step)
        if op == "open":
            return await self._open(step)
        if op == "ydoc.get":
            return self._shared.get()
        if op == "ydoc.sources":
            return sources(self._shared.get())
        if op == "status":
            return self._room.status if self._room is not None else {"connected": False}
        room = self._joined()
        if op == "save":
            self._saves += 1
            return await room.save(self._saves, step.get("patience", PATIENCE))
        self._room = None
        return await (room.close() if op == "leave" else room.abandon())

    def _joined(self) -> RoomSocket:
        if self._room is None:
            raise StepError("refused", "no room is open")
        return self._room

    async def _open(self, step: Step) -> None:
        from .room_socket import RoomSocket, session

        if self._room is not None:
            await self._room.close()
            self._room = None
        if self._session is None or step.get("session") == "new":
            self._session = await session(
                step["url"], step["token"], step["path"], step.get("format", "json"), step.get("type", "notebook")
            )
        room = "{format}:{type}:{fileId}?sessionId={sessionId}".format(**self._session)
        address = step["url"].replace("http", "ws", 1)
        self._room = await RoomSocket.open(
            self._document.library_document, f"{address}/api/collaboration/room/{room}&token={step['token']}"
        )
        await self._room.synced(step.get("patience", PATIENCE))

    async def close(self) -> None:
        if self._room is not None:
            await self._room.abandon()
        self._document.close()


def sources(content: Any) -> Any:
    """The sources of a notebook's cells; of a file its text."""
    return content if isinstance(content, str) else [cell["source"] for cell in content["cells"]]
