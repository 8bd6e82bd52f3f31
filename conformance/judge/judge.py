"""Judgement: what a performance showed against what its case demands.

The verdicts:

- `pass`: everything demanded was seen, and every step that may not fail was done;
- `fail`: a demanded state, state vector or observation differs, or a step was refused that must succeed;
- `crash`, `timeout`, `memory`, `protocol`: the runner, not an answer, was at fault; `crash` also covers a panic
  that the runner caught;
- `unsupported`: a library lacks what the case needs. Where agreement is demanded, and no values, the others may fail
  nevertheless by what was reached.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.judge.agreement import REFUSED, Voice, partings
from conformance.judge.decoded import STATE_VECTORS, bytes_of, decoded_awareness, decoded_state_vector
from conformance.judge.passed import Memory, Seen
from conformance.judge.right import Right
from conformance.model.value import Value, digest, project, same
from conformance.wire.lib0 import WireError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
    """`detail` is the missing feature or the runner's own words; `culprit` the implementation at fault.

    `signature` has the signatures of all failures, each once; of a fault its verdict.
    """

    name: str
    failures: tuple[Failure, ...] = ()
    detail: str = ""
    culprit: int | None = None
    signature: str = field(init=False)

    def __post_init__(self) -> None:
        parts = sorted({failure.signature for failure in self.failures})
        object.__setattr__(self, "signature", "+".join(parts) or self.name)


_PASS = Verdict("pass")
_REMEMBERED = 512  # pairs of updates whose structs were compared
_REMEMBERED_CASES = 256


class Judge:
    """Compares answers with demands. Keeps what is right in the cases at hand, so use one judge for a whole run."""

    def __init__(self, implementations: Sequence[Implementation]) -> None:
        self._lossy = [implementation.hello.lossy for implementation in implementations]
        self._labels = [implementation.label for implementation in implementations]
        self._right: dict[str, Right] = {}
        self._memory = Memory()
        self._relayed: dict[tuple[Value, Value, str], list[str]] = {}

    def judge(self, outcome: Outcome, *, structs: bool = True) -> Verdict:
        """The verdict on one outcome; without `structs` it is not asked what a relay kept of its update."""
        if outcome.fault is not None:
            return Verdict(outcome.fault.kind, (), outcome.fault.message, outcome.fault.implementation)
        seen = self._memory.of(outcome.performance.program)
        if not outcome.done:
            return self._judge(outcome, seen, structs=structs)
        if seen.agrees(outcome.answers):
            return self._judge_structs(outcome, seen, structs=structs)
        players = outcome.performance.players
        lossy = tuple([self._lossy[player] for player in players])
        key = seen.key(outcome.performance.program, lossy, outcome.answers)
        if key in seen.passed:
            return self._judge_structs(outcome, seen, structs=structs)
        verdict = self._judge(outcome, seen, structs=structs)
        if verdict is _PASS:
            seen.passed.add(key)
        return verdict

    def _judge_structs(self, outcome: Outcome, seen: Seen, *, structs: bool) -> Verdict:
        """The verdict on an outcome that met all other demands."""
        failures = self._structs(outcome, seen) if structs else []
        return Verdict("fail", tuple(failures)) if failures else _PASS

    def _judge(self, outcome: Outcome, seen: Seen, *, structs: bool) -> Verdict:
        performance = outcome.performance
        program = performance.program
        answers = outcome.answers
        failures: list[Failure] = []
        voices: list[Voice] = []
        broken: set[str] = set()  # deliveries of which a step failed: what they reached is a consequence
        lacking: Verdict | None = None
        for place, answer in enumerate(() if outcome.done else answers):
            if answer is None or "ok" in answer:
                continue
            if "unsupported" in answer:
                culprit = performance.players[program.actors[place]]
                lacking = lacking or Verdict("unsupported", (), str(answer["unsupported"]), culprit)
                if not program.case.demands_agreement:
                    return lacking
                continue
            if self._is_tolerated(program, place, answer) or program.deliveries.get(place) in broken:
                continue
            if delivery := program.deliveries.get(place):
                broken.add(delivery)
            failures.append(self._error(outcome, place, answer["error"]))
        for place, demand in program.demands:
            if broken and program.deliveries.get(place) in broken:
                continue
            answer = answers[place]
            if answer is None or "unsupported" in answer:
                continue
            if "ok" not in answer and not self._is_tolerated(program, place, answer):
                continue
            player = performance.players[program.actors[place]]
            if demand.check == "agree":
                voices.append(_voice(program, place, demand, player, answer))
            elif demand.check != "structs" and not self._meets(program, demand, answer, player):
                failures.append(self._difference(program, place, demand, answer, player))
        # A document that is wrong already has wrong structs: they would be the same failure once more.
        failures = failures or self._parted(voices) or (self._structs(outcome, seen) if structs else [])
        if not failures:
            return lacking or _PASS
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

    def _structs(self, outcome: Outcome, seen: Seen) -> list[Failure]:
        """The failures of peers whose structs are not those of the update that they were given."""
        failures = []
        program = outcome.performance.program
        for place, demand, source in seen.structs:
            given, back = outcome.answers[source], outcome.answers[place]
            if given is None or back is None or not {"ok"} == given.keys() == back.keys() or given["ok"] == back["ok"]:
                continue
            key = (given["ok"], back["ok"], program.format)
            if key not in self._relayed:
                if len(self._relayed) >= _REMEMBERED:
                    self._relayed.clear()
                self._relayed[key] = _relayed_differences(*key)
            if lines := self._relayed[key]:
                player = outcome.performance.players[program.actors[place]]
                expected = {"structs of": demand.expected[0]["of"]}
                failures.append(Failure(place, demand.stage, "structs", demand.peer, player, expected, lines))
        return failures

    def _meets(self, program: Program, demand: Demand, answer: Answer, player: int) -> bool:
        if demand.stage != "steps" and demand.check in ("state", "state_vector"):
            right = self._of(program.case.id)
            if demand.check == "state":
                return right.meets_state(demand, self._lossy[player], answer["ok"])
            return right.meets_vector(demand, answer["ok"])
        return any(self._observed(alternative, answer, self._lossy[player]) for alternative in demand.expected)

    def _of(self, case: str) -> Right:
        """Outcomes come more or less in the order of the cases: the oldest is forgotten."""
        found = self._right.get(case)
        if found is None:
            if len(self._right) == _REMEMBERED_CASES:
                del self._right[next(iter(self._right))]
            found = self._right[case] = Right()
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
        said: Value = REFUSED
    elif program.steps[place]["op"] in STATE_VECTORS:
        said = decoded_state_vector(answer["ok"])
    else:
        said = answer["ok"]
    return Voice(place, demand.stage, demand.peer, player, demand.expected[0]["group"], said)


def _relayed_differences(given: Value, back: Value, update_format: str) -> list[str]:
    from conformance.wire.relayed import relayed_differences  # most runs need it late, some never

    try:
        return relayed_differences(bytes_of(given), bytes_of(back), "v2" if update_format == "v2" else "v1")
    except WireError as error:
        return [f"cannot be read: {error}"]
