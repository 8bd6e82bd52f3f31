"""A session: the peers that this process plays, their slots, and the steps."""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from typing import TYPE_CHECKING, Any, Callable, Dict, Optional, Union

from .errors import StepError, Unsupported
from .values import Json

if TYPE_CHECKING:
    from .adapters import Adapter, Peer

Step = Dict[str, Any]
Answer = Optional[Dict[str, Json]]
"""None is short for `{"ok": null}`."""
Told = Union[int, Dict[str, Json]]
"""An answer as it is told: a number is that many steps in a row that observed nothing."""

LOCAL_OPS: dict[str, tuple[str, ...]] = {
    "text.insert": ("path", "index", "text"),
    "text.embed": ("path", "index", "value"),
    "text.format": ("path", "index", "length", "attributes"),
    "text.delete": ("path", "index", "length"),
    "text.delta": ("path", "delta"),
    "array.insert": ("path", "index", "values"),
    "array.delete": ("path", "index", "length"),
    "map.set": ("path", "key", "value"),
    "map.delete": ("path", "key"),
    "map.clear": ("path",),
    "xml.insert": ("path", "index", "nodes"),
    "xml.delete": ("path", "index", "length"),
    "xml.set": ("path", "name", "value"),
    "xml.unset": ("path", "name"),
}
"""Local op -> the keys that it cannot do without."""

OPS: dict[str, tuple[str, ...]] = {
    **LOCAL_OPS,
    "transact": ("steps",),
    "encode": (),
    "apply": ("update",),
    "state_vector": (),
    "state": (),
    "wrap": ("step",),
    "pending": (),
    "merge": ("updates",),
    "diff": ("update", "since"),
    "update_state_vector": ("update",),
    "convert": ("update", "from", "to"),
    "snapshot": (),
    "snapshot.restore": ("snapshot",),
    "snapshot.equal": ("snapshots",),
    "snapshot.contains": ("snapshot", "update"),
    "position": ("path", "index"),
    "position.resolve": ("position",),
    "position.json": ("position",),
    "position.parse": ("json",),
    "undo.track": ("paths",),
    "undo": (),
    "redo": (),
    "undo.stop": (),
    "undo.clear": (),
    "undo.can": (),
    "observe": ("path",),
    "events": (),
    "subdocs": (),
    "subdocs.observe": (),
    "subdocs.events": (),
    "awareness.set": ("state",),
    "awareness.encode": (),
    "awareness.apply": ("update",),
    "awareness.remove": ("clients",),
    "awareness.states": (),
    "awareness.events": (),
    "awareness.advance": ("milliseconds",),
    "sync.step1": (),
    "sync.step2": (),
    "sync.update": ("update",),
    "sync.read": ("message",),
}


class Session:
    """Documents of one vector, and the byte strings between them."""

    __slots__ = ("_ended", "_handlers", "_observing", "_peers", "_setup", "_slots", "adapter", "wraps")

    def __init__(
        self,
        adapter: Adapter,
        handlers: Handlers,
        roots: dict[str, str],
        peers: dict[str, dict[str, Any]],
        wrap: bool = False,
    ) -> None:
        """`handlers` are those of `steps.handlers_of(adapter)`, made once."""
        self.adapter = adapter
        self.wraps = wrap
        self._handlers = handlers
        self._slots: dict[str, bytes] = {}
        self._peers: dict[str, Peer] = {}
        self._ended = False
        self._setup: Answer = None
        self._observing: list[Peer] = []
        try:
            self._create(roots, peers)
        except BaseException as error:
            self._setup = answer_of(error)

    def _create(self, roots: dict[str, str], peers: dict[str, dict[str, Any]]) -> None:
        features = self.adapter.features
        for kind in roots.values():
            need(features, "root." + kind)
        for name, options in peers.items():
            if not options.get("gc", True):
                need(features, "gc.off")
            if options["client"] >= 2**32:
                need(features, "client.53")
            peer = self.adapter.create(options["client"], options.get("gc", True), roots)
            if options.get("declare", True):
                peer.declare()
            self._peers[name] = peer

    def close(self) -> None:
        """Lets go of the documents: what observes one keeps it alive."""
        for peer in self._observing:
            peer.close()
        self._observing = []

    def run(self, steps: list[Step]) -> list[Told]:
        """Performs the steps; one answer each, fewer when the session ends at one of them."""
        if self._ended:
            return []
        if self._setup is not None:
            self._ended = True
            return [self._setup]
        handlers = self._handlers
        told: list[Told] = []
        done = 0
        over = False
        for step in steps:
            try:
                handler = handlers.get(step["op"])
                if handler is None:
                    raise Unsupported(step["op"])
                answer = handler(self, step)
            except BaseException as error:
                answer = answer_of(error, self._malformed(step))
                over = self._ends(answer)
            if answer is None:
                done += 1
                continue
            if done:
                told.append(done)
                done = 0
            told.append(answer)
            if over:
                return told
        if done:
            told.append(done)
        return told

    def _ends(self, failed: dict[str, Json]) -> bool:
        """Whether the step failed in a way that ends the session, which then has ended."""
        kind = failed["error"]["kind"] if "error" in failed else "unsupported"
        if kind not in ("unsupported", "panic", "runner"):
            return False
        self._ended = True
        if kind == "panic":
            # A broken document is asked for nothing more, though what observes it keeps it alive.
            self._observing = []
        self.close()
        # A broken document is let go at once, and only here: its destructor may print or raise.
        self._peers = {}
        return True

    def _malformed(self, step: Step) -> str | None:
        """What is wrong with a step that failed. Looked for afterwards, to cost nothing when all is well."""
        if "op" not in step:
            return "a step has an op"
        if step.get("peer") not in self._peers:
            return f"this session has no peer {step.get('peer')!r}"
        for op in [step, *step.get("steps", [])]:
            for key in OPS.get(op.get("op"), ()):
                if key not in op:
                    return f"{op['op']} needs {key}"
        return None

    def peer(self, step: Step) -> Peer:
        """The document that performs the step."""
        peer = self._peers[step["peer"]]
        if "doc" in step:
            need(self.adapter.features, "doc")
            return peer.within(step["doc"])
        return peer

    def observing(self, peer: Peer) -> None:
        """Notes a peer that has to be closed."""
        if peer not in self._observing:
            self._observing.append(peer)

    def need_format(self, step: Step) -> None:
        if "format" in step and step["format"] != "v1":
            need(self.adapter.features, step["op"] + "." + step["format"])

    def bytes_of(self, given: Json) -> bytes:
        """The bytes that a step names or holds."""
        if type(given) is str:
            data = self._slots.get(given)
            if data is None:
                raise StepError("slot", "nothing has filled the slot " + given)
            return data
        return a2b_base64(given["base64"])

    def observed(self, step: Step, data: bytes) -> Answer:
        """The answer of a step that made bytes, which fill its slot."""
        if "as" in step:
            self._slots[step["as"]] = data
        return {"ok": b2a_base64(data, newline=False).decode()}

    def local(self, step: Step, ops: list[Step]) -> Answer:
        """Performs local ops in one transaction."""
        features = self.adapter.features
        for op in ops:
            if "attributes" in op and op["op"] == "text.insert":
                need(features, "text.insert.attributes")
        origin = step.get("origin")
        if origin is not None:
            need(features, "origin")
        if "as" not in step:
            self.peer(step).perform(ops, False, origin, self.wraps)
            return None
        need(features, "emit" if step.get("format", "v1") == "v1" else "emit." + step["format"])
        self._slots.pop(step["as"], None)
        update = self.peer(step).perform(ops, True, origin, self.wraps)
        return None if update is None else self.observed(step, update)

    def performs(self, op: str) -> bool:
        """Whether the loaded library can perform this local op."""
        return op in LOCAL_OPS and op in self._handlers


Handlers = Dict[str, Callable[[Session, Step], Answer]]


def need(features: Any, feature: str) -> None:
    if feature not in features:
        raise Unsupported(feature)


def answer_of(error: BaseException, malformed: str | None = None) -> dict[str, Json]:
    """The answer of a step that raised `error`; `malformed` says what is wrong with the step itself."""
    if malformed is not None and isinstance(error, (KeyError, TypeError)):
        return _error("runner", malformed)
    if isinstance(error, Unsupported):
        return {"unsupported": error.feature}
    if isinstance(error, StepError):
        return _error(error.kind, str(error))
    if isinstance(error, (KeyboardInterrupt, SystemExit, GeneratorExit)):
        raise error
    if isinstance(error, (AttributeError, NameError, RecursionError, AssertionError)):
        # No library reports a bad update or a bad index so: the runner called it wrongly, or it is too deep for it.
        return _error("runner", _describe(error))
    # A Rust panic comes as pyo3_runtime.PanicException, which is no Exception.
    return _error("refused" if isinstance(error, Exception) else "panic", _describe(error))


def _describe(error: BaseException) -> str:
    text = f"{type(error).__name__}: {error}"
    return text if error.__cause__ is None else f"{text} ({error.__cause__!r})"


def _error(kind: str, message: str) -> dict[str, Json]:
    return {"error": {"kind": kind, "message": message}}
