"""Judgement: what a performance showed against what its case demands.

The verdicts:

- `pass`: everything demanded was seen, and every step that may not fail was done;
- `fail`: a demanded state, state vector or observation differs, or a step was refused that must succeed;
- `crash`, `timeout`, `memory`, `protocol`: the runner, not an answer, was at fault; `crash` also covers a panic
  that the runner caught;
- `unsupported`: a library lacks what the case needs.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.judge.agreement import Voice, partings
from conformance.model.value import Value, canonical_bytes, digest, project, quick_bytes, same
from conformance.wire.lib0 import WireError
from conformance.wire.state_vector import decode_state_vector

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.execute.session import Answer, Outcome
    from conformance.model.implementation import Implementation
    from conformance.plan.finale import Demand
    from conformance.plan.program import Program


@dataclass(frozen=True, slots=True)
class Failure:
    """One difference: at which step, of which stage and check, whose answer, what was demanded and what was seen."""

    step: int
    stage: str
    check: str
    peer: str
    implementation: int
    expected: Value
    observed: Value

    @property
    def signature(self) -> str:
        """What stays the same when the failure stays the same: the check and a digest of the wrong answer."""
        if self.check in ("refused", "accepted", "panic", "slot", "runner"):
            return f"{self.check}:{self.observed['op']}"
        if self.check == "agree":
            return f"agree:{self.observed['of']}:{self.observed['parted']}"
        return f"{self.check}:{digest(self.observed)}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`detail` is the missing feature or the runner's own words; `culprit` the implementation at fault."""

    name: str
    failures: tuple[Failure, ...] = ()
    detail: str = ""
    culprit: int | None = None

    @property
    def signature(self) -> str:
        """The signatures of all failures, each once; of a fault its verdict."""
        if self.failures:
            return "+".join(sorted({failure.signature for failure in self.failures}))
        return self.name


_PASS = Verdict("pass")
_REMEMBERED = 512  # pairs of updates whose structs were compared
_REMEMBERED_CASES = 256
_REMEMBERED_VIEWS = 64  # of a case


class _Right:
    """What is right in a case, in the forms in which answers that were right came: most answers are one of them.

    Its keys are ids of states and state vectors of the case, which are kept beside their forms, so that an id names
    one of them only.
    """

    __slots__ = ("_states", "_vectors")

    def __init__(self) -> None:
        self._states: dict[tuple[int, int, tuple[str, ...]], tuple[Demand, set[bytes]]] = {}
        self._vectors: dict[tuple[int, int], tuple[Demand, set[str]]] = {}

    def meets_state(self, demand: Demand, lossy: tuple[str, ...], observed: Value) -> bool:
        views = demand.expected
        key = (id(views[0]["state"]), len(views), lossy)
        if key not in self._states:
            if len(self._states) == _REMEMBERED_VIEWS:  # cases of one id, each cut down further than the one before
                self._states.clear()
            states = [project(view["state"], lossy) for view in views]
            self._states[key] = demand, {form(state) for state in states for form in _FORMS}
        forms = self._states[key][1]
        quick = quick_bytes(observed)
        if quick in forms:
            return True
        right = canonical_bytes(observed) in forms
        if right:
            forms.add(quick)
        return right

    def meets_vector(self, demand: Demand, observed: Value) -> bool:
        """State vectors are compared decoded."""
        if not isinstance(observed, str):
            return False
        views = demand.expected
        key = (id(views[0]["state_vector"]), len(views))
        if key not in self._vectors:
            if len(self._vectors) == _REMEMBERED_VIEWS:
                self._vectors.clear()
            self._vectors[key] = demand, set()
        known = self._vectors[key][1]
        if observed in known:
            return True
        right = any(decoded_state_vector(observed) == view["state_vector"] for view in views)
        if right:
            known.add(observed)
        return right


_FORMS = (quick_bytes, canonical_bytes)


class Judge:
    """Compares answers with demands. Keeps what is right in the cases at hand, so use one judge for a whole run."""

    def __init__(self, implementations: Sequence[Implementation]) -> None:
        self._lossy = [implementation.hello.lossy for implementation in implementations]
        self._labels = [implementation.label for implementation in implementations]
        self._right: dict[str, _Right] = {}
        self._relayed: dict[tuple[Value, Value, str], list[str]] = {}

    def judge(self, outcome: Outcome) -> Verdict:
        """The verdict on one outcome."""
        if outcome.fault is not None:
            return Verdict(outcome.fault.kind, (), outcome.fault.message, outcome.fault.implementation)
        performance = outcome.performance
        program = performance.program
        answers = outcome.answers
        failures: list[Failure] = []
        voices: list[Voice] = []
        broken: set[str] = set()  # deliveries of which a step failed: what they reached is a consequence
        for place, answer in enumerate(() if outcome.done else answers):
            if answer is None or "ok" in answer:
                continue
            if "unsupported" in answer:
                culprit = performance.players[program.actors[place]]
                return Verdict("unsupported", (), str(answer["unsupported"]), culprit)
            if self._is_tolerated(program, place, answer) or program.deliveries.get(place) in broken:
                continue
            if delivery := program.deliveries.get(place):
                broken.add(delivery)
            failures.append(self._error(outcome, place, answer["error"]))
        for place, demand in program.demands:
            if broken and program.deliveries.get(place) in broken:
                continue
            answer = answers[place]
            if answer is None or ("ok" not in answer and not self._is_tolerated(program, place, answer)):
                continue
            player = performance.players[program.actors[place]]
            if demand.check == "agree":
                voices.append(_voice(program, place, demand, player, answer))
            elif demand.check == "structs":
                # A document that is wrong already has wrong structs: they would be the same failure once more.
                failures += () if failures or self._parted(voices) else self._structs(outcome, place, demand, player)
            elif not self._meets(program, demand, answer, player):
                failures.append(self._difference(program, place, demand, answer, player))
        failures += () if failures else self._parted(voices)
        if not failures:
            return _PASS
        panicked = next((failure for failure in failures if failure.check == "panic"), None)
        if panicked is not None:
            return Verdict("crash", tuple(failures), panicked.observed["message"], panicked.implementation)
        return Verdict("fail", tuple(failures))

    def _parted(self, voices: Sequence[Voice]) -> list[Failure]:
        """The failures of peers that must agree and do not: one for each aspect, at a peer of the smallest cluster."""
        failures = []
        for parting in partings(voices, self._lossy) if voices else ():
            odd = parting.minority
            observed = {
                "of": parting.aspect,
                "parted": parting.parted(self._labels),
                "clusters": [
                    {
                        "peers": {voice.peer: self._labels[voice.player] for voice in cluster},
                        "answer": cluster[0].answer,
                    }
                    for cluster in parting.clusters
                ],
            }
            expected = {"agree": parting.aspect}
            failures.append(Failure(odd.place, odd.stage, "agree", odd.peer, odd.player, expected, observed))
        return failures

    @staticmethod
    def _is_tolerated(program: Program, place: int, answer: Answer) -> bool:
        return place in program.tolerated and answer["error"].get("kind") == "refused"

    def _structs(self, outcome: Outcome, place: int, demand: Demand, player: int) -> Iterator[Failure]:
        """The failure of a peer whose structs are not those of the update that it was given, if it is one."""
        program = outcome.performance.program
        slot = demand.expected[0]["of"]
        source = next(at for at in reversed(range(place)) if program.steps[at].get("as") == slot)
        given, back = (outcome.answers[at] for at in (source, place))
        if given is None or back is None or given.get("ok") == back.get("ok"):
            return
        key = (given.get("ok"), back.get("ok"), program.format)
        if key not in self._relayed:
            if len(self._relayed) >= _REMEMBERED:
                self._relayed.clear()
            self._relayed[key] = _relayed_differences(*key)
        if lines := self._relayed[key]:
            yield Failure(place, demand.stage, "structs", demand.peer, player, {"structs of": slot}, lines)

    def _meets(self, program: Program, demand: Demand, answer: Answer, player: int) -> bool:
        if demand.stage != "steps" and demand.check in ("state", "state_vector"):
            right = self._of(program.case.id)
            if demand.check == "state":
                return right.meets_state(demand, self._lossy[player], answer["ok"])
            return right.meets_vector(demand, answer["ok"])
        return any(self._observed(alternative, answer, self._lossy[player]) for alternative in demand.expected)

    def _of(self, case: str) -> _Right:
        """Outcomes come more or less in the order of the cases: the oldest is forgotten."""
        found = self._right.get(case)
        if found is None:
            if len(self._right) == _REMEMBERED_CASES:
                del self._right[next(iter(self._right))]
            found = self._right[case] = _Right()
        return found

    @staticmethod
    def _observed(alternative: Mapping[str, Any], answer: Answer, lossy: tuple[str, ...]) -> bool:
        """Whether an answer is what one alternative of an observation says."""
        if "refused" in alternative:
            return "error" in answer and answer["error"].get("kind") == "refused"
        if "ok" not in answer:
            return False
        ok = answer["ok"]
        if "state" in alternative:
            return same(ok, project(alternative["state"], lossy))
        if "state_vector" in alternative:
            return bool(decoded_state_vector(ok) == alternative["state_vector"])
        if "awareness" in alternative:
            return same(decoded_awareness(ok), alternative["awareness"])
        if "bytes" in alternative:
            return bool(ok == alternative["bytes"])
        return "done" in alternative or same(ok, alternative["value"])

    def _difference(self, program: Program, place: int, demand: Demand, answer: Answer, player: int) -> Failure:
        if demand.check == "refused" and "ok" in answer:
            seen = {"op": program.steps[place]["op"], "ok": answer["ok"]}
            return Failure(place, demand.stage, "accepted", demand.peer, player, {"refused": True}, seen)
        expected = [dict(alternative) for alternative in demand.expected]
        if demand.check == "state":
            expected = [
                {"state": project(view["state"], self._lossy[player])} if "state" in view else view for view in expected
            ]
        shown: Value = [next(iter(view.values())) for view in expected] if demand.check in expected[0] else expected
        observed: Value = answer.get("ok", answer.get("error"))
        if demand.check == "state_vector":
            decoded = decoded_state_vector(observed)
            observed = observed if decoded is None else decoded
        if isinstance(shown, list) and len(shown) == 1:
            shown = shown[0]
        return Failure(place, demand.stage, demand.check, demand.peer, player, shown, observed)

    @staticmethod
    def _error(outcome: Outcome, place: int, error: Mapping[str, Any]) -> Failure:
        program = outcome.performance.program
        step = program.steps[place]
        player = outcome.performance.players[program.actors[place]]
        kind = error.get("kind")
        check = kind if kind in ("refused", "panic", "slot") else "runner"
        observed = {"op": step["op"], "message": str(error.get("message", ""))[:2000]}
        stage = "steps" if place < len(program.case.steps) else program.deliveries.get(place, "finale")
        return Failure(place, stage, check, step["peer"], player, {"ok": True}, observed)


def _voice(program: Program, place: int, demand: Demand, player: int, answer: Answer) -> Voice:
    if "ok" not in answer:
        said: Value = {"refused": True}
    elif program.steps[place]["op"] == "state_vector":
        said = decoded_state_vector(answer["ok"])
    else:
        said = answer["ok"]
    return Voice(place, demand.stage, demand.peer, player, demand.expected[0]["group"], said)


def _relayed_differences(given: Value, back: Value, update_format: str) -> list[str]:
    from conformance.wire.relayed import relayed_differences  # most runs need it late, some never

    try:
        return relayed_differences(_bytes(given), _bytes(back), "v2" if update_format == "v2" else "v1")
    except WireError as error:
        return [f"cannot be read: {error}"]


def decoded_awareness(observed: Value) -> Value:
    """Client id (as text) -> clock and state, of an awareness update in base64; None when it is not one."""
    from conformance.wire.awareness import decode_awareness

    try:
        entries = decode_awareness(_bytes(observed)).entries
    except WireError:
        return None
    return {str(entry.client): {"clock": entry.clock, "state": entry.state} for entry in entries}


def _bytes(observed: Value) -> bytes:
    """Raises WireError."""
    try:
        return base64.b64decode(observed, validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise WireError(0, "not base64") from None


def decoded_state_vector(observed: Value) -> dict[str, int] | None:
    """Client id (as text) -> next clock, of a state vector in base64; None when it is not one."""
    try:
        pairs = decode_state_vector(base64.b64decode(observed, validate=True))
    except (binascii.Error, WireError, TypeError, ValueError):
        return None
    return {str(client): clock for client, clock in pairs.items() if clock > 0}
