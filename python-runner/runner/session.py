"""A session: the peers that this process plays, their slots, and the steps."""

from __future__ import annotations

from binascii import a2b_base64
from typing import TYPE_CHECKING, Any, Callable, Dict

from .errors import StepError, Unsupported
from .values import Json, base64

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


def needed_setup(part: dict[str, Any]) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
    """The roots and peers of a request that begins a session."""
    return part.get("roots", {}), part.get("peers", {})


class Session:
    """Documents of one vector, and the byte strings between them."""

    __slots__ = ("_adapter", "_ended", "_peers", "_setup", "_slots")

    def __init__(self, adapter: Adapter, roots: dict[str, str], peers: dict[str, dict[str, Any]]) -> None:
        self._adapter = adapter
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
        answers: list[Answer] = []
        for step in steps:
            try:
                answer = self._perform(step)
            except BaseException as error:  # noqa: PERF203 - each step fails by itself
                answer = answer_of(error)
                answers.append(answer)
                if "unsupported" in answer or answer["error"]["kind"] in ("panic", "runner"):
                    self._ended = True
                    # A broken document is let go at once, and only here: its destructor may print or raise.
                    self._peers = {}
                    return answers
            else:
                answers.append(answer)
        return answers

    def _perform(self, step: Step) -> Answer:
        op = step["op"]
        needs = OPS.get(op)
        if needs is None or op not in self._adapter.features:
            raise Unsupported(op)
        for key in needs:
            if key not in step:
                raise StepError("runner", f"{op} needs {key}")
        if op in LOCAL_OPS:
            return self._local(step, [step])
        return _HANDLERS[op](self, step)

    def _peer(self, step: Step) -> Peer:
        peer = self._peers.get(step["peer"])
        if peer is None:
            raise StepError("runner", "this session has no peer {!r}".format(step["peer"]))
        return peer

    def _format(self, step: Step, feature: str) -> None:
        if step.get("format", "v1") != "v1":
            _need(self._adapter.features, feature + "." + step["format"])

    def _bytes(self, given: Json) -> bytes:
        if type(given) is str:
            data = self._slots.get(given)
            if data is None:
                raise StepError("slot", "nothing has filled the slot " + given)
            return data
        return a2b_base64(given["base64"])

    def _observe(self, step: Step, data: bytes) -> Answer:
        name = step.get("as")
        if name is not None:
            self._slots[name] = data
        return {"ok": base64(data)}

    def _local(self, step: Step, ops: list[Step]) -> Answer:
        features = self._adapter.features
        for op in ops:
            if "attributes" in op and op["op"] == "text.insert":
                _need(features, "text.insert.attributes")
        if "as" not in step:
            self._peer(step).perform(ops, False)
            return _DONE
        _need(features, "emit")
        self._format(step, "emit")
        self._slots.pop(step["as"], None)
        update = self._peer(step).perform(ops, True)
        return _DONE if update is None else self._observe(step, update)

    def _transact(self, step: Step) -> Answer:
        for op in step["steps"]:
            needs = LOCAL_OPS.get(op["op"])
            if needs is None or op["op"] not in self._adapter.features:
                raise Unsupported(op["op"])
            for key in needs:
                if key not in op:
                    raise StepError("runner", "{} needs {}".format(op["op"], key))
            if op["peer"] != step["peer"]:
                raise StepError("runner", "the ops of a transaction have one peer")
        return self._local(step, step["steps"])

    def _encode(self, step: Step) -> Answer:
        self._format(step, "encode")
        since = step.get("since")
        update = self._peer(step).encode(None if since is None else self._bytes(since))
        return self._observe(step, update)

    def _apply(self, step: Step) -> Answer:
        self._format(step, "apply")
        self._peer(step).apply(self._bytes(step["update"]))
        return _DONE

    def _state_vector(self, step: Step) -> Answer:
        return self._observe(step, self._peer(step).state_vector())

    def _state(self, step: Step) -> Answer:
        return {"ok": self._peer(step).state()}

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
        self._peer(step).track(step["paths"])
        return _DONE

    def _undo(self, step: Step) -> Answer:
        return {"ok": self._peer(step).undo()}

    def _redo(self, step: Step) -> Answer:
        return {"ok": self._peer(step).redo()}


_HANDLERS: dict[str, Callable[[Session, Step], Answer]] = {
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


def _need(features: Any, feature: str) -> None:
    if feature not in features:
        raise Unsupported(feature)


def answer_of(error: BaseException) -> Answer:
    """The answer of a step that raised `error`."""
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
