"""What the two Python stacks have in common: classes of the same names, which differ in how they start and stop."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import tempfile
import zlib
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Dict

from .actor import OPS, StoreActor

if TYPE_CHECKING:
    from pathlib import Path

    from .. import Actor
    from ..document import Documents
    from .metadata import Metadata

KEPT = frozenset({"store.kept", "store.metadata", "store.history"})
FILE = frozenset({*KEPT, "format.file"})
TEMPORARY = frozenset({"store.metadata", "store.history", "store.temporary"})
SQLITE = frozenset({*KEPT, "format.sqlite", "store.many", "store.ttl"})

Options = Dict[str, str]


class Stack:
    """The stores of one kind. `options` says which attribute of the store class an option of `store.open` sets."""

    def __init__(self, module: Any, cls: str, features: frozenset[str], options: Options) -> None:
        self.features = features
        self.missing: type[Exception] = module.YDocNotFound
        self._class = getattr(module, cls)
        self._options = options
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def store(self, path: Path, options: dict[str, Any], metadata: Metadata | None) -> Any:
        """A store, not started. SQLite's are subclassed, as documented; the temporary are below the file's folder."""
        if "format.file" in self.features:
            return self._class(str(path), metadata_callback=metadata)
        if "store.temporary" in self.features:
            tempfile.tempdir = str(path.parent)
            return self._class(_name(path, options), metadata_callback=metadata)
        attributes = {self._options[key]: value for key, value in options.items() if key in self._options}
        attributes["db_path"] = str(path)
        made = type("Store", (self._class,), attributes)(_name(path, options), metadata_callback=metadata)
        if options.get("compression"):
            made.register_compression_callbacks(zlib.compress, zlib.decompress)
        return made

    async def start(self, store: Any) -> None:
        """Starts the store in a task, where it runs until it is stopped, and waits for its `started`."""
        task = asyncio.ensure_future(store.start())
        self._tasks[id(store)] = task
        await store.started.wait()

    async def stop(self, store: Any) -> None:
        """Stops the store, if there is something that runs; raises what its start raised."""
        task = self._tasks.pop(id(store))
        if not task.done():
            stopped = store.stop()
            if inspect.isawaitable(stopped):
                await stopped
        with contextlib.suppress(asyncio.CancelledError):
            await task


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
