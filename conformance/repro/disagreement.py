"""Peers that must agree and do not: what one side's program shows, and what the other side has in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.repro.part import Goal

if TYPE_CHECKING:
    from conformance.execute.session import Outcome
    from conformance.judge.judge import Failure


def side(outcome: Outcome, failure: Failure, player: int) -> tuple[Goal, str] | None:
    """The goal of one implementation's program, and whose answer stands in it as the expected one.

    The peer is of the smallest cluster in which the implementation plays; the answer is the largest other cluster's.
    None when the implementation read nothing that is compared.
    """
    aspect, clusters = failure.observed["of"], failure.observed["clusters"]
    places = _places(outcome, aspect, player)
    for own in reversed(clusters):
        for peer in own["peers"]:
            if peer in places:
                other = next(cluster for cluster in clusters if cluster is not own)
                who = ", ".join(f"{name.removeprefix('@')} of {label}" for name, label in other["peers"].items())
                return Goal(places[peer], aspect, other["answer"], own["answer"]), f"expected is what {who} has"
    return None


def _places(outcome: Outcome, aspect: str, player: int) -> dict[str, int]:
    """Peer -> the step that reads it, of the peers that an implementation plays."""
    program = outcome.performance.program
    return {
        demand.peer: place
        for place, demand in program.demands
        if demand.check == "agree"
        and program.steps[place]["op"] == aspect
        and outcome.performance.players[program.actors[place]] == player
    }
