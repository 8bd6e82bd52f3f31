"""Performing one case in one cast, to see a failure with all bytes that led to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.judge.judge import Judge
from conformance.plan.casting import Performance
from conformance.plan.program import compile_case
from conformance.plan.script import parts
from conformance.report.records import GOOD
from conformance.repro.disagreement import goal_of
from conformance.repro.part import Goal, Part, share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from conformance.execute.engine import Engine
    from conformance.execute.session import Outcome
    from conformance.judge.judge import Failure, Verdict
    from conformance.model.implementation import Implementation
    from conformance.model.vector import Case
    from conformance.plan.finale import Demand


@dataclass(frozen=True, slots=True)
class Shown:
    """A performance, its verdict, and the failure that is to be shown; none where the process died."""

    outcome: Outcome
    verdict: Verdict
    goal: Goal | None
    answered_by: int | None

    @property
    def failed(self) -> bool:
        return self.verdict.name not in GOOD

    def part(self, player: int) -> Part:
        """What the implementation of that number plays of it. Of a disagreement each shows its own side."""
        performance = self.outcome.performance
        program = performance.program
        goal, note = self._goal(player)
        return share(
            program.case,
            program.format,
            program.steps,
            program.actors,
            performance.players.index(player),
            goal,
            self.slots(),
            program.tolerated,
            note,
        )

    def _goal(self, player: int) -> tuple[Goal | None, str]:
        """What a program of that implementation shows, and where what it expects comes from."""
        parting = next((failure for failure in self.verdict.failures if failure.check == "agree"), None)
        found = None if parting is None else goal_of(self.outcome, parting, player)
        return found or (self.goal, "")

    def slots(self) -> Mapping[str, str]:
        """Slot -> base64 of all that was made."""
        steps = self.outcome.performance.program.steps
        return {
            step["as"]: answer["ok"]
            for step, answer in zip(steps, self.outcome.answers, strict=True)
            if answer is not None and isinstance(answer.get("ok"), str) and "as" in step
        }


def cast_as(case: Case, cast: Sequence[int], update_format: str) -> Performance:
    """A case with an implementation, by its number, for the first part and one for all others."""
    players = tuple(dict.fromkeys(cast))
    filled = (cast[0], *[cast[-1]] * (len(parts(case)) - 1))
    pattern = tuple(players.index(player) for player in filled)
    return Performance(compile_case(case, pattern, update_format), filled, players)


def perform_all(
    engine: Engine,
    implementations: Sequence[Implementation],
    performances: Sequence[Performance],
    choose: Callable[[Performance, Sequence[Failure]], Failure],
) -> Iterator[Shown]:
    """Perform, judge, and choose the failure to show; in the order in which they are done."""
    judge = Judge(implementations)
    for outcomes in engine.run(iter(performances)):
        for outcome in outcomes:
            verdict = judge.judge(outcome)
            yield shown(outcome, verdict, choose)


def shown(outcome: Outcome, verdict: Verdict, choose: Callable[[Performance, Sequence[Failure]], Failure]) -> Shown:
    if verdict.failures:
        failure = choose(outcome.performance, verdict.failures)
        goal = Goal(failure.step, failure.check, failure.expected, failure.observed)
        return Shown(outcome, verdict, goal, failure.implementation)
    if verdict.name in GOOD:
        return Shown(outcome, verdict, _last_demand(outcome), None)
    return Shown(outcome, verdict, None, verdict.culprit)


def first(_performance: Performance, failures: Sequence[Failure]) -> Failure:
    """The failure that came first; one that a reader sees before one of structs only."""
    return min(failures, key=lambda failure: (failure.check == "structs", failure.step))


def _last_demand(outcome: Outcome) -> Goal | None:
    """What stands for a failure when there is none: the last state demanded before peers exchanged anything."""
    demands = outcome.performance.program.demands
    early = [(place, demand) for place, demand in demands if demand.stage in ("steps", "delivered")]
    states = [item for item in early if item[1].check == "state"]
    agreed = _agreed(outcome)
    values = [item for item in early if item[1].check != "agree"]
    found = states or values or [item for item in agreed if item in early] or agreed
    if not found:
        return None
    place, demand = found[-1]
    observed = (outcome.answers[place] or {}).get("ok")
    if demand.check == "agree":
        return Goal(place, "state", observed, observed)
    view = demand.expected[0]
    return Goal(place, demand.check, view.get(demand.check, view), observed)


def _agreed(outcome: Outcome) -> list[tuple[int, Demand]]:
    """The states of a case that demands agreement and no values; what was seen is then what is expected."""
    program = outcome.performance.program
    return [item for item in program.demands if item[1].check == "agree" and program.steps[item[0]]["op"] == "state"]
