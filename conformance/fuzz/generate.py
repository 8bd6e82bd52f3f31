"""From a profile and a seed to a program: the same case on every machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.errors import UsageError
from conformance.fuzz.chance import Chance, Weighted
from conformance.fuzz.demands import demands
from conformance.fuzz.edits import CERTAIN, EDITS, PLACES
from conformance.fuzz.hostile import MUTATIONS, bytes_of, steps_of
from conformance.fuzz.oddity import oddities
from conformance.fuzz.traffic import MOVES, Message, Traffic
from conformance.model.vector import Case

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from conformance.fuzz.profile import Profile
    from conformance.wire.model import Format

Step = dict[str, Any]

_NAMES = "abcde"
_LARGE = (2**32, 2**53)
_REASON = "Strong eventual consistency: peers with the same updates have the same content, however those came."
_REASON_OF_TWINS = (
    "What one writes alone, into a document that nobody else knows, is there as in any text, list or map."
)


class Generator:
    """Makes the programs of one profile."""

    def __init__(self, profile: Profile, peers: tuple[int, int]) -> None:
        """`peers` is the least and the greatest number of peers.

        Raises:
            UsageError: the profile has an edit, a move or a mutation that there is not, or no edit that is certain.
        """
        _check(profile)
        self.profile = profile
        self._peers = peers
        self._mutations = Weighted(profile.mutations) if profile.mutations else None
        if self._mutations is None:
            self._edits = Weighted(profile.edits)
            self._has_acts = not profile.edits.keys().isdisjoint(_ACTS)
            self._certain = Weighted({name: weight for name, weight in profile.edits.items() if name in CERTAIN})
            self._moves = Weighted(profile.moves)

    def program(self, seed: int) -> Case:
        """The program of a seed."""
        chance = Chance(f"{self.profile.name} {seed}")
        names = self._names(chance)
        if self._mutations is not None:
            return self._hostile(seed, chance, names, self._mutations.pick(chance))
        writing = _Writing(self, chance, names)
        for _ in range(2 + chance.below(self.profile.size.rounds - 1)):
            for together in self._writers(writing.traffic.peers):
                self._write(writing, together)
            for peer in writing.traffic.peers:
                writing.steps += writing.traffic.move(self._moves.pick(chance), peer)
        writing.finish()
        agree = {} if self.profile.twins else {"agree": True}
        same = {"same": writing.same} if writing.same else {}
        return self._case(seed, writing.peers, writing.steps, {**agree, **same})

    def _hostile(self, seed: int, chance: Chance, names: str, mutation: str) -> Case:
        peers = {name: {"client": 100 + place} for place, name in enumerate(names)}
        update_format: Format = "v2" if self.profile.formats == ("v2",) else "v1"
        spoiled = bytes_of(chance, mutation, update_format)
        odd = oddities(spoiled, update_format)
        steps, same = steps_of(names, spoiled, update_format, odd)
        return self._case(seed, peers, steps, {"same": same}, *odd, *demands(spoiled, update_format))

    def _case(
        self, seed: int, peers: Mapping[str, Any], steps: list[Step], expect: Mapping[str, Any], *flags: str
    ) -> Case:
        return Case(
            id=f"fuzz/{self.profile.name.replace(',', '-')}-{seed}",
            title=f"Random program {seed} of {self.profile.name}",
            reason=_REASON_OF_TWINS if self.profile.twins else _REASON,
            level="required",
            verdict="valid",
            flags=flags,
            links=(),
            roots=self.profile.roots,
            peers=peers,
            steps=steps,
            expect=expect,
            file=Path(),
            wrap=True,
        )

    def _names(self, chance: Chance) -> str:
        least, most = self._peers
        return _NAMES[: least + chance.below(most - least + 1)]

    def _writers(self, peers: Sequence[str]) -> Iterator[Sequence[str]]:
        """Who writes, one after the other; those that stand together write the same."""
        if self.profile.twins:
            yield peers
        else:
            yield from ((peer,) for peer in (peers[:1] if self.profile.takes_back else peers))

    def _write(self, writing: _Writing, together: Sequence[str]) -> None:
        chance = writing.chance
        for _ in range(chance.below(self.profile.size.bursts + 1)):
            names = [self._edits.pick(chance) for _ in range(1 + chance.below(self.profile.size.ops))]
            if self._has_acts:
                for name in names:
                    if name in _ACTS:
                        for peer in together:
                            _ACTS[name](writing, peer)
                names = [name for name in names if name in EDITS]
            if names:
                local = [EDITS[name](chance) for name in names]
                local.append(EDITS[self._certain.pick(chance)](chance))
                for peer in together:
                    writing.transact(peer, [{**op, "peer": peer} for op in local])
            if self.profile.twins:
                writing.look()


def _check(profile: Profile) -> None:
    for what, named, known in (
        ("edits", profile.edits, {*EDITS, *_ACTS}),
        ("moves", profile.moves, MOVES),
        ("mutations", profile.mutations, MUTATIONS),
    ):
        if unknown := sorted(named.keys() - known):
            there = ", ".join(sorted(known))
            raise UsageError(f"profile {profile.name}: {what}: there is no {unknown[0]}; there are {there}")
    if not profile.mutations and not profile.edits.keys() & CERTAIN:
        raise UsageError(f"profile {profile.name}: edits: one at least must be of {', '.join(sorted(CERTAIN))}")


@dataclass(slots=True)
class _Writing:
    """A program while it is written."""

    generator: Generator
    chance: Chance
    names: str
    peers: dict[str, dict[str, Any]] = field(init=False)
    traffic: Traffic = field(init=False)
    steps: list[Step] = field(default_factory=list)
    same: list[list[str]] = field(default_factory=list)
    positions: list[str] = field(default_factory=list)
    snapshots: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        profile = self.generator.profile
        self.peers = {name: self._options(profile) for name in self.names}
        self.traffic = Traffic(tuple(self.names), self.chance, profile.drops)
        if "undo" in profile.edits or profile.takes_back:
            paths = [[root] for root in profile.roots]
            self.steps += [{"op": "undo.track", "peer": peer, "paths": paths} for peer in self.names]

    def _options(self, profile: Profile) -> dict[str, Any]:
        low, high = _LARGE if profile.clients == "large" else (1, 1 << 31)
        options: dict[str, Any] = {"client": low + int(self.chance.draw() * (high - low))}
        off = profile.gc == "off" or (profile.gc == "mixed" and self.chance.happens(0.5))
        return {**options, "gc": False} if off else options

    def transact(self, peer: str, ops: list[Step]) -> None:
        """One transaction whose update is a message."""
        message = self._message(peer)
        step = ops[0] if len(ops) == 1 else {"op": "transact", "peer": peer, "steps": ops}
        self.steps.append({**step, "as": message.slot, **_format(message)})
        self.traffic.sent(message)

    def undo(self, peer: str, op: str = "undo") -> None:
        """Undo or redo; the message is all that the peer has more than before, and all that is deleted."""
        message, before = self._message(peer), self.traffic.slot("v")
        self.steps += [
            {"op": "state_vector", "peer": peer, "as": before},
            {"op": op, "peer": peer},
            {"op": "encode", "peer": peer, "since": before, "as": message.slot, **_format(message)},
        ]
        self.traffic.sent(message)

    def redo(self, peer: str) -> None:
        self.undo(peer, "redo")

    def snapshot(self, peer: str) -> None:
        """Look at the document, and keep a snapshot of it."""
        name = self.traffic.slot("s")
        self.steps += [
            {"op": "snapshot", "peer": peer, "as": name},
            {"op": "state", "peer": peer, "as": f"{name}.then"},
        ]
        self.snapshots.append(name)

    def position(self, peer: str) -> None:
        """Keep a place in a root."""
        roots = [root for root, kind in self.generator.profile.roots.items() if kind in ("text", "array")]
        name, assoc = self.traffic.slot("p"), -self.chance.below(2)
        place = {"path": [self.chance.pick(roots)], "index": self.chance.below(PLACES), "assoc": assoc}
        self.steps.append({"op": "position", "peer": peer, **place, "as": name})
        self.positions.append(name)

    def finish(self) -> None:
        """Deliver the rest, and look at everything that must be the same by now."""
        if self.generator.profile.takes_back:
            self._take_back(self.names[0])
        self.same += self.traffic.same
        if self.generator.profile.twins:
            self.look()
        if self.generator.profile.drops or self.generator.profile.twins:
            return
        for peer in self.names:
            self.steps += self.traffic.deliver_all(peer)
        for aspect in ("state_vector",) if self.generator.profile.tidies else ("state_vector", "state"):
            self._ask(aspect, aspect)
        for name in self.positions:
            self.same.append([f"{name}.{peer}" for peer in self.names])
            resolve = {"op": "position.resolve", "position": name}
            self.steps += [{**resolve, "peer": peer, "as": f"{name}.{peer}"} for peer in self.names]
        self.steps += [step for name in self.snapshots for step in self._restored(name)]

    def look(self) -> None:
        """Look at the documents of all, which must show the same."""
        self._ask("state", self.traffic.slot("l"))

    def _ask(self, aspect: str, name: str) -> None:
        self.same.append([f"{name}.{peer}" for peer in self.names])
        self.steps += [{"op": aspect, "peer": peer, "as": f"{name}.{peer}"} for peer in self.names]

    def _take_back(self, peer: str) -> None:
        """Undo once for each transaction, which leaves the document before the first; redo all; and both once more."""
        mine = [message for message in self.traffic.log if message.sender == peer]
        undone, redone = ["before"], ["done"]
        self.steps.insert(0, _look(peer, undone[0]))
        self.steps.append(_look(peer, redone[0]))
        for turn in range(2):
            for act, seen in ((self.undo, undone), (self.redo, redone)):
                for _ in mine:
                    act(peer)
                seen.append(f"{seen[0]}.{turn}")
                self.steps.append(_look(peer, seen[-1]))
        self.same += [undone, redone]

    def _restored(self, name: str) -> Iterator[Step]:
        viewer = f"r{name[1:]}"
        self.peers[viewer] = {"client": 900 + len(self.peers)}
        restorer = self.chance.pick(self.names)
        yield {"op": "snapshot.restore", "peer": restorer, "snapshot": name, "as": f"{name}.update"}
        yield {"op": "apply", "peer": viewer, "update": f"{name}.update"}
        yield {"op": "state", "peer": viewer, "as": f"{name}.again"}
        self.same.append([f"{name}.then", f"{name}.again"])

    def _message(self, peer: str) -> Message:
        return Message(self.traffic.slot("u"), peer, self.chance.pick(self.generator.profile.formats))


def _look(peer: str, name: str) -> Step:
    return {"op": "state", "peer": peer, "as": name}


def _format(message: Message) -> Mapping[str, str]:
    return {} if message.format == "v1" else {"format": message.format}


_ACTS: Mapping[str, Callable[[_Writing, str], None]] = {
    "undo": _Writing.undo,
    "redo": _Writing.redo,
    "snapshot": _Writing.snapshot,
    "position": _Writing.position,
}
"""Edits that are no local ops."""
