"""pycrdt: https://github.com/y-crdt/pycrdt

Offsets in its texts are UTF-8 bytes. It keeps null and undefined apart in the document, but reads both as None.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..errors import StepError, Unsupported
from ..values import Reader, Writer
from ..wrap import wrapped
from . import Adapter, Awareness, Peer, UndoManager, pycrdt_awareness, pycrdt_probe
from .pycrdt_events import Observers
from .pycrdt_positions import Positions
from .pycrdt_read import Values
from .pycrdt_text import content, utf16_units
from .pycrdt_write import Operations
from .version import version_of

_REMOTE = ("remote",)
"""Origin of applied updates where there is an undo manager, which is not to track them; equal to no string."""

_EMPTY_STATE = b"\x00"
_STEP1 = b"\x00"


def load() -> PycrdtAdapter:
    return PycrdtAdapter(import_module("pycrdt"))


class PycrdtAdapter(Adapter):
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
        self.writing = Operations(library, self.types, probed.features, writer)
        self.operations = self.writing.by_name
        self.positions = Positions(library, self.values)
        self.applies_alone = pycrdt_probe.applies_alone(library)

    def create(self, client: int, gc: bool, roots: dict[str, str]) -> PycrdtPeer:
        options = {} if gc else {"skip_gc": True}
        return PycrdtPeer(self, self.library.Doc(client_id=client, **options), roots)

    def merge(self, updates: list[bytes]) -> bytes:
        return bytes(self.library.merge_updates(*updates))

    def diff(self, update: bytes, since: bytes) -> bytes:
        return bytes(self.library.get_update(update, since))

    def update_state_vector(self, update: bytes) -> bytes:
        return bytes(self.library.get_state(update))

    def position_json(self, position: bytes) -> Any:
        return self.positions.to_json(position)

    def position_parse(self, json: Any) -> bytes:
        return self.positions.parse(json)

    def snapshots_equal(self, one: bytes, other: bytes) -> bool:
        decode = self.library.Snapshot.decode
        return bool(decode(one) == decode(other))

    def sync_update(self, update: bytes) -> bytes:
        return _inner(self.library.create_update_message(update))


class PycrdtPeer(Peer):
    """One pycrdt.Doc."""

    __slots__ = (
        "_adapter",
        "_awareness",
        "_doc",
        "_handles",
        "_inner",
        "_managers",
        "_observers",
        "_roots",
        "_subdocs",
    )

    def __init__(self, adapter: PycrdtAdapter, doc: Any, roots: dict[str, str]) -> None:
        self._adapter = adapter
        self._doc = doc
        self._roots = roots
        self._handles: dict[str, Any] = {}
        self._managers: dict[str | None, UndoManager] | None = None
        self._observers: Observers | None = None
        self._awareness: Awareness | None = None
        self._subdocs: _Subdocs | None = None
        self._inner: dict[str, PycrdtPeer] | None = None

    def document(self) -> Any:
        return self._doc

    def declare(self) -> None:
        for name in self._roots:
            self.root(name)

    def perform(
        self, ops: list[dict[str, Any]], emit: bool, origin: str | None = None, wrap: bool = False
    ) -> bytes | None:
        if len(self._handles) < len(self._roots):
            # Old releases wait for ever when a root is named while a transaction is open.
            for op in ops:
                self.root(op["path"][0])
        doc, perform = self._doc, self._wrap if wrap else self._do
        # Old releases know no origins.
        transaction = doc.transaction() if origin is None else doc.transaction(origin=origin)
        if not emit:
            with transaction:
                perform(ops)
            return None
        emitted: list[bytes] = []
        # A subscription and its document keep each other alive until it is dropped.
        subscription = doc.observe(lambda event: emitted.append(event.update))
        try:
            with transaction:
                perform(ops)
        finally:
            doc.unobserve(subscription)
        return emitted[0] if emitted else None

    def _do(self, ops: list[dict[str, Any]]) -> None:
        operations = self._adapter.operations
        for op in ops:
            operations[op["op"]](self._node(op["path"]), op)

    def _wrap(self, ops: list[dict[str, Any]]) -> None:
        operations = self._adapter.operations
        for op in ops:
            found = wrapped(self, self._roots[op["path"][0]], op)
            if found is not None:
                operations[op["op"]](*found)

    def wrapped(self, op: dict[str, Any]) -> dict[str, Any] | None:
        self.root(op["path"][0])
        with self._doc.transaction():
            found = wrapped(self, self._roots[op["path"][0]], op)
        return None if found is None else found[1]

    def apply(self, update: bytes) -> None:
        if self._managers is None:
            self._doc.apply_update(update)
        else:
            with self._remote():
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

    def track(self, name: str | None, paths: list[list[Any]], origins: list[str] | None, timeout: int) -> None:
        nodes = [self._node(path) for path in paths]
        try:
            manager = self._adapter.library.UndoManager(scopes=nodes, capture_timeout_millis=timeout)
        except AttributeError:
            # It has a method for each class that it can track, and looks for the one of every scope.
            raise Unsupported("undo.track.xml") from None
        for origin in origins or ():
            manager.include_origin(origin)
        if self._managers is None:
            self._managers = {None: manager}
        self._managers[name] = manager

    def manager(self, name: str | None) -> UndoManager:
        if self._managers is None or name not in self._managers:
            raise StepError("runner", "nothing is tracked" if name is None else f"no undo manager {name!r}")
        return self._managers[name]

    def snapshot(self) -> bytes:
        return bytes(self._adapter.library.Snapshot.from_doc(self._doc).encode())

    def restore(self, snapshot: bytes) -> bytes:
        library = self._adapter.library
        return bytes(library.Doc.from_snapshot(library.Snapshot.decode(snapshot), self._doc).get_update())

    def position(self, path: list[Any], index: int, assoc: int) -> bytes:
        node = self._node(path)
        if self._adapter.kinds[type(node)] == "text":
            index = self._adapter.writing.offset(node, index)
        return self._adapter.positions.make(node, index, assoc)

    def resolve(self, position: bytes) -> int:
        self.declare()
        return self._adapter.positions.resolve(self._doc, self._handles, position)

    def observe(self, path: list[Any], deep: bool) -> None:
        nodes = [self._node(path[:length]) for length in range(1, len(path) + 1)]
        kind = self._adapter.kinds[type(nodes[-1])]
        feature = "observe." + ("xml" if kind in ("element", "xmltext") else kind)
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
        if self._subdocs is not None:
            self._subdocs.close()

    def observe_subdocs(self) -> None:
        if self._subdocs is None:
            self._subdocs = _Subdocs(self._doc)

    def subdocs_events(self) -> list[Any]:
        return [] if self._subdocs is None else self._subdocs.take()

    def within(self, path: list[Any]) -> PycrdtPeer:
        holder: Any = self._node(path[:-1])
        found = self.child(holder, path[-1])
        if not isinstance(found, self._adapter.library.Doc):
            raise StepError("refused", f"no subdocument at {path!r}")
        if self._subdocs is not None and found.guid in self._subdocs.unloaded:
            # Steps work all the same, but an observer would miss the loading.
            raise Unsupported("doc.load")
        if self._inner is None:
            self._inner = {}
        key = repr((path, found.guid))
        known = self._inner.get(key)
        # Each reading of a subdocument gives a new handle, which says nothing of its identity.
        if known is None or known.state_vector() != bytes(found.get_state()):
            made = PycrdtPeer if found.client_id == self._doc.client_id else _ForeignPeer
            known = self._inner[key] = made(self._adapter, found, self._roots)
        return known

    def awareness(self) -> Awareness:
        if self._awareness is None:
            self._awareness = pycrdt_awareness.Awareness(self._adapter.library, self._doc)
        return self._awareness

    def sync_step1(self) -> bytes:
        return _inner(self._adapter.library.create_sync_message(self._doc))

    def sync_step2(self, since: bytes | None) -> bytes:
        # The library writes a step 2 only as the reply to a step 1.
        library, vector = self._adapter.library, _EMPTY_STATE if since is None else since
        reply = library.handle_sync_message(_STEP1 + library.write_var_uint(len(vector)) + vector, self._doc)
        return _inner(reply)

    def sync_read(self, message: bytes) -> bytes | None:
        handle = self._adapter.library.handle_sync_message
        try:
            if self._managers is None:
                reply = handle(message, self._doc)
            else:
                with self._remote():
                    reply = handle(message, self._doc)
        except AssertionError:
            raise StepError("refused", "the library asserts that the message is whole") from None
        return None if reply is None else _inner(reply)

    def root(self, name: str) -> Any:
        handle = self._handles.get(name)
        if handle is None:
            if name not in self._roots:
                raise StepError("runner", f"the session has no root {name!r}")
            handle = self._adapter.types[self._roots[name]]()
            self._doc[name] = handle
            self._handles[name] = handle
        return handle

    def _node(self, path: list[Any]) -> Any:
        node = self.root(path[0])
        for part in path[1:]:
            node = self.child(node, part)
        if type(node) not in self._adapter.kinds:
            raise StepError("refused", f"no shared type at {path!r}")
        return node

    def _remote(self) -> Any:
        """A transaction for what comes from others, which undo managers are not to track."""
        if self._adapter.applies_alone:
            raise Unsupported("apply.origin")
        return self._doc.transaction(origin=_REMOTE)

    def child(self, node: Any, part: Any) -> Any:
        kind = self._adapter.kinds.get(type(node))
        return node.children[part] if kind in ("xml", "element") else node[part]

    def kind(self, node: Any) -> str | None:
        return self._adapter.kinds.get(type(node))

    def length(self, node: Any, kind: str) -> int:
        if kind in ("text", "xmltext"):
            counted = content(node)
            return utf16_units(counted, len(counted))
        return len(node.children if kind in ("xml", "element") else node)


class _ForeignPeer(PycrdtPeer):
    """A subdocument that came with an update. Its client id is a random one, and cannot be set."""

    __slots__ = ()

    def perform(
        self, _ops: list[dict[str, Any]], _emit: bool, _origin: str | None = None, _wrap: bool = False
    ) -> bytes | None:
        raise Unsupported("doc.client")

    def track(self, _name: str | None, _paths: list[list[Any]], _origins: list[str] | None, _timeout: int) -> None:
        raise Unsupported("doc.client")


class _Subdocs:
    """The subdocuments that come and go in a document."""

    def __init__(self, doc: Any) -> None:
        self._doc = doc
        self._events: list[dict[str, list[str]]] = []
        self.unloaded: set[str] = set()
        events, unloaded = self._events, self.unloaded

        def note(event: Any) -> None:
            told = {kind: sorted(getattr(event, kind)) for kind in ("added", "removed", "loaded")}
            events.append(told)
            unloaded.difference_update(told["removed"])
            unloaded.update(told["added"])
            unloaded.difference_update(told["loaded"])

        self._subscription = doc.observe_subdocs(note)

    def take(self) -> list[dict[str, list[str]]]:
        taken = list(self._events)
        self._events.clear()
        return taken

    def close(self) -> None:
        """A subscription and its document keep each other alive until it is dropped."""
        self._doc.unobserve(self._subscription)


def _inner(message: bytes) -> bytes:
    """A sync message without the type that y-websocket writes before it."""
    return bytes(message[1:])
