"""The steps that every case ends with: read, exchange state vectors, read again, relay to a fresh peer.

docs/vectors.md defines them; a runner that is called by itself appends the same ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.model.vector import Case

RELAY = "@relay"
RELAY_CLIENT = 1234567890

Step = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Demand:
    """What a step's answer must be: `expected` holds the alternatives, each an observation of the schema's shape."""

    stage: str  # steps, delivered, resynced, relay
    check: str  # state, state_vector, bytes, value, refused, done
    peer: str
    expected: tuple[Mapping[str, Any], ...]


def finale(case: Case) -> Iterator[tuple[Step, Demand | None]]:
    """The finale's steps with what is demanded of each; none for a case whose update must be refused."""
    if case.verdict == "invalid":
        return
    converged = _alternatives(case)
    delivered = case.expect.get("delivered", {})
    names = list(case.peers)
    for peer in names:
        views = [delivered[peer]] if peer in delivered else converged
        yield from _read(peer, "delivered", "", views)
    if len(names) > 1:
        yield from _exchange(names)
        for peer in names:
            yield from _read(peer, "resynced", "2", converged)
    yield {"op": "encode", "peer": names[-1], "as": "@relay.update"}, None
    yield {"op": "apply", "peer": RELAY, "update": "@relay.update"}, None
    # A relay of a single peer is fed by it alone: it must see what that peer was demanded to have.
    relayed = [delivered[names[0]]] if len(names) == 1 and names[0] in delivered else converged
    yield from _read(RELAY, "relay", "", relayed)


def _alternatives(case: Case) -> list[Mapping[str, Any]]:
    expect = case.expect
    return [expect["converged"], *(other["converged"] for other in expect.get("acceptable", ()))]


def _exchange(names: Sequence[str]) -> Iterator[tuple[Step, None]]:
    for sender in names:
        for receiver in names:
            if sender == receiver:
                continue
            route = f"@{sender}>{receiver}"
            yield {"op": "state_vector", "peer": receiver, "as": f"{route}.since"}, None
            yield {"op": "encode", "peer": sender, "since": f"{route}.since", "as": route}, None
            yield {"op": "apply", "peer": receiver, "update": route}, None


def _read(
    peer: str, stage: str, suffix: str, views: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[Step, Demand | None]]:
    label = peer if peer.startswith("@") else f"@{peer}"
    for op, check, short in (("state", "state", "state"), ("state_vector", "state_vector", "sv")):
        expected = tuple({check: view[check]} for view in views if check in view)
        demand = Demand(stage, check, peer, expected) if len(expected) == len(views) else None
        yield {"op": op, "peer": peer, "as": f"{label}.{short}{suffix}"}, demand
