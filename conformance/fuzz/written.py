"""Whose bytes they were: who wrote the update, snapshot or position over which somebody else failed first.

A reader that refuses bytes, or dies of them, gives the finding its name, but bytes that are wrong are the fault of
who wrote them. So a finding says both, and whoever looks into it sees at once on which side to begin.
"""

from __future__ import annotations

import base64
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from conformance.fuzz.finding import UNREADABLE, first_failure
from conformance.plan.script import parts
from conformance.wire.lib0 import WireError
from conformance.wire.position import decode_position
from conformance.wire.snapshot import decode_snapshot
from conformance.wire.update import decode_partly

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from conformance.execute.session import Outcome
    from conformance.judge.judge import Verdict
    from conformance.model.vector import Case
    from conformance.wire.model import Format

_READING = {
    "apply": "update",
    "merge": "updates",
    "diff": "update",
    "convert": "update",
    "update_state_vector": "update",
    "snapshot.restore": "snapshot",
    "position.resolve": "position",
}
"""The ops that read bytes of slots, and which of their fields names these."""


@dataclass(frozen=True, slots=True)
class Written:
    """An update, snapshot or position that was read when something went wrong first.

    Attributes:
        slot: its name in the program.
        reader: who read it.
        maker: who made these bytes.
        authors: who plays the clients of an update's structs, as far as they can be read.
        sound: whether the kit's own decoder can read them.
    """

    slot: str
    reader: str
    maker: str
    authors: frozenset[str]
    sound: bool

    @property
    def writer(self) -> str:
        """Whom the bytes lead to: their maker or, if that is the reader, the only one whose structs it passes on."""
        if self.maker != self.reader:
            return self.maker
        return next(iter(self.authors)) if len(self.authors) == 1 and self.reader not in self.authors else ""

    @property
    def told(self) -> str:
        """The writer, and whether nobody can read what it wrote: then whoever reads it fails, each in its words."""
        return self.writer if self.sound else f"{self.writer}{UNREADABLE}"

    def as_record(self) -> dict[str, Any]:
        return {**asdict(self), "authors": sorted(self.authors)}


def written(outcome: Outcome, verdict: Verdict, labels: Sequence[str]) -> Written | None:
    """The bytes that another one wrote and that went wrong first, of a verdict that is neither pass nor unsupported.

    None where it was none that went wrong, where the reader wrote them, or where several writers come into question:
    a merge reads several updates, and of a runner that died it is not known at which step, only what it had been given
    since it answered last. Of that, bytes which nobody could read are suspected before any others.
    """
    found = [each for place in _suspects(outcome, verdict) for each in _read_at(outcome, place, labels)]
    suspects = [read for read in found if not read.sound] or found
    return suspects[0] if len({read.writer for read in suspects}) == 1 else None


def _suspects(outcome: Outcome, verdict: Verdict) -> Iterator[int]:
    """Places of the steps that may be what went wrong first."""
    first = first_failure(verdict)
    if first is not None:
        return iter((first.step,) if first.check in ("refused", "panic") else ())
    return _unanswered(outcome)


def _unanswered(outcome: Outcome) -> Iterator[int]:
    """The steps of the chunk that the runner at fault never answered."""
    performance, fault = outcome.performance, outcome.fault
    assert fault is not None
    for chunk in performance.program.turns:
        open_ = [place for place in chunk.positions if outcome.answers[place] is None]
        if open_ and performance.players[chunk.actor] == fault.implementation:
            yield from open_
            return


def _read_at(outcome: Outcome, place: int, labels: Sequence[str]) -> Iterator[Written]:
    """What a step reads of what leads to somebody else."""
    program, players = outcome.performance.program, outcome.performance.players
    step = program.steps[place]
    played = _clients(program.case, [labels[player] for player in outcome.performance.cast])
    for slot in _slots_read(step):
        made = next(maker for maker, other in enumerate(program.steps) if other.get("as") == slot)
        answer = outcome.answers[made]
        data = answer.get("ok") if answer is not None else None
        if not isinstance(data, str):
            continue  # never made
        clients, sound = _decoded(step, base64.b64decode(data))
        read = Written(
            slot=slot,
            reader=labels[players[program.actors[place]]],
            maker=labels[players[program.actors[made]]],
            authors=frozenset(played[client] for client in clients if client in played),
            sound=sound,
        )
        if read.writer:
            yield read


def _slots_read(step: Mapping[str, Any]) -> list[str]:
    """The slots of the bytes that a step reads, apart from state vectors; bytes that the program gives are in none."""
    named = step.get(_READING.get(step["op"], ""))
    return [slot for slot in (named if isinstance(named, list) else [named]) if isinstance(slot, str)]


def _decoded(step: Mapping[str, Any], data: bytes) -> tuple[Iterable[int], bool]:
    """The clients of whose structs there are some in bytes that a step reads, and whether these can be read."""
    format: Format = "v2" if step.get("from", step.get("format")) == "v2" else "v1"
    try:
        if step["op"] == "snapshot.restore":
            decode_snapshot(data, format)
        elif step["op"] == "position.resolve":
            decode_position(data)
        else:
            decoded = decode_partly(data, format)
            return decoded.update.structs, decoded.fault is None
    except WireError:
        return (), False
    return (), True


def _clients(case: Case, cast: Sequence[str]) -> dict[int, str]:
    """Client -> who plays it; one that two play is left out."""
    played = zip(parts(case), cast, strict=True)
    return {case.peers[peer]["client"]: label for peer, label in played if "client" in case.peers.get(peer, ())}
