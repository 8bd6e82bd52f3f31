"""A session: the peers that this process plays, their slots, and the steps."""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from typing import TYPE_CHECKING, Any, Callable, Dict

from .errors import StepError, Unsupported
from .values import Json

if TYPE_CHECKING:
    from .adapters import Adapter, Peer

Step = Dict[str, Any]
Answer = Dict[str, Json]

LOCAL_OPS: dict[str, tuple[str, ...]] = {
    "text.insert": ("path", "index", "text"),
    "text.embed": ("path", "index", "value"),
    "text.format": ("path", "index", "length", "attributes"),
    "text.delete": ("path", "index", "length"),
    "array.insert": ("path", "index", "values"),
    "array.delete": ("path", "index", "length"),
    "map.set": ("path", "key", "value"),
    "map.delete": ("path", "key"),
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
    "pending": (),
    "merge": ("updates",),
    "diff": ("update", "since"),
    "update_state_vector": ("update",),
    "convert": ("update", "from", "to"),
    "undo.track": ("paths",),
    "undo": (),
    "redo": (),
}

_DONE: Answer = {"ok": None}


class Session:
    """Documents of one vector, and the byte strings between them."""

    __slots__ = ("_adapter", "_ended", "_handlers", "_peers", "_setup", "_slots")

    def __init__(
        self, adapter: Adapter, handlers: Handlers, roots: dict[str, str], peers: dict[str, dict[str, Any]]
    ) -> None:
        """`handlers` are those of `handlers_of(adapter)`, made once."""
        self._adapter = adapter
        self._handlers = handlers
        self._slots: dict[str, bytes] = {}
        self._peers: dict[str, Peer] = {}
        self._ended = False
        self._setup: Answer | None = None
        try:
            self._create(roots, peers)
        except BaseException as error:
            self._setup = answer_of(error)

    def _create(self, roots: dict[str, str], peers: dict[str, dict[str, Any]]) -> None:
        features = self._adapter.features
        for kind in roots.values():
            _need(features, "root." + kind)
        for name, options in peers.items():
            if not options.get("gc", True):
                _need(features, "gc.off")
            if options["client"] >= 2**32:
                _need(features, "client.53")
            peer = self._adapter.create(options["client"], options.get("gc", True), roots)
            if options.get("declare", True):
                peer.declare()
            self._peers[name] = peer

    def run(self, steps: list[Step]) -> list[Answer]:
        """Performs the steps; one answer each, fewer when the session ends at one of them."""
        if self._ended:
            return []
        if self._setup is not None:
            self._ended = True
            return [self._setup]
        handlers = self._handlers
        answers: list[Answer] = []
        for step in steps:
            try:
                handler = handlers.get(step["op"])
                if handler is None:
                    raise Unsupported(step["op"])
                answers.append(handler(self, step))
            except BaseException as error:  # noqa: PERF203 - each step fails by itself
                answer = answer_of(error, self._malformed(step))
                answers.append(answer)
                if "unsupported" in answer or answer["error"]["kind"] in ("panic", "runner"):
                    self._ended = True
                    # A broken document is let go at once, and only here: its destructor may print or raise.
                    self._peers = {}
                    return answers
        return answers

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

    def _format(self, step: Step, feature: str) -> None:
        if "format" in step and step["format"] != "v1":
            _need(self._adapter.features, feature + "." + step["format"])

    def _bytes(self, given: Json) -> bytes:
        if type(given) is str:
            data = self._slots.get(given)
            if data is None:
                raise StepError("slot", "nothing has filled the slot " + given)
            return data
        return a2b_base64(given["base64"])

    def _observe(self, step: Step, data: bytes) -> Answer:
        if "as" in step:
            self._slots[step["as"]] = data
        return {"ok": b2a_base64(data, newline=False).decode()}

    def _local_op(self, step: Step) -> Answer:
        return self._local(step, [step])

    def _local(self, step: Step, ops: list[Step]) -> Answer:
        features = self._adapter.features
        for op in ops:
            if "attributes" in op and op["op"] == "text.insert":
                _need(features, "text.insert.attributes")
        if "as" not in step:
            self._peers[step["peer"]].perform(ops, False)
            return _DONE
        _need(features, "emit")
        self._format(step, "emit")
        self._slots.pop(step["as"], None)
        update = self._peers[step["peer"]].perform(ops, True)
        return _DONE if update is None else self._observe(step, update)

    def _transact(self, step: Step) -> Answer:
        for op in step["steps"]:
            if op["op"] not in LOCAL_OPS or op["op"] not in self._handlers:
                raise Unsupported(op["op"])
            if op["peer"] != step["peer"]:
                raise StepError("runner", "the ops of a transaction have one peer")
        return self._local(step, step["steps"])

    def _encode(self, step: Step) -> Answer:
        self._format(step, "encode")
        since = step.get("since")
        update = self._peers[step["peer"]].encode(None if since is None else self._bytes(since))
        return self._observe(step, update)

    def _apply(self, step: Step) -> Answer:
        self._format(step, "apply")
        self._peers[step["peer"]].apply(self._bytes(step["update"]))
        return _DONE

    def _state_vector(self, step: Step) -> Answer:
        return self._observe(step, self._peers[step["peer"]].state_vector())

    def _state(self, step: Step) -> Answer:
        return {"ok": self._peers[step["peer"]].state()}

    def _merge(self, step: Step) -> Answer:
        self._format(step, "merge")
        return self._observe(step, self._adapter.merge([self._bytes(update) for update in step["updates"]]))

    def _diff(self, step: Step) -> Answer:
        self._format(step, "diff")
        update = self._adapter.diff(self._bytes(step["update"]), self._bytes(step["since"]))
        return self._observe(step, update)

    def _update_state_vector(self, step: Step) -> Answer:
        self._format(step, "update_state_vector")
        return self._observe(step, self._adapter.update_state_vector(self._bytes(step["update"])))

    def _track(self, step: Step) -> Answer:
        self._peers[step["peer"]].track(step["paths"])
        return _DONE

    def _undo(self, step: Step) -> Answer:
        return {"ok": self._peers[step["peer"]].undo()}

    def _redo(self, step: Step) -> Answer:
        return {"ok": self._peers[step["peer"]].redo()}


Handlers = Dict[str, Callable[[Session, Step], Answer]]

_HANDLERS: Handlers = {
    **dict.fromkeys(LOCAL_OPS, Session._local_op),
    "transact": Session._transact,
    "encode": Session._encode,
    "apply": Session._apply,
    "state_vector": Session._state_vector,
    "state": Session._state,
    "merge": Session._merge,
    "diff": Session._diff,
    "update_state_vector": Session._update_state_vector,
    "undo.track": Session._track,
    "undo": Session._undo,
    "redo": Session._redo,
}


def handlers_of(adapter: Adapter) -> Handlers:
    """The steps that the loaded library can perform."""
    return {op: handler for op, handler in _HANDLERS.items() if op in adapter.features}


def _need(features: Any, feature: str) -> None:
    if feature not in features:
        raise Unsupported(feature)


def answer_of(error: BaseException, malformed: str | None = None) -> Answer:
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


def _error(kind: str, message: str) -> Answer:
    return {"error": {"kind": kind, "message": message}}
