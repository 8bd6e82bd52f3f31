"""yffi, the C interface of Yrs: https://github.com/y-crdt/y-crdt/tree/main/yffi

The shared library is called with cffi in ABI mode. Its file is named by the variable YFFI_LIBRARY, and a file `version`
beside it tells its release, which the library itself does not. A panic ends the process: it cannot leave a C function.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Iterator

from ..errors import StepError
from ..wrap import wrapped
from . import Adapter, Peer, UndoManager
from . import yffi_api as api
from .yffi_api import ERRORS, Api, YffiError
from .yffi_values import Given, Reading
from .yffi_write import Operations

_REMOTE = b"remote"
"""Origin of applied updates, which undo managers are not to track."""

_KINDS = {
    api.TEXT: "text",
    api.ARRAY: "array",
    api.MAP: "map",
    api.XML_FRAG: "xml",
    api.XML_ELEM: "element",
    api.XML_TEXT: "xmltext",
}

_FEATURES = (
    "transact",
    "wrap",
    "encode",
    "apply",
    "state_vector",
    "state",
    "pending",
    "emit",
    "origin",
    "snapshot",
    "snapshot.restore",
    "position",
    "position.resolve",
    "position.json",
    "position.parse",
    "undo.track",
    "undo",
    "redo",
    "undo.stop",
    "undo.clear",
    "undo.can",
    "undo.origins",
    "undo.timeout",
    "undo.manager",
    "root.text",
    "root.array",
    "root.map",
    "root.xml",
    "value.undefined",
    "value.bigint",
    "value.bytes",
    "value.text",
    "value.array",
    "value.map",
    "value.xml",
    "value.doc",
    "text.insert.attributes",
    "xml.set.any",
    "gc.off",
    "client.53",
)


def load() -> YffiAdapter:
    path = os.environ.get("YFFI_LIBRARY")
    if not path:
        raise ImportError("the variable YFFI_LIBRARY does not name the shared library")
    ffi = import_module("cffi").FFI()
    try:
        library = Api(ffi, path)
    except OSError as error:
        raise ImportError(str(error)) from None
    told = Path(path).with_name("version")
    return YffiAdapter(library, told.read_text(encoding="utf-8").strip() if told.is_file() else "unknown")


class YffiAdapter(Adapter):
    """The loaded library."""

    name = "yffi"
    lossy: frozenset[str] = frozenset()

    def __init__(self, library: Api, version: str) -> None:
        self.library = library
        self.version = version
        self.operations = Operations(library)
        self.reading = Reading(library)
        self.features = frozenset([*_FEATURES, *self.operations.by_name])

    def create(self, client: int, gc: bool, roots: dict[str, str]) -> YffiPeer:
        ffi, lib = self.library.ffi, self.library.lib
        options = ffi.new("YOptions *")
        options.id = client
        options.flags = api.OFFSET_UTF16 | api.SHOULD_LOAD | (0 if gc else api.SKIP_GC)
        return YffiPeer(self, ffi.gc(lib.ydoc_new_with_options(options[0]), lib.ydoc_destroy), roots)

    def position_json(self, position: bytes) -> Any:
        with self.decoded(position) as found:
            return json.loads(self.library.take_text(self.library.lib.ysticky_index_to_json(found)))

    def position_parse(self, json_form: Any) -> bytes:
        lib = self.library.lib
        found = lib.ysticky_index_from_json(Given(self.library).text(json.dumps(json_form)))
        with self.held(found, lib.ysticky_index_destroy, "this is no position"):
            return self.library.take_bytes(lib.ysticky_index_encode, found)

    @contextmanager
    def decoded(self, position: bytes) -> Iterator[Any]:
        """A position for as long as the block lasts."""
        lib = self.library.lib
        with self.held(
            lib.ysticky_index_decode(position, len(position)), lib.ysticky_index_destroy, "no position"
        ) as it:
            yield it

    @contextmanager
    def held(self, found: Any, destroy: Any, missing: str) -> Iterator[Any]:
        """What the library made, given back after the block. Raises YffiError with `missing` for NULL."""
        if found == self.library.ffi.NULL:
            raise YffiError(missing)
        try:
            yield found
        finally:
            destroy(found)


class YffiPeer(Peer):
    """One YDoc."""

    __slots__ = ("_adapter", "_callback", "_doc", "_handles", "_managers", "_roots", "_sink", "_txn")

    def __init__(self, adapter: YffiAdapter, doc: Any, roots: dict[str, str]) -> None:
        self._adapter = adapter
        self._doc = doc
        self._roots = roots
        self._handles: dict[str, Any] = {}
        self._managers: dict[str | None, _Manager] = {}
        self._sink: list[bytes] = []
        self._callback: Any = None
        self._txn: Any = None

    def declare(self) -> None:
        for name in self._roots:
            self.root(name)

    def perform(
        self, ops: list[dict[str, Any]], emit: bool, origin: str | None = None, wrap: bool = False
    ) -> bytes | None:
        for op in ops:
            # A root cannot be named while a transaction is open.
            self.root(op["path"][0])
        self._sink.clear()
        with self._writing(b"" if origin is None else origin.encode()) as txn:
            if emit:
                self._subscribe(txn)
            for op in ops:
                if not wrap:
                    self._adapter.operations.perform(self._node(op["path"]), txn, op)
                elif (found := wrapped(self, self._roots[op["path"][0]], op)) is not None:
                    self._adapter.operations.perform(found[0], txn, found[1])
        return self._sink[0] if emit and self._sink else None

    def wrapped(self, op: dict[str, Any]) -> dict[str, Any] | None:
        self.root(op["path"][0])
        with self._reading():
            found = wrapped(self, self._roots[op["path"][0]], op)
        return None if found is None else found[1]

    def apply(self, update: bytes) -> None:
        with self._writing(_REMOTE) as txn:
            code = self._adapter.library.lib.ytransaction_apply(txn, update, len(update))
        if code:
            raise YffiError(f"error {code}: {ERRORS.get(code, 'unknown')}")

    def encode(self, since: bytes | None) -> bytes:
        library = self._adapter.library
        given, length = (library.ffi.NULL, 0) if since is None else (since, len(since))
        with self._reading() as txn:
            return library.take_bytes(library.lib.ytransaction_state_diff_v1, txn, given, length)

    def state_vector(self) -> bytes:
        library = self._adapter.library
        with self._reading() as txn:
            return library.take_bytes(library.lib.ytransaction_state_vector_v1, txn)

    def state(self) -> dict[str, Any]:
        self.declare()
        with self._reading() as txn:
            return {name: self._adapter.reading.state(self._handles[name], txn) for name in self._roots}

    def pending(self) -> bool:
        library = self._adapter.library
        lib, null = library.lib, library.ffi.NULL
        with self._reading() as txn:
            update, deletes = lib.ytransaction_pending_update(txn), lib.ytransaction_pending_ds(txn)
            lib.ypending_update_destroy(update)
            lib.ydelete_set_destroy(deletes)
            return bool(update != null or deletes != null)

    def snapshot(self) -> bytes:
        library = self._adapter.library
        with self._reading() as txn:
            return library.take_bytes(library.lib.ytransaction_snapshot, txn)

    def restore(self, snapshot: bytes) -> bytes:
        library = self._adapter.library
        with self._reading() as txn:
            call = library.lib.ytransaction_encode_state_from_snapshot_v1
            return library.take_bytes(call, txn, snapshot, len(snapshot))

    def position(self, path: list[Any], index: int, assoc: int) -> bytes:
        self.root(path[0])
        library = self._adapter.library
        with self._writing(b"") as txn:
            node = self._node(path)
            if self.kind(node) == "map":
                raise StepError("refused", "a map has no positions")
            found = library.lib.ysticky_index_from_index(node, txn, index, assoc)
            with self._adapter.held(
                found, library.lib.ysticky_index_destroy, f"the library has no position at {index}"
            ):
                return library.take_bytes(library.lib.ysticky_index_encode, found)

    def resolve(self, position: bytes) -> int | None:
        library = self._adapter.library
        branch, index = library.ffi.new("Branch **"), library.ffi.new("uint32_t *")
        with self._adapter.decoded(position) as found, self._reading() as txn:
            library.lib.ysticky_index_read(found, txn, branch, index)
        return None if branch[0] == library.ffi.NULL else int(index[0])

    def track(self, name: str | None, paths: list[list[Any]], origins: list[str] | None, timeout: int) -> None:
        for path in paths:
            self.root(path[0])
        with self._reading():
            nodes = [self._node(path) for path in paths]
        manager = _Manager(self._adapter.library, self._doc, nodes, origins or [], timeout)
        self._managers.setdefault(None, manager)
        self._managers[name] = manager

    def manager(self, name: str | None) -> UndoManager:
        if name not in self._managers:
            raise StepError("runner", "nothing is tracked" if name is None else f"no undo manager {name!r}")
        return self._managers[name]

    def root(self, name: str) -> Any:
        handle = self._handles.get(name)
        if handle is None:
            if name not in self._roots:
                raise StepError("runner", f"the session has no root {name!r}")
            library = self._adapter.library
            kind = self._roots[name]
            getter = getattr(library.lib, "yxmlfragment" if kind == "xml" else "y" + kind)
            handle = self._handles[name] = getter(self._doc, Given(library).text(name))
        return handle

    def child(self, node: Any, part: Any) -> Any:
        library = self._adapter.library
        kind = self.kind(node)
        if kind == "map":
            found = library.lib.ymap_get(node, self._txn, Given(library).text(part))
        elif kind == "array":
            found = library.lib.yarray_get(node, self._txn, part)
        elif kind in ("xml", "element") and type(part) is int:
            found = library.lib.yxmlelem_get(node, self._txn, part)
        else:
            raise KeyError(part)
        if found == library.ffi.NULL:
            raise KeyError(part)
        shared = found.value.y_type if found.tag in _KINDS else None
        library.lib.youtput_destroy(found)
        return shared

    def kind(self, node: Any) -> str | None:
        return None if node is None else _KINDS.get(self._adapter.library.lib.ytype_kind(node))

    def length(self, node: Any, kind: str) -> int:
        lib = self._adapter.library.lib
        if kind == "array":
            return int(lib.yarray_len(node))
        counts = {"text": lib.ytext_len, "xmltext": lib.yxmltext_len}
        return int(counts.get(kind, lib.yxmlelem_child_len)(node, self._txn))

    def _node(self, path: list[Any]) -> Any:
        node = self.root(path[0])
        for part in path[1:]:
            node = self.child(node, part)
            if node is None:
                raise StepError("refused", f"no shared type at {path!r}")
        return node

    def _subscribe(self, txn: Any) -> None:
        """Subscribes once. The callback knows the sink only, so no cycle is made."""
        if self._callback is None:
            library, sink = self._adapter.library, self._sink
            buffer = library.ffi.buffer

            def collect(_state: Any, length: int, update: Any) -> None:
                sink.append(bytes(buffer(update, length)))

            self._callback = library.ffi.callback("void(void *, uint32_t, const char *)", collect)
            library.lib.ytransaction_observe_updates_v1(txn, 4, b"emit", library.ffi.NULL, self._callback)

    @contextmanager
    def _writing(self, origin: bytes) -> Iterator[Any]:
        with self._open(self._adapter.library.lib.ydoc_write_transaction(self._doc, len(origin), origin)) as txn:
            yield txn

    @contextmanager
    def _reading(self) -> Iterator[Any]:
        with self._open(self._adapter.library.lib.ydoc_read_transaction(self._doc)) as txn:
            yield txn

    @contextmanager
    def _open(self, txn: Any) -> Iterator[Any]:
        if txn == self._adapter.library.ffi.NULL:
            raise YffiError("another transaction is open")
        self._txn = txn
        try:
            yield txn
        finally:
            self._txn = None
            self._adapter.library.lib.ytransaction_commit(txn)


class _Manager:
    """One YUndoManager."""

    def __init__(self, library: Api, doc: Any, nodes: list[Any], origins: list[str], timeout: int) -> None:
        ffi, lib = library.ffi, library.lib
        options = ffi.new("YUndoManagerOptions *")
        options.capture_timeout_millis = timeout
        self._lib = lib
        # The document must outlive its manager.
        self._doc = doc
        self._manager = ffi.gc(lib.yundo_manager(options), lib.yundo_manager_destroy)
        for origin in origins:
            lib.yundo_manager_add_origin(self._manager, len(origin.encode()), origin.encode())
        for node in nodes:
            lib.yundo_manager_add_scope(self._manager, doc, node)

    def undo(self) -> bool:
        return bool(self._lib.yundo_manager_undo(self._manager))

    def redo(self) -> bool:
        return bool(self._lib.yundo_manager_redo(self._manager))

    def stop(self) -> None:
        self._lib.yundo_manager_stop(self._manager)

    def clear(self) -> None:
        self._lib.yundo_manager_clear(self._manager)

    def can_undo(self) -> bool:
        return bool(self._lib.yundo_manager_undo_stack_len(self._manager))

    def can_redo(self) -> bool:
        return bool(self._lib.yundo_manager_redo_stack_len(self._manager))
