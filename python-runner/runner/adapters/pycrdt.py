"""pycrdt: https://github.com/y-crdt/pycrdt

Offsets in its texts are UTF-8 bytes. It keeps null and undefined apart in the document, but reads both as None.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..errors import StepError
from ..values import Reader, Writer
from . import pycrdt_probe
from .pycrdt_read import Values
from .pycrdt_write import Operations
from .version import version_of

_REMOTE = "remote"
"""Origin of applied updates where there is an undo manager, which is not to track them."""


def load() -> PycrdtAdapter:
    return PycrdtAdapter(import_module("pycrdt"))


class PycrdtAdapter:
    """The loaded pycrdt. `kinds` maps its classes to tags; the classes that a release lacks are left out."""

    name = "pycrdt"

    def __init__(self, library: Any) -> None:
        self.library = library
        self.version = version_of(library, "pycrdt")
        probed = pycrdt_probe.probe(library)
        self.features: frozenset[str] = probed.features
        self.lossy: frozenset[str] = probed.lossy
        names = {
            "text": "Text",
            "array": "Array",
            "map": "Map",
            "xml": "XmlFragment",
            "element": "XmlElement",
            "xmltext": "XmlText",
        }
        self.types = {kind: getattr(library, name) for kind, name in names.items() if hasattr(library, name)}
        self.kinds = {cls: kind for kind, cls in self.types.items()}
        self.values = Values(library, self.kinds, Reader(int_is_bigint="bigint" not in probed.lossy))
        writer = Writer(probed.writes_bigint, probed.features)
        self.operations = Operations(library, self.types, probed.features, writer).by_name

    def create(self, client: int, gc: bool, roots: dict[str, str]) -> PycrdtPeer:
        options = {} if gc else {"skip_gc": True}
        return PycrdtPeer(self, self.library.Doc(client_id=client, **options), roots)

    def merge(self, updates: list[bytes]) -> bytes:
        return bytes(self.library.merge_updates(*updates))

    def diff(self, update: bytes, since: bytes) -> bytes:
        return bytes(self.library.get_update(update, since))

    def update_state_vector(self, update: bytes) -> bytes:
        return bytes(self.library.get_state(update))


class PycrdtPeer:
    """One pycrdt.Doc."""

    __slots__ = ("_adapter", "_doc", "_handles", "_roots", "_undo")

    def __init__(self, adapter: PycrdtAdapter, doc: Any, roots: dict[str, str]) -> None:
        self._adapter = adapter
        self._doc = doc
        self._roots = roots
        self._handles: dict[str, Any] = {}
        self._undo: Any = None

    def declare(self) -> None:
        for name in self._roots:
            self._root(name)

    def perform(self, ops: list[dict[str, Any]], emit: bool) -> bytes | None:
        if len(self._handles) < len(self._roots):
            # Old releases wait for ever when a root is named while a transaction is open.
            for op in ops:
                self._root(op["path"][0])
        doc, operations = self._doc, self._adapter.operations
        if not emit:
            with doc.transaction():
                for op in ops:
                    operations[op["op"]](self._node(op["path"]), op)
            return None
        emitted: list[bytes] = []
        # A subscription and its document keep each other alive until it is dropped.
        subscription = doc.observe(lambda event: emitted.append(event.update))
        try:
            with doc.transaction():
                for op in ops:
                    operations[op["op"]](self._node(op["path"]), op)
        finally:
            doc.unobserve(subscription)
        return emitted[0] if emitted else None

    def apply(self, update: bytes) -> None:
        if self._undo is None:
            self._doc.apply_update(update)
        else:
            with self._doc.transaction(origin=_REMOTE):
                self._doc.apply_update(update)

    def encode(self, since: bytes | None) -> bytes:
        return bytes(self._doc.get_update() if since is None else self._doc.get_update(since))

    def state_vector(self) -> bytes:
        return bytes(self._doc.get_state())

    def state(self) -> dict[str, Any]:
        self.declare()
        read = self._adapter.values.read
        with self._doc.transaction():
            return {name: read(self._handles[name]) for name in self._roots}

    def track(self, paths: list[list[Any]]) -> None:
        self._undo = self._adapter.library.UndoManager(
            scopes=[self._node(path) for path in paths], capture_timeout_millis=0
        )

    def undo(self) -> bool:
        return self._undo is not None and bool(self._undo.undo())

    def redo(self) -> bool:
        return self._undo is not None and bool(self._undo.redo())

    def _root(self, name: str) -> Any:
        handle = self._handles.get(name)
        if handle is None:
            if name not in self._roots:
                raise StepError("runner", f"the session has no root {name!r}")
            handle = self._adapter.types[self._roots[name]]()
            self._doc[name] = handle
            self._handles[name] = handle
        return handle

    def _node(self, path: list[Any]) -> Any:
        node = self._root(path[0])
        for part in path[1:]:
            kind = self._adapter.kinds.get(type(node))
            node = node.children[part] if kind in ("xml", "element") else node[part]
        if type(node) not in self._adapter.kinds:
            raise StepError("refused", f"no shared type at {path!r}")
        return node
