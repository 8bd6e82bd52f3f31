"""Answers that must be the same and are not: what one side's program shows, and what the other side has instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.judge.decoded import STATE_VECTORS, decoded_state_vector
from conformance.model.value import same
from conformance.repro.part import Goal, needed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.execute.session import Outcome
    from conformance.judge.judge import Failure
    from conformance.plan.finale import Demand


def goal_of(outcome: Outcome, failure: Failure, player: int) -> tuple[Goal, str] | None:
    """The goal of one implementation's program, and what is to be said of it; None when it has no part in either side.

    One that gave no answer which is compared may have made what somebody else's answer hangs on.
    """
    return _side(outcome, failure, player) or _source(outcome, failure, player)


def _source(outcome: Outcome, failure: Failure, player: int) -> tuple[Goal, str] | None:
    program, players = outcome.performance.program, outcome.performance.players
    for place, _ in _compared(outcome, failure.step):
        if any(players[program.actors[at]] == player for at in needed(program.steps, place)):
            return Goal(place, failure.check, failure.expected, failure.observed), ""
    return None


def _side(outcome: Outcome, failure: Failure, player: int) -> tuple[Goal, str] | None:
    """What one implementation's program shows, and whose answer stands in it as the expected one.

    The answer that it shows is of the smallest cluster in which the implementation plays; the expected one is the
    largest other cluster's. None when the implementation gave no answer that is compared.
    """
    clusters = failure.observed["clusters"]
    voices = list(_voices(outcome, failure.step, player))
    for own in reversed(clusters):
        for place, peer, check, answer in voices:
            if peer in own["peers"] and same(answer, own["answer"]):
                other = next(cluster for cluster in clusters if cluster is not own)
                who = ", ".join(f"{name.removeprefix('@')} of {label}" for name, label in other["peers"].items())
                return Goal(place, check, other["answer"], answer), f"expected is what {who} has"
    return None


def _voices(outcome: Outcome, step: int, player: int) -> Iterator[tuple[int, str, str, Any]]:
    """Place, peer, check and answer of all steps of an implementation that are compared with each other."""
    program = outcome.performance.program
    for place, demand in _compared(outcome, step):
        answer = outcome.answers[place]
        ours = outcome.performance.players[program.actors[place]] == player
        if ours and answer is not None and "ok" in answer:
            op = program.steps[place]["op"]
            if op in STATE_VECTORS:
                yield place, demand.peer, "state_vector", decoded_state_vector(answer["ok"])
            else:
                yield place, demand.peer, "state" if op == "state" else "value", answer["ok"]


def _compared(outcome: Outcome, step: int) -> list[tuple[int, Demand]]:
    """The demands of the group that the one at `step` is of, with their places."""
    demands = [(place, demand) for place, demand in outcome.performance.program.demands if demand.check == "agree"]
    group = next(demand.expected[0]["group"] for place, demand in demands if place == step)
    return [(place, demand) for place, demand in demands if demand.expected[0]["group"] == group]
