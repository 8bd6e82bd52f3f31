"""Ypy, y-py on PyPI: https://github.com/y-crdt/ypy

Its texts tell neither attributes nor embeds. A document counts UTF-16 units if created so. Subdocuments break it.
A document may have one open transaction, and reading opens one of its own where none is open.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..errors import StepError, Unsupported
from ..values import Reader, Writer
from ..wrap import wrapped
from . import Adapter, Peer, ypy_probe
from .version import version_of
from .ypy_events import Observers
from .ypy_read import Values
from .ypy_write import Operations

_NOTHING = b"\x00\x00"
"""The update of a transaction that changed nothing: Ypy announces those too."""

_EMPTY_STATE = b"\x00"

_ROOTS = {"text": "get_text", "array": "get_array", "map": "get_map", "xml": "get_xml_element"}
"""Kind of a root -> its getter. An XML root comes as an element without a name, whatever made it."""


def load() -> YpyAdapter:
    return YpyAdapter(import_module("y_py"))


class YpyAdapter(Adapter):
    """The loaded y_py."""

    name = "ypy"

    def __init__(self, library: Any) -> None:
        self.library = library
        self.version = version_of(library, "y-py")
        probed = ypy_probe.probe(library)
        self.features: frozenset[str] = probed.features
        self.lossy: frozenset[str] = probed.lossy
        self.values = Values(library, Reader(int_is_bigint="bigint" not in probed.lossy))
        writer = Writer(probed.writes_bigint, probed.features)
        self.operations = Operations(library, probed.features, writer).by_name
        self.element = library.YXmlElement
        self.kinds = {
            library.YText: "text",
            library.YArray: "array",
            library.YMap: "map",
            library.YXmlElement: "element",
            library.YXmlText: "xmltext",
        }
        self.observed = {
            library.YText: "observe.text",
            library.YArray: "observe.array",
            library.YMap: "observe.map",
            library.YXmlElement: "observe.xml",
            library.YXmlText: "observe.xml",
        }

    def create(self, client: int, gc: bool, roots: dict[str, str]) -> YpyPeer:
        options = {} if gc else {"skip_gc": True}
        return YpyPeer(self, self.library.YDoc(client, offset_kind="utf16", **options), roots)


class YpyPeer(Peer):
    """One y_py.YDoc."""

    __slots__ = ("_adapter", "_doc", "_handles", "_observers", "_roots", "_sink", "_subscription")

    def __init__(self, adapter: YpyAdapter, doc: Any, roots: dict[str, str]) -> None:
        self._adapter = adapter
        self._doc = doc
        self._roots = roots
        self._handles: dict[str, Any] = {}
        self._sink: list[list[bytes] | None] = [None]
        self._subscription: Any = None
        self._observers: Observers | None = None

    def document(self) -> Any:
        return self._doc

    def declare(self) -> None:
        for name in self._roots:
            self.root(name)

    def perform(
        self, ops: list[dict[str, Any]], emit: bool, _origin: str | None = None, wrap: bool = False
    ) -> bytes | None:
        for op in ops:
            # A root cannot be named while a transaction is open.
            self.root(op["path"][0])
        perform = self._wrap if wrap else self._do
        if not emit:
            with self._doc.begin_transaction() as txn:
                perform(txn, ops)
            return None
        emitted: list[bytes] = []
        self._subscribe()
        self._sink[0] = emitted
        try:
            with self._doc.begin_transaction() as txn:
                perform(txn, ops)
        finally:
            self._sink[0] = None
        # Reading opens a transaction within the open one, whose event comes first and tells nothing.
        return next((update for update in emitted if update != _NOTHING), None)

    def _do(self, txn: Any, ops: list[dict[str, Any]]) -> None:
        operations = self._adapter.operations
        for op in ops:
            operations[op["op"]](self._node(op["path"]), txn, op)

    def _wrap(self, txn: Any, ops: list[dict[str, Any]]) -> None:
        operations = self._adapter.operations
        for op in ops:
            found = wrapped(self, self._roots[op["path"][0]], op)
            if found is not None:
                operations[op["op"]](found[0], txn, found[1])

    def wrapped(self, op: dict[str, Any]) -> dict[str, Any] | None:
        self.root(op["path"][0])
        found = wrapped(self, self._roots[op["path"][0]], op)
        return None if found is None else found[1]

    def _subscribe(self) -> None:
        """Subscribes once: there is no way to end it. The callback knows the sink only, so no cycle is made."""
        if self._subscription is None:
            sink = self._sink

            def collect(event: Any) -> None:
                emitted = sink[0]
                if emitted is not None:
                    emitted.append(bytes(event.get_update()))

            self._subscription = self._doc.observe_after_transaction(collect)

    def apply(self, update: bytes) -> None:
        self._adapter.library.apply_update(self._doc, update)

    def encode(self, since: bytes | None) -> bytes:
        return bytes(self._adapter.library.encode_state_as_update(self._doc, _EMPTY_STATE if since is None else since))

    def state_vector(self) -> bytes:
        return bytes(self._adapter.library.encode_state_vector(self._doc))

    def state(self) -> dict[str, Any]:
        return {name: self._read_root(name, kind) for name, kind in self._roots.items()}

    def observe(self, path: list[Any], deep: bool) -> None:
        nodes = [self._node(path[:length]) for length in range(1, len(path) + 1)]
        feature = self._adapter.observed[type(nodes[-1])]
        if feature not in self._adapter.features:
            raise Unsupported(feature)
        if self._observers is None:
            self._observers = Observers(self._doc, self._adapter.values)
        self._observers.watch(nodes, path, deep)

    def events(self) -> list[Any]:
        return [] if self._observers is None else self._observers.take()

    def close(self) -> None:
        if self._observers is not None:
            self._observers.close()

    def root(self, name: str) -> Any:
        handle = self._handles.get(name)
        if handle is None:
            if name not in self._roots:
                raise StepError("runner", f"the session has no root {name!r}")
            handle = self._handles[name] = getattr(self._doc, _ROOTS[self._roots[name]])(name)
        return handle

    def _node(self, path: list[Any]) -> Any:
        node = self.root(path[0])
        for part in path[1:]:
            node = self.child(node, part)
        if type(node) not in self._adapter.kinds:
            raise StepError("refused", f"no shared type at {path!r}")
        return node

    def child(self, node: Any, part: Any) -> Any:
        if type(node) is not self._adapter.element:
            return node[part]
        child = node.first_child
        for _ in range(part):
            if child is None:
                break
            child = child.next_sibling
        return child

    def kind(self, node: Any) -> str | None:
        return self._adapter.kinds.get(type(node))

    def length(self, node: Any, kind: str) -> int:
        return len(self._adapter.values.children(node)) if kind in ("xml", "element") else len(node)

    def _read_root(self, name: str, kind: str) -> Any:
        handle, values = self.root(name), self._adapter.values
        return {"$fragment": values.children(handle)} if kind == "xml" else values.read(handle)
