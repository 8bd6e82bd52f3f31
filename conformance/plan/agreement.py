"""The finale of a case that demands agreement, not values: resync, read every peer, and a fresh one, and compare them.

Where nobody knows what is right, as in a random program, three things must hold all the same (see Shapiro et al.,
"Conflict-free Replicated Data Types", 2011, strong eventual consistency): a resync leaves all peers with the same
state vector, peers with the same state vector have the same content, and so has a fresh peer that is fed from one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.plan.finale import RELAY, RELAYED, RETURNED, Demand, Step, transfer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from conformance.model.vector import Case

ASPECTS = ("state_vector", "state")


def agreement(case: Case) -> Iterator[tuple[Step, Demand | None]]:
    """The finale's steps with what is demanded of each; none where only named answers must be the same."""
    if "agree" not in case.expect:
        return
    names = list(case.peers)
    for step in resync(names):
        yield step, None
    for peer in names:
        yield from _read(peer, "resynced")
    yield {"op": "encode", "peer": names[-1], "as": RELAYED}, None
    yield {"op": "apply", "peer": RELAY, "update": RELAYED}, None
    yield from _read(RELAY, "relay")
    yield {"op": "encode", "peer": RELAY, "as": RETURNED}, Demand("relay", "structs", RELAY, ({"of": RELAYED},))


def resync(names: Sequence[str]) -> Iterator[Step]:
    """The first peer gathers what it lacks from all others, then each of them what it lacks from the first."""
    first, *others = names
    for peer in others:
        yield from transfer(peer, first)
    for peer in others:
        yield from transfer(first, peer)


def _read(peer: str, stage: str) -> Iterator[tuple[Step, Demand]]:
    label = peer if peer.startswith("@") else f"@{peer}"
    for aspect, short in zip(ASPECTS, ("sv", "state"), strict=True):
        yield {"op": aspect, "peer": peer, "as": f"{label}.{short}"}, Demand(stage, "agree", peer, ({"group": aspect},))


def sameness(case: Case, step: Mapping[str, Any]) -> Demand | None:
    """What is demanded of a step whose answer must be that of other steps; a refusal is an answer too."""
    name = step.get("as")
    for number, group in enumerate(case.expect.get("same", ()) if name else ()):
        if name in group:
            alternatives = ({"group": f"same-{step['op']} {number}"}, {"refused": True})
            return Demand("steps", "agree", step["peer"], alternatives)
    return None
