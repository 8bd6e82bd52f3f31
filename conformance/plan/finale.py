"""The steps that every case ends with: read, exchange state vectors, read again, relay to a fresh peer and back.

docs/vectors.md defines them; a runner that is called by itself appends the same ones, except the way back, whose
structs only the coordinator can judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.model.vector import Case

RELAY = "@relay"
RELAY_CLIENT = 1234567890
RELAYED, RETURNED = "@relay.update", "@relay.back"

Step = dict[str, Any]
Wanted = Mapping[str, tuple[Mapping[str, Any], ...]]
"""The alternatives of what a read must observe: `state`, `state_vector` or both."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What a step's answer must be: `expected` holds the alternatives, each an observation of the schema's shape."""

    stage: str  # steps, delivered, resynced, relay, or the name of a delivery
    check: str  # state, state_vector, bytes, value, refused, done, awareness, structs, agree
    peer: str
    expected: tuple[Mapping[str, Any], ...]


def finale(case: Case) -> Iterator[tuple[Step, Demand | None]]:
    """The finale's steps with what is demanded of each; none for a case whose update must be refused."""
    if case.verdict == "invalid":
        return
    converged = wanted(alternatives(case))
    delivered = {peer: wanted([view]) for peer, view in case.expect.get("delivered", {}).items()}
    names = tuple(case.peers)
    for peer in names:
        yield from read(peer, "delivered", "", delivered.get(peer, converged))
    if len(names) > 1:
        yield from exchange(names)
        for peer in names:
            yield from read(peer, "resynced", "2", converged)
    yield {"op": "encode", "peer": names[-1], "as": RELAYED}, None
    yield {"op": "apply", "peer": RELAY, "update": RELAYED}, None
    # A relay of a single peer is fed by it alone: it must see what that peer was demanded to have.
    relayed = delivered.get(names[0], converged) if len(names) == 1 else converged
    yield from read(RELAY, "relay", "", relayed)
    if case.verdict == "valid":
        yield (
            {"op": "encode", "peer": RELAY, "as": RETURNED},
            Demand("relay", "structs", RELAY, ({"of": RELAYED},)),
        )


def alternatives(case: Case) -> list[Mapping[str, Any]]:
    """The views to which the peers may converge."""
    expect = case.expect
    return [expect["converged"], *(other["converged"] for other in expect.get("acceptable", ()))]


@lru_cache(maxsize=256)
def exchange(names: tuple[str, ...]) -> tuple[tuple[Step, None], ...]:
    """Every peer gives every other what that one lacks by its state vector."""
    pairs = [(sender, receiver) for sender in names for receiver in names if sender != receiver]
    return tuple([(step, None) for pair in pairs for step in transfer(*pair)])


def transfer(sender: str, receiver: str) -> Iterator[Step]:
    """A peer gives another what that one lacks by its state vector."""
    route = f"@{sender}>{receiver}"
    yield {"op": "state_vector", "peer": receiver, "as": f"{route}.since"}
    yield {"op": "encode", "peer": sender, "since": f"{route}.since", "as": route}
    yield {"op": "apply", "peer": receiver, "update": route}


def wanted(views: Sequence[Mapping[str, Any]]) -> Wanted:
    """What a peer must be read to have, which is one of the views; nothing of what one of them leaves open."""
    said = [check for check in ("state", "state_vector") if all(check in view for view in views)]
    return {check: tuple([{check: view[check]} for view in views]) for check in said}


def read(peer: str, stage: str, suffix: str, what: Wanted) -> Iterator[tuple[Step, Demand | None]]:
    """Read a peer's state and state vector, of which something is wanted."""
    for check, step in _reads(peer, suffix):
        yield step, Demand(stage, check, peer, what[check]) if check in what else None


@lru_cache(maxsize=256)
def _reads(peer: str, suffix: str) -> tuple[tuple[str, Step], ...]:
    label = peer if peer.startswith("@") else f"@{peer}"
    return (
        ("state", {"op": "state", "peer": peer, "as": f"{label}.state{suffix}"}),
        ("state_vector", {"op": "state_vector", "peer": peer, "as": f"{label}.sv{suffix}"}),
    )
