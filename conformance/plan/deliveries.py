"""Deliveries: further ways in which the last peer's document can reach a fresh one, which must all end alike.

They multiply every case without a new expected value: delivered twice, cut by client and in either order, merged,
diffed, converted, through a snapshot or through the sync protocol, the document is the one of `expect.converged`.
A delivery takes part where the players have all ops that it needs.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.plan.finale import RELAY_CLIENT, Demand, Step, alternatives, exchange, read, wanted
from conformance.wire.state_vector import encode_state_vector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from conformance.model.vector import Case

Listed = tuple[Step, Demand | None, str]
"""A step, what is demanded of it, and the delivery that it is part of, if any."""

WHOLE = "@whole"
_HAS_V2 = frozenset(("merge", "diff", "snapshot", "snapshot.restore"))
_CLIENT_MAX = 2**31 - 1  # as clock: beyond every struct of a case


@dataclass(frozen=True, slots=True)
class Delivery:
    """`steps` bring the document of the source, the last peer, to fresh peers; `needs` are features of all players.

    `peers` are the fresh ones, with their options; the first is read at the end.
    """

    name: str
    needs: frozenset[str]
    peers: Mapping[str, Mapping[str, Any]]
    steps: Callable[[Source], Iterator[Step]]
    formats: frozenset[str] = frozenset(("v1", "v2"))


@dataclass(frozen=True, slots=True)
class Source:
    """The peer that has everything, the format of this performance and the clocks of all clients."""

    peer: str
    format: str
    clocks: Mapping[int, int]

    def only(self, client: int) -> dict[str, str]:
        """A state vector as an operand: of somebody who lacks this client's structs only."""
        others = {other: _CLIENT_MAX for other in self.clocks if other != client}
        return {"base64": base64.b64encode(encode_state_vector(others)).decode()}

    def pieces(self) -> list[str]:
        return [f"@of.{client}" for client in sorted(self.clocks)]


def deliveries(case: Case, update_format: str, features: frozenset[str]) -> tuple[Delivery, ...]:
    """The deliveries that players with these features can perform for a case."""
    if case.verdict == "invalid" or not clocks(case):
        return ()
    return tuple(d for d in _ALL if update_format in d.formats and _needs(d, update_format) <= features)


def _needs(delivery: Delivery, update_format: str) -> frozenset[str]:
    if update_format == "v1":
        return delivery.needs
    return delivery.needs | {f"{name}.v2" for name in delivery.needs & _HAS_V2}


def clocks(case: Case) -> dict[int, int]:
    """Client -> clock that every peer ends with; empty where the case does not say."""
    vector = case.expect.get("converged", {}).get("state_vector", {})
    return {int(client): clock for client, clock in vector.items()}


def fresh_peers(chosen: Sequence[Delivery]) -> dict[str, Mapping[str, Any]]:
    """The peers that the deliveries need, with their options."""
    return {name: options for delivery in chosen for name, options in delivery.peers.items()}


def varied_finale(case: Case, update_format: str, chosen: Sequence[Delivery]) -> Iterator[Listed]:
    """Exchange, then every delivery, each ended by reading the peer that it fed."""
    names = tuple(case.peers)
    if len(names) > 1:
        yield from ((step, None, "") for step, _ in exchange(names))
    source = Source(names[-1], update_format, clocks(case))
    yield {"op": "encode", "peer": source.peer, "as": WHOLE}, None, ""
    for client, piece in zip(sorted(source.clocks), source.pieces(), strict=True):
        yield {"op": "encode", "peer": source.peer, "since": source.only(client), "as": piece}, None, ""
    delivered = case.expect.get("delivered", {})
    alone = len(names) == 1 and names[0] in delivered
    final = wanted([delivered[names[0]]] if alone else alternatives(case))
    for delivery in chosen:
        for step in delivery.steps(source):
            yield step, None, delivery.name
        for step, demand in read(next(iter(delivery.peers)), delivery.name, "", final):
            yield step, demand, delivery.name


def _twice(_: Source) -> Iterator[Step]:
    yield {"op": "apply", "peer": "@twice", "update": WHOLE}
    yield {"op": "apply", "peer": "@twice", "update": WHOLE}


def _in_order(source: Source) -> Iterator[Step]:
    for piece in source.pieces():
        yield {"op": "apply", "peer": "@ascending", "update": piece}


def _in_reverse(source: Source) -> Iterator[Step]:
    for piece in reversed(source.pieces()):
        yield {"op": "apply", "peer": "@descending", "update": piece}


def _merged(source: Source) -> Iterator[Step]:
    pieces = source.pieces()
    yield {"op": "merge", "peer": "@merged", "updates": [*reversed(pieces), pieces[0]], "as": "@merged.update"}
    yield {"op": "apply", "peer": "@merged", "update": "@merged.update"}


def _diffed(source: Source) -> Iterator[Step]:
    yield {"op": "apply", "peer": "@diffed", "update": source.pieces()[0]}
    yield {"op": "state_vector", "peer": "@diffed", "as": "@diffed.since"}
    yield {"op": "diff", "peer": "@diffed", "update": WHOLE, "since": "@diffed.since", "as": "@diffed.update"}
    yield {"op": "apply", "peer": "@diffed", "update": "@diffed.update"}


def _converted(source: Source) -> Iterator[Step]:
    other = {"v1": "v2", "v2": "v1"}[source.format]
    there = {"op": "convert", "peer": "@converted", "from": source.format, "to": other, "as": "@converted.there"}
    back = {"op": "convert", "peer": "@converted", "from": other, "to": source.format, "as": "@converted.back"}
    yield {**there, "update": WHOLE}
    yield {**back, "update": "@converted.there"}
    yield {"op": "apply", "peer": "@converted", "update": "@converted.there", "format": other}
    yield {"op": "apply", "peer": "@converted-back", "update": "@converted.back"}
    yield {"op": "encode", "peer": "@converted-back", "as": "@converted.again"}
    yield {"op": "apply", "peer": "@converted", "update": "@converted.again"}


def _restored(_: Source) -> Iterator[Step]:
    yield {"op": "apply", "peer": "@vault", "update": WHOLE}
    yield {"op": "snapshot", "peer": "@vault", "as": "@vault.snapshot"}
    yield {"op": "snapshot.restore", "peer": "@vault", "snapshot": "@vault.snapshot", "as": "@vault.update"}
    yield {"op": "apply", "peer": "@restored", "update": "@vault.update"}


def _synced(source: Source) -> Iterator[Step]:
    yield {"op": "sync.step1", "peer": "@synced", "as": "@synced.asks"}
    yield {"op": "sync.read", "peer": source.peer, "message": "@synced.asks", "as": "@synced.reply"}
    yield {"op": "sync.read", "peer": "@synced", "message": "@synced.reply"}


_FRESH = {"client": RELAY_CLIENT}

_ALL = (
    Delivery("twice", frozenset(("encode", "apply")), {"@twice": _FRESH}, _twice),
    Delivery("ascending", frozenset(("encode", "apply")), {"@ascending": _FRESH}, _in_order),
    Delivery("descending", frozenset(("encode", "apply")), {"@descending": _FRESH}, _in_reverse),
    Delivery("merged", frozenset(("merge",)), {"@merged": _FRESH}, _merged),
    Delivery("diffed", frozenset(("diff",)), {"@diffed": _FRESH}, _diffed),
    Delivery(
        "converted",
        frozenset(("convert", "apply.v2", "encode.v2")),
        {"@converted": _FRESH, "@converted-back": {"client": RELAY_CLIENT + 1}},
        _converted,
    ),
    Delivery(
        "restored",
        frozenset(("snapshot", "snapshot.restore", "gc.off")),
        {"@restored": _FRESH, "@vault": {"client": RELAY_CLIENT + 2, "gc": False}},
        _restored,
    ),
    Delivery("synced", frozenset(("sync.step1", "sync.read")), {"@synced": _FRESH}, _synced, frozenset(("v1",))),
)
