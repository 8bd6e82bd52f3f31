"""How the updates of a random program reach the other peers.

Every change of a peer is a message in one log. A move takes messages to one peer: in the log's order, which is causal;
in any order; merged, diffed or converted on the way; by a store that holds updates and no document; or in place of
messages by a state vector exchange.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.plan.finale import transfer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from conformance.fuzz.chance import Chance

Step = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """An update that a peer made, in the slot of its name."""

    slot: str
    sender: str
    format: str


@dataclass(slots=True)
class Traffic:
    """The log, and what of it has come to whom.

    Attributes:
        same: slots that must hold the same, of what was asked on the way.
    """

    peers: Sequence[str]
    chance: Chance
    drops: float
    log: list[Message] = field(default_factory=list)
    same: list[list[str]] = field(default_factory=list)
    _missing: dict[str, list[int]] = field(init=False)
    _names: int = 0

    def __post_init__(self) -> None:
        self._missing = {peer: [] for peer in self.peers}

    def slot(self, kind: str) -> str:
        """A name that no slot has."""
        self._names += 1
        return f"{kind}{self._names}"

    def sent(self, message: Message) -> None:
        """Note a message that its sender has made and everybody else is to get."""
        for peer, missing in self._missing.items():
            if peer != message.sender:
                missing.append(len(self.log))
        self.log.append(message)

    def move(self, name: str, peer: str) -> Iterator[Step]:
        """Something reaches a peer."""
        return _MOVES[name](self, peer)

    def deliver_all(self, peer: str) -> Iterator[Step]:
        """All that has not come, in the order in which it was made."""
        missing, self._missing[peer] = self._missing[peer], []
        for place in missing:
            yield _apply(peer, self.log[place])

    def other(self, peer: str) -> str:
        return self.chance.pick([name for name in self.peers if name != peer])

    def catch_up(self, peer: str) -> Iterator[Step]:
        """The oldest messages that are missing, some or all of them: so nothing comes before what it depends on."""
        missing = self._missing[peer]
        count = self.chance.below(len(missing) + 1)
        self._missing[peer] = missing[count:]
        for place in missing[:count]:
            yield _apply(peer, self.log[place])

    def any_order(self, peer: str) -> Iterator[Step]:
        """Some of what is missing, shuffled; a part of it is lost for ever."""
        later: list[int] = []
        now: list[int] = []
        for place in self._missing[peer]:
            if self.chance.happens(self.drops):
                continue
            (now if self.chance.happens(0.5) else later).append(place)
        self._missing[peer] = later
        while now:
            yield _apply(peer, self.log[now.pop(self.chance.below(len(now)))])

    def twice(self, peer: str) -> Iterator[Step]:
        """A message that came before, or will come again."""
        if self.log:
            message = self.chance.pick(self.log)
            if message.sender != peer:
                yield _apply(peer, message)

    def resync(self, peer: str) -> Iterator[Step]:
        """A state vector exchange with another peer, one way."""
        other, name = self.other(peer), self.slot("x")
        for step in transfer(other, peer):
            # The names of the finale's own transfers begin with @.
            named = {key: f"{name}.{step[key][1:]}" for key in ("as", "since", "update") if key in step}
            yield {**step, **named}

    def merged(self, peer: str) -> Iterator[Step]:
        """The oldest missing messages of one format in one update, merged by somebody."""
        missing = self._missing[peer]
        if len(missing) < 2:
            yield from self.catch_up(peer)
            return
        count = 2 + self.chance.below(len(missing) - 1)
        taken = [self.log[place] for place in missing[:count]]
        if len({message.format for message in taken}) > 1:
            yield from self.catch_up(peer)
            return
        self._missing[peer] = missing[count:]
        whole = Message(self.slot("w"), "", taken[0].format)
        slots = [message.slot for message in taken]
        merge = {"op": "merge", "peer": self.chance.pick(self.peers), "updates": slots, "as": whole.slot}
        yield _formatted(merge, whole)
        yield _apply(peer, whole)

    def diffed(self, peer: str) -> Iterator[Step]:
        """All that another peer has, cut by somebody to what this one lacks."""
        since, whole, cut = self.slot("v"), self.slot("w"), self.slot("d")
        yield {"op": "state_vector", "peer": peer, "as": since}
        yield {"op": "encode", "peer": self.other(peer), "as": whole}
        yield {"op": "diff", "peer": self.chance.pick(self.peers), "update": whole, "since": since, "as": cut}
        yield {"op": "apply", "peer": peer, "update": cut}

    def stored(self, peer: str) -> Iterator[Step]:
        """Some of what is missing, in any order and with gaps, merged and cut by a store to what this one lacks.

        What a store says of itself is asked of every peer: it answers whoever connects, and none of them has a
        document with these gaps.
        """
        missing = self._missing[peer]
        taken = [place for place in missing if self.log[place].format == "v1" and self.chance.happens(0.5)]
        if not taken:
            return
        self._missing[peer] = [place for place in missing if place not in taken]
        since, whole, cut = self.slot("v"), self.slot("w"), self.slot("d")
        slots = [self.log[taken.pop(self.chance.below(len(taken)))].slot for _ in range(len(taken))]
        yield {"op": "merge", "peer": self.chance.pick(self.peers), "updates": slots, "as": whole}
        held = [f"{whole}.{each}" for each in self.peers]
        self.same.append(held)
        for each, name in zip(self.peers, held, strict=True):
            yield {"op": "update_state_vector", "peer": each, "update": whole, "as": name}
        yield {"op": "state_vector", "peer": peer, "as": since}
        yield {"op": "diff", "peer": self.chance.pick(self.peers), "update": whole, "since": since, "as": cut}
        yield {"op": "apply", "peer": peer, "update": cut}

    def converted(self, peer: str) -> Iterator[Step]:
        """The oldest missing message, converted by somebody."""
        if not self._missing[peer]:
            return
        message = self.log[self._missing[peer].pop(0)]
        other = {"v1": "v2", "v2": "v1"}[message.format]
        made = Message(self.slot("c"), "", other)
        yield {
            "op": "convert",
            "peer": self.chance.pick(self.peers),
            "update": message.slot,
            "from": message.format,
            "to": other,
            "as": made.slot,
        }
        yield _apply(peer, made)


def _nothing(_traffic: Traffic, _peer: str) -> Iterator[Step]:
    return iter(())


_MOVES: Mapping[str, Callable[[Traffic, str], Iterator[Step]]] = {
    "catch-up": Traffic.catch_up,
    "any-order": Traffic.any_order,
    "twice": Traffic.twice,
    "resync": Traffic.resync,
    "merged": Traffic.merged,
    "diffed": Traffic.diffed,
    "stored": Traffic.stored,
    "converted": Traffic.converted,
    "nothing": _nothing,
}
MOVES = frozenset(_MOVES)


def _apply(peer: str, message: Message) -> Step:
    return _formatted({"op": "apply", "peer": peer, "update": message.slot}, message)


def _formatted(step: Step, message: Message) -> Step:
    return step if message.format == "v1" else {**step, "format": message.format}
