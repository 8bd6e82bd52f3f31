"""What the two Python stacks have in common: classes of the same names, which differ in how they start and stop."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import sys
import tempfile
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Dict

from .actor import OPS, StoreActor
from .callbacks import Compression

if TYPE_CHECKING:
    from pathlib import Path

    from .. import Actor
    from ..document import Documents
    from .callbacks import Metadata

OWN = frozenset({"store.metadata", "store.history", "store.context"})
KEPT = OWN | {"store.kept"}
FILE = KEPT | {"format.file"}
TEMPORARY = OWN | {"store.temporary"}
SQLITE = KEPT | {"format.sqlite", "store.many"}

Options = Dict[str, str]


class Stack:
    """The stores of one kind. `options` says which attribute of the store class an option of `store.open` sets."""

    def __init__(self, store: Any, features: frozenset[str], options: Options) -> None:
        """Of the class `store`; what it does not have, being of another release, is no feature."""
        self._class = store
        self._options = {key: attribute for key, attribute in options.items() if hasattr(store, attribute)}
        absent = frozenset() if hasattr(store, "__aenter__") else frozenset({"store.context"})
        self.features = (features - absent) | {"store." + option for option in self._options}
        self.missing: type[Exception] = sys.modules[store.__module__].YDocNotFound
        self._running: dict[int, tuple[asyncio.Task[None], asyncio.Event | None]] = {}
        self._temporaries: Any = None

    def store(self, path: Path, options: dict[str, Any], metadata: Metadata | None) -> Any:
        """A store, not started. SQLite's are subclassed, as documented; the temporary are below the file's folder."""
        if "format.file" in self.features:
            return self._class(str(path), metadata_callback=metadata)
        if "store.temporary" in self.features:
            return self._temporary(path.parent)(_name(path, options), metadata_callback=metadata)
        attributes = {self._options[key]: value for key, value in options.items() if key in self._options}
        attributes["db_path"] = str(path)
        made = type("Store", (self._class,), attributes)(_name(path, options), metadata_callback=metadata)
        if options.get("compression"):
            compression = Compression(path.parent, options["compression"])
            made.register_compression_callbacks(compression.compress, compression.decompress)
        return made

    def _temporary(self, folder: Path) -> Any:
        """The class of temporary stores of one performance: all its stores share a folder, as those of a process do."""
        if tempfile.tempdir != str(folder):
            tempfile.tempdir = str(folder)
            self._temporaries = type("Temporary", (self._class,), {})
        return self._temporaries

    async def start(self, store: Any, *, by_context: bool = False) -> None:
        """Starts the store in a task, where it runs until it is stopped, and waits for its `started`.

        One that has no `start` is ready as it is made. With `by_context` the task is in the store's `async with`.
        Raises what keeps it from being started.
        """
        if not hasattr(store, "start"):
            return
        leaving = asyncio.Event()
        task = asyncio.ensure_future(_within(store, leaving) if by_context else store.start())
        self._running[id(store)] = task, leaving if by_context else None
        started = asyncio.ensure_future(store.started.wait())
        await asyncio.wait({task, started}, return_when=asyncio.FIRST_COMPLETED)
        if not started.done():
            started.cancel()
            await task

    async def stop(self, store: Any) -> None:
        """Stops the store, if there is something that runs; raises what its start raised."""
        if id(store) not in self._running:
            return
        task, leaving = self._running.pop(id(store))
        if leaving is not None:
            leaving.set()
        elif not task.done():
            stopped = store.stop()
            if inspect.isawaitable(stopped):
                await stopped
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _within(store: Any, leaving: asyncio.Event) -> None:
    async with store:
        await leaving.wait()


def _name(path: Path, options: dict[str, Any]) -> str:
    """The name of the document; `{"absolute": NAME}` is a path that begins at the root of the file system."""
    name: Any = options.get("name", "doc")
    return str(path.parent / name["absolute"]) if isinstance(name, dict) else name


class StorePart:
    """The role `store`: stores of one kind, and the documents of their stack."""

    def __init__(self, name: str, package: str, stack: Stack, documents: Documents) -> None:
        self.name = name
        self.version = version(package)
        self.lossy = documents.adapter.lossy
        self.features = documents.features | OPS | stack.features
        self._stack = stack
        self._documents = documents

    def begin(self, role: str, roots: dict[str, str], options: dict[str, Any]) -> Actor:
        return StoreActor(self._stack, self._documents, role, roots, options)
