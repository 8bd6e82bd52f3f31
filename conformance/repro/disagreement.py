"""Answers that must be the same and are not: what one side's program shows, and what the other side has instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.judge.decoded import decoded_state_vector
from conformance.model.value import same
from conformance.repro.part import Goal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.execute.session import Outcome
    from conformance.judge.judge import Failure


def side(outcome: Outcome, failure: Failure, player: int) -> tuple[Goal, str] | None:
    """The goal of one implementation's program, and whose answer stands in it as the expected one.

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
    demands = [(place, demand) for place, demand in program.demands if demand.check == "agree"]
    group = next(demand.expected[0]["group"] for place, demand in demands if place == step)
    for place, demand in demands:
        answer = outcome.answers[place]
        ours = outcome.performance.players[program.actors[place]] == player
        if ours and demand.expected[0]["group"] == group and answer is not None and "ok" in answer:
            op = program.steps[place]["op"]
            if op in ("state_vector", "update_state_vector"):
                yield place, demand.peer, "state_vector", decoded_state_vector(answer["ok"])
            else:
                yield place, demand.peer, "state" if op == "state" else "value", answer["ok"]
