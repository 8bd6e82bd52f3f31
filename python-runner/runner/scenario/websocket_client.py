"""The role of a client: a document, and whatever provider connects it to a room of a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Protocol

if TYPE_CHECKING:
    from . import Step
    from .document import Document

OPS = frozenset({"connect", "disconnect", "status"})


def without_awareness(features: frozenset[str]) -> frozenset[str]:
    """What a document can do under a provider that knows of no awareness."""
    return frozenset(feature for feature in features if not feature.startswith("awareness"))


class Connection(Protocol):
    """A document's connection to one room."""

    @property
    def status(self) -> dict[str, Any]:
        """`connected`, `synced`, and `closed`: null, or the `code` and the `reason` with which it ended."""

    async def close(self) -> None: ...


class Client:
    """The steps of a client; all others are the document's."""

    def __init__(self, document: Document, connect: Callable[[Any, str], Any]) -> None:
        """`connect(library_document, url)` is a coroutine function that gives a Connection once it is begun."""
        self._document = document
        self._connect = connect
        self._connection: Connection | None = None

    async def perform(self, step: Step) -> Any:
        op = step["op"]
        if op == "connect":
            await self._leave()
            self._connection = await self._connect(self._document.library_document, step["address"])
            return None
        if op == "disconnect":
            return await self._leave()
        if op == "status":
            if self._connection is None:
                return {"connected": False, "synced": False, "closed": None}
            return self._connection.status
        return self._document.perform(step)

    async def _leave(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def close(self) -> None:
        await self._leave()
        self._document.close()
