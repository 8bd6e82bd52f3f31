"""The stage: candidates are performed in one or several worlds, many in a line, and seen.

A world is a cast with a format of updates. In each world a case is judged by itself. Where there are several, what was
read at the same step must be the same in all: so a failure needs no expected value, only a reference that is cast in a
world of its own (a *twin*).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from conformance.judge.decoded import decoded_awareness, decoded_state_vector
from conformance.judge.judge import Judge
from conformance.minimize.seen import Part, Seen, constant, groups
from conformance.model.steps import is_local
from conformance.model.value import canonical_bytes, project
from conformance.plan.casting import Performance
from conformance.plan.finale import RELAY
from conformance.plan.program import compile_case
from conformance.plan.script import parts, slots_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from conformance.execute.engine import Engine
    from conformance.execute.session import Answer, Outcome
    from conformance.judge.judge import Failure, Verdict
    from conformance.minimize.search import Shows
    from conformance.model.implementation import Implementation
    from conformance.model.vector import Case
    from conformance.plan.program import Program

_TWIN_EXPECT: Mapping[str, Any] = {"converged": {}}  # everything is read, nothing is demanded by value
_BROKEN = ("refused", "accepted", "panic", "slot", "runner")
_FAULTS = ("crash", "timeout", "memory", "protocol", "untrusted")
_ENDS = (*_FAULTS, "panic", "runner", "unsupported")  # after these a world says nothing more


@dataclass(frozen=True, slots=True)
class World:
    """Who plays whom: peer -> number of an implementation; `rest` plays the relay and everybody else."""

    cast: Mapping[str, int]
    rest: int
    format: str = "v1"

    def performance(self, case: Case, *, with_finale: bool = True) -> Performance:
        """The case in this world."""
        filled = tuple(self._player(name, case) for name in parts(case))
        players = tuple(dict.fromkeys(filled))
        pattern = tuple(map(players.index, filled))
        return Performance(compile_case(case, pattern, self.format, with_finale=with_finale), filled, players)

    def _player(self, name: str, case: Case) -> int:
        if name == RELAY or name not in case.peers:
            return self.rest
        return self.cast.get(name, self.rest)


def world(case: Case, cast: Sequence[int], update_format: str) -> World:
    """The world of a performance: `cast` has the implementation of each part."""
    return World(dict(zip(parts(case), cast, strict=True)), cast[-1], update_format)


def solo(player: int, update_format: str) -> World:
    """The world in which one implementation plays all."""
    return World({}, player, update_format)


def without_values(case: Case) -> Case:
    """The case with nothing demanded by value, for worlds that are compared."""
    if case.verdict == "invalid":
        return replace(case, expect={"observations": {}})
    return replace(case, verdict="valid", expect=_TWIN_EXPECT)


@dataclass(frozen=True)
class Stage:
    """Performs cases and sees what is wrong.

    Attributes:
        worlds: one, in which the case itself says what is wrong, or several that must show the same.
        controls: worlds in which nothing may be wrong. A case may demand what holds only while it is whole, such as
            equal answers of peers that have been given everything; then it would be wrong here too, and is no good.
        looked_at: observation -> what is compared of it between worlds: state, state_vector, value, awareness, bytes.
    """

    engine: Engine
    implementations: Sequence[Implementation]
    worlds: Sequence[World]
    looked_at: Mapping[str, str] = field(default_factory=dict)
    controls: Sequence[World] = ()

    def see(self, cases: Sequence[Case]) -> list[Seen]:
        """What each case shows, in their order."""
        judge = Judge(self.implementations)
        performances = [world.performance(case) for case in cases for world in self.worlds]
        place = {id(performance): number for number, performance in enumerate(performances)}
        outcomes: list[Outcome | None] = [None] * len(performances)
        for finished in self.engine.run(iter(performances)):
            for outcome in finished:
                outcomes[place[id(outcome.performance)]] = outcome
        done = [outcome for outcome in outcomes if outcome is not None]
        verdicts = [judge.judge(outcome) for outcome in done]
        size = len(self.worlds)
        return [self._seen(done[at : at + size], verdicts[at : at + size]) for at in range(0, len(done), size)]

    def shows(self, predicate: Callable[[Seen], bool], tries: int = 1) -> Shows:
        """What `minimize` asks: whether each case shows what the predicate accepts, and no control shows anything.

        Args:
            tries: how often a case may be performed until it does, where a failure comes and goes.
        """

        def asked(cases: Sequence[Case]) -> list[bool]:
            shown = [predicate(seen) for seen in self.see(cases)]
            for _ in range(tries - 1):
                rest = [place for place, each in enumerate(shown) if not each]
                again = self.see([cases[place] for place in rest]) if rest else []
                for place, seen in zip(rest, again, strict=True):
                    shown[place] = predicate(seen)
            good = [case for case, each in zip(cases, shown, strict=True) if each]
            for control in self.controls if good else ():
                stage = replace(self, worlds=[control], looked_at={}, controls=())
                good = [case for case, seen in zip(good, stage.see(good), strict=True) if not seen.parts]
            kept = set(map(id, good))
            return [each and id(case) in kept for case, each in zip(cases, shown, strict=True)]

        return asked

    def label(self, world: World, case: Case) -> str:
        """The implementations of a world, the writer first."""
        return self._name(world.performance(case).players)

    def _name(self, players: Sequence[int]) -> str:
        return ">".join(self.implementations[player].label for player in players)

    # --- what is wrong in one world --------------------------------------------------------------------------

    def _seen(self, outcomes: Sequence[Outcome], verdicts: Sequence[Verdict]) -> Seen:
        found = {part for o, v in zip(outcomes, verdicts, strict=True) for part in self._own(o, v)}
        if len(outcomes) > 1:
            found = {part for part in found if part.check not in ("refused", "slot")}
            if not any(part.check in _ENDS for part in found):
                found.update(self._differences(outcomes))
        return Seen(frozenset(found), tuple(outcomes), tuple(verdicts))

    def _own(self, outcome: Outcome, verdict: Verdict) -> Iterator[Part]:
        if verdict.name in _FAULTS and not verdict.failures:
            yield Part(verdict.name, constant(verdict.detail), "", ((self._label(verdict.culprit),),))
        elif verdict.name == "unsupported":
            yield Part("unsupported", verdict.detail, "", ((self._label(verdict.culprit),),))
        for failure in verdict.failures:
            yield self._part(outcome, failure)

    def _part(self, outcome: Outcome, failure: Failure) -> Part:
        if failure.check == "agree":
            sides = failure.observed["parted"].split("|")
            parted = tuple(tuple(side.split(",")) for side in sides)
            answers = [cluster["answer"] for cluster in failure.observed["clusters"]]
            return Part("agree", failure.observed["of"], "", parted, self._roots([outcome], answers))
        who = ((self._label(failure.implementation),),)
        if failure.check in _BROKEN:
            step = outcome.performance.program.steps[failure.step]
            return Part(failure.check, _what(step, failure.check, str(failure.observed.get("message", ""))), "", who)
        return Part(failure.check, "", failure.stage, who)

    def _label(self, player: int | None) -> str:
        return "" if player is None else self.implementations[player].label

    # --- what differs between worlds ---------------------------------------------------------------------------

    def _differences(self, outcomes: Sequence[Outcome]) -> Iterator[Part]:
        """The first difference of each check at each stage."""
        program = outcomes[0].performance.program
        names = [self._name(outcome.performance.players) for outcome in outcomes]
        lossy = self._lossy(outcomes)
        met: set[tuple[str, str]] = set()
        for place, step in enumerate(program.steps):
            answers = [outcome.answers[place] for outcome in outcomes]
            if any(answer is None for answer in answers):
                return
            given = [answer for answer in answers if answer is not None]
            refusals = [_refusal(answer) for answer in given]
            if any(refusals) and not all(refusals):
                message = _what(step, "refused", next(filter(None, refusals)))
                kinds = [b"refused" if refusal else b"ok" for refusal in refusals]
                yield Part("refused", message, "", groups(list(zip(names, kinds, strict=True))))
                return  # what follows is a consequence
            check, stage = self._check(program, place)
            if not check or (check, stage) in met or any("ok" not in answer for answer in given):
                continue
            views = [_view(check, answer["ok"], lossy) for answer in given]
            if len(set(views)) > 1:
                met.add((check, stage))
                roots = self._roots(outcomes, [answer["ok"] for answer in given]) if check == "state" else ()
                yield Part(check, "", stage, groups(list(zip(names, views, strict=True))), roots)

    def _lossy(self, outcomes: Sequence[Outcome]) -> set[str]:
        """What one of the players cannot report."""
        players = {player for outcome in outcomes for player in outcome.performance.players}
        return {loss for player in players for loss in self.implementations[player].hello.lossy}

    def _roots(self, outcomes: Sequence[Outcome], states: Sequence[Any]) -> tuple[str, ...]:
        """The kinds of the roots in which states differ; none of what is no state."""
        if not all(isinstance(state, dict) for state in states):
            return ()
        lossy = self._lossy(outcomes)
        seen = [project(state, lossy) for state in states]
        roots = outcomes[0].performance.program.case.roots
        odd = {kind for name, kind in roots.items() if len({canonical_bytes(state.get(name)) for state in seen}) > 1}
        return tuple(sorted(odd))

    def _check(self, program: Program, place: int) -> tuple[str, str]:
        """What is compared at a step, and its stage; nothing for a step that only serves others."""
        step = program.steps[place]
        if place < len(program.case.steps):
            return self.looked_at.get(step.get("as", ""), ""), "steps"
        if step["op"] not in ("state", "state_vector") or not _is_read(step):
            return "", ""
        if step["peer"] == RELAY:
            return step["op"], "relay"
        lasting = step["as"].endswith("2") or len(program.case.peers) == 1
        return step["op"], "resynced" if lasting else "delivered"


def _what(step: Mapping[str, Any], check: str, message: str) -> str:
    """The op that was refused or broke, and why.

    The reason is left out where bytes of a peer were refused: what a decoder says of bytes that another one wrote in a
    way that it does not expect is a matter of what comes next in them.
    """
    op = op_named(step["op"])
    peers = check == "refused" and bool(slots_of(step))
    return op if peers else " ".join(filter(None, (op, constant(message))))


def op_named(op: str) -> str:
    """The op as a signature names it: the same whether it is a transaction of its own or among others in one."""
    return "edit" if op == "transact" or is_local({"op": op}) else op


def _is_read(step: Mapping[str, Any]) -> bool:
    """Whether a step of the finale reads a document, and does not serve an exchange."""
    return not step["as"].endswith(".since")


def _refusal(answer: Answer) -> str:
    """Why a step was refused; empty when it was not."""
    error = answer.get("error", {})
    return str(error.get("message") or "refused") if error.get("kind") == "refused" else ""


def _view(check: str, observed: Any, lossy: set[str]) -> bytes:
    """An answer as it is compared."""
    if check == "state":
        return canonical_bytes(project(observed, lossy))
    if check == "state_vector":
        return canonical_bytes(decoded_state_vector(observed))
    if check == "awareness":
        return canonical_bytes(decoded_awareness(observed))
    return canonical_bytes(observed)
