"""The finale of a case that demands agreement, not values: resync, read every peer, and a fresh one, and compare them.

Where nobody knows what is right, as in a random program, three things must hold all the same (see Shapiro et al.,
"Conflict-free Replicated Data Types", 2011, strong eventual consistency): a resync leaves all peers with the same
state vector, peers with the same state vector have the same content, and so has a fresh peer that is fed from one.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from conformance.plan.finale import RELAY, RELAYED, RETURNED, Demand, Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.model.vector import Case

ASPECTS = ("state_vector", "state")


def agreement(case: Case) -> Sequence[tuple[Step, Demand | None]]:
    """The finale's steps with what is demanded of each; none where only named answers must be the same."""
    return _finale(tuple(case.peers)) if "agree" in case.expect else ()


@lru_cache(maxsize=256)
def _finale(names: tuple[str, ...]) -> tuple[tuple[Step, Demand | None], ...]:
    return tuple(_agreeing(names))


def _agreeing(names: tuple[str, ...]) -> Iterator[tuple[Step, Demand | None]]:
    """The first peer has everything first, so the relay is fed from it: a further turn costs as much as its steps."""
    for step in _resync(names) if len(names) > 1 else ():
        yield step, None
    for peer in names:
        yield from _read(peer, "resynced")
    yield {"op": "encode", "peer": names[0], "as": RELAYED}, None
    yield {"op": "apply", "peer": RELAY, "update": RELAYED}, None
    yield from _read(RELAY, "relay")
    yield {"op": "encode", "peer": RELAY, "as": RETURNED}, Demand("relay", "structs", RELAY, ({"of": RELAYED},))


def _resync(names: Sequence[str]) -> Iterator[Step]:
    """All others give the first peer what it lacks by one state vector, then it gives each what that one lacks."""
    first, *others = names
    yield {"op": "state_vector", "peer": first, "as": f"@{first}.since"}
    for peer in others:
        yield {"op": "encode", "peer": peer, "since": f"@{first}.since", "as": f"@{peer}>{first}"}
        yield {"op": "state_vector", "peer": peer, "as": f"@{peer}.since"}
    for peer in others:
        yield {"op": "apply", "peer": first, "update": f"@{peer}>{first}"}
    for peer in others:
        yield {"op": "encode", "peer": first, "since": f"@{peer}.since", "as": f"@{first}>{peer}"}
        yield {"op": "apply", "peer": peer, "update": f"@{first}>{peer}"}


def _read(peer: str, stage: str) -> Iterator[tuple[Step, Demand]]:
    label = peer if peer.startswith("@") else f"@{peer}"
    for aspect, short in zip(ASPECTS, ("sv", "state"), strict=True):
        yield {"op": aspect, "peer": peer, "as": f"{label}.{short}"}, Demand(stage, "agree", peer, ({"group": aspect},))


def sameness(case: Case) -> Iterator[tuple[int, Demand]]:
    """Place of a step -> what is demanded, of the steps whose answers must be those of others; a refusal is one too."""
    groups = {name: number for number, group in enumerate(case.expect.get("same", ())) for name in group}
    for place, step in enumerate(case.steps) if groups else ():
        number = groups.get(step.get("as", ""))
        if number is not None:
            yield place, _same(step["op"], number, step["peer"])


@lru_cache(maxsize=256)
def _same(op: str, number: int, peer: str) -> Demand:
    return Demand("steps", "agree", peer, ({"group": f"same-{op} {number}"}, {"refused": True}))
