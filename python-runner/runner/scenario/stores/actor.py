"""The role of a store: what a step asks of it, and a document of the same stack; all other steps are the document's."""

from __future__ import annotations

import asyncio
import contextlib
from binascii import a2b_base64, b2a_base64
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

from ...errors import StepError, Unsupported
from .acknowledged import Acknowledged
from .callbacks import Metadata
from .clock import set_clock

if TYPE_CHECKING:
    from .. import Step
    from ..document import Document, Documents
    from .stack import Stack

OPS = frozenset(
    {
        "store.open", "store.write", "store.save", "store.load", "store.read", "store.replay", "store.close",
        "store.begin", "store.end", "store.cancel", "store.stream", "store.acknowledged", "store.waits", "clock.set",
    }
)  # fmt: skip
LOADED, MISSING = "loaded", "missing"
"""What loading and reading say: the second when the store says that there is no such document."""
OPTIONS = frozenset({"op", "peer", "as", "file", "name", "metadata"})
"""Keys of `store.open` that every store takes."""


class StoreActor:
    """One store at a time, opened and closed by steps, and one document."""

    def __init__(self, stack: Stack, documents: Documents, role: str, roots: Any, options: dict[str, Any]) -> None:
        self._stack = stack
        self._document: Document = documents.begin(role, roots, options)
        self._folder = Path(options["folder"])
        self._home = options["home"]
        self._acknowledged = Acknowledged(self._home)
        self._metadata: Metadata | None = None
        self._store: Any = None
        self._begun: asyncio.Task[None] | None = None
        self._ops: dict[str, Callable[[Step], Any]] = {
            "store.open": self._open,
            "store.write": self._write,
            "store.save": self._save,
            "store.load": self._load,
            "store.read": self._read,
            "store.replay": self._replay,
            "store.close": self._close,
            "store.begin": self._begin,
            "store.end": self._end,
            "store.cancel": self._cancel,
            "store.stream": self._stream,
        }

    async def perform(self, step: Step) -> Any:
        op = step["op"]
        if op == "store.acknowledged":
            return self._acknowledged.text(step.get("log", ""))
        if op == "clock.set":
            return set_clock(step["at"])
        if op == "store.waits":
            return self._metadata is not None and self._metadata.waits
        handler = self._ops.get(op)
        if handler is None:
            return self._document.perform(step)
        if self._store is None and op != "store.open":
            raise StepError("refused", "the store is not open")
        return await handler(step)

    async def _open(self, step: Step) -> None:
        for option in sorted(step.keys() - OPTIONS):
            if "store." + option not in self._stack.features:
                raise Unsupported("store." + option)
        await self._leave()
        self._metadata = Metadata(str(self._folder), step["metadata"]) if "metadata" in step else None
        path = self._folder / step["file"] if "file" in step else Path(self._home, "store")
        self._store = self._stack.store(path, step, self._metadata)
        await self._stack.start(self._store, by_context=bool(step.get("context")))

    async def _write(self, step: Step) -> None:
        if "metadata" in step:
            if self._metadata is None:
                raise StepError("runner", "a store that is opened without metadata has no callback for it")
            self._metadata.given = step["metadata"]
        await self._store.write(a2b_base64(step["update"]["base64"]))
        if "mark" in step:
            self._acknowledged.add(step["mark"], step.get("log", ""))

    async def _begin(self, step: Step) -> None:
        """Begins a write; `store.end` and `store.cancel` end it."""
        self._begun = asyncio.ensure_future(self._write(step))
        await asyncio.sleep(0)

    async def _end(self, _step: Step) -> None:
        if self._begun is None:
            raise StepError("runner", "no write was begun")
        begun, self._begun = self._begun, None
        await begun

    async def _cancel(self, _step: Step) -> None:
        if self._begun is None:
            raise StepError("runner", "no write was begun")
        begun, self._begun = self._begun, None
        begun.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await begun

    async def _save(self, _step: Step) -> None:
        await self._store.encode_state_as_update(self._document.library_document)

    async def _load(self, _step: Step) -> str:
        try:
            await self._store.apply_updates(self._document.library_document)
        except self._stack.missing:
            return MISSING
        return LOADED

    async def _read(self, step: Step) -> Any:
        """What the store has, in its order; `first` leaves the loop after as many, as `break` does."""
        try:
            return await self._list(step)
        except self._stack.missing:
            return MISSING

    async def _list(self, step: Step) -> list[dict[str, Any]]:
        found = []
        async for update, metadata, timestamp in self._store.read():
            found.append(
                {
                    "update": b2a_base64(update, newline=False).decode(),
                    "metadata": None if metadata is None else metadata.decode(),
                    "time": timestamp,
                }
            )
            if len(found) == step.get("first"):
                break
        return found

    async def _replay(self, step: Step) -> str:
        """Applies the history, one update after the other, those `before` a time."""
        try:
            async for update, _, timestamp in self._store.read():
                if "before" not in step or timestamp < step["before"]:
                    encoded = {"base64": b2a_base64(update, newline=False).decode()}
                    self._document.perform({"op": "apply", "peer": step["peer"], "update": encoded})
        except self._stack.missing:
            return MISSING
        return LOADED

    async def _stream(self, step: Step) -> None:
        """Appends to a text and writes each update, `count` times; the log begins with the text as it is."""
        root = step["path"][0]
        text = self._document.perform({"op": "state", "peer": step["peer"]})[root]["$text"]
        self._acknowledged.begin(text)
        length = len(text)
        for number in range(step["count"]):
            new = f"{number},"
            insert = {"op": "text.insert", "peer": step["peer"], "path": [root], "index": length, "text": new}
            update = self._document.perform({**insert, "as": "streamed"})
            await self._store.write(a2b_base64(update))
            self._acknowledged.add(new)
            length += len(new)

    async def _close(self, _step: Step) -> None:
        await self._leave()

    async def _leave(self) -> None:
        store, self._store = self._store, None
        if store is not None:
            await self._stack.stop(store)

    async def close(self) -> None:
        if self._begun is not None:
            self._begun.cancel()
        with contextlib.suppress(Exception):
            await self._leave()
        self._document.close()
        set_clock(None)
