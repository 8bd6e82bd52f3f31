"""What programs came to: taken in any order, told in the order of their seeds.

So a campaign tells the same findings and counts, however its programs overtake each other and on however many machines
they are performed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from conformance.report.records import Record

EXAMPLES = 3  # failures of one kind that are written with all that they showed; the others are counted


@dataclass(frozen=True, slots=True)
class Failed:
    """A performance that failed.

    Attributes:
        symptom: what went wrong first.
        parted: between whom, as far as this performance shows it.
        record: all that it showed; None where it is none of the first of its kind.
    """

    symptom: str
    parted: str
    record: Record | None

    @property
    def kind(self) -> str:
        return f"{self.symptom} {self.parted}"


@dataclass(slots=True)
class Performed:
    """What the program of one seed came to in its casts; `failed` has these casts' order."""

    seed: int
    performances: int = 0
    operations: int = 0
    unsupported: int = 0
    failed: list[Failed] = field(default_factory=list)


@dataclass(slots=True)
class Tally:
    """What was told so far. `kinds` counts failures by symptom and by who stood against whom."""

    programs: int = 0
    performances: int = 0
    operations: int = 0
    unsupported: int = 0
    failed: int = 0
    kinds: dict[str, int] = field(default_factory=dict)

    def as_record(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__} | {"kinds": dict(self.kinds)}

    def add(self, performed: Performed) -> None:
        self.programs += 1
        self.performances += performed.performances
        self.operations += performed.operations
        self.unsupported += performed.unsupported
        self.failed += len(performed.failed)
        for failed in performed.failed:
            self.kinds[failed.kind] = self.kinds.get(failed.kind, 0) + 1


def trimmed(performed: Sequence[Performed], settled: Container[str]) -> list[Performed]:
    """Some of a campaign's seeds, in order, without the records that are none of the first of their kind.

    The first of a campaign are among the first of any part of it. Kinds that are `settled` have had theirs before.
    """
    counts: dict[str, int] = {}
    ordered = sorted(performed, key=lambda each: each.seed)
    for each in ordered:
        each.failed = [_ranked(failed, counts, settled) for failed in each.failed]
    return ordered


def _ranked(failed: Failed, counts: dict[str, int], settled: Container[str]) -> Failed:
    counts[failed.kind] = rank = counts.get(failed.kind, 0) + 1
    if rank <= EXAMPLES and failed.kind not in settled:
        return failed
    return Failed(failed.symptom, failed.parted, None)


class Ledger:
    """The seeds of one profile, from `first` on; all below `next` are told."""

    def __init__(self, first: int, tally: Tally, *, inquires: bool) -> None:
        """`tally` is of the seeds below `first`; `inquires`, whether anybody can be asked about an example."""
        self.next = first
        self.tally = tally
        self.settled = {kind for kind, count in tally.kinds.items() if count >= EXAMPLES}
        self._inquires = inquires
        self._counts = dict(tally.kinds)
        self._ranked = first  # below it, it is known which failures are examples
        self._held: dict[int, Performed] = {}
        self._sides: dict[int, Mapping[str, str] | None] = {}

    def add(self, performed: Performed) -> list[int]:
        """Take one seed; the seeds that are to be inquired into now."""
        self._held[performed.seed] = performed
        asked = []
        while head := self._held.get(self._ranked):
            self._rank(head)
            if any(failed.record for failed in head.failed):
                self._sides[head.seed] = None if self._inquires else {}
                asked.append(head.seed)
            self._ranked += 1
        return asked if self._inquires else []

    def _rank(self, head: Performed) -> None:
        head.failed = [_ranked(failed, self._counts, self.settled) for failed in head.failed]
        self.settled |= {failed.kind for failed in head.failed if self._counts[failed.kind] >= EXAMPLES}

    def answer(self, seed: int, sides: Mapping[str, str]) -> None:
        """Take the answer to an inquiry: who is odd, or nothing (inquiry.py)."""
        self._sides[seed] = sides

    def answer_all(self, sides: Mapping[str, str]) -> None:
        """Answer all inquiries that are open."""
        for seed, answer in self._sides.items():
            if answer is None:
                self._sides[seed] = sides

    def tell(self) -> list[Record]:
        """The findings of all seeds whose turn it is by now: `kind` says under which they are counted."""
        told: list[Record] = []
        while self.next < self._ranked and (sides := self._sides.get(self.next, {})) is not None:
            self._sides.pop(self.next, None)
            performed = self._held.pop(self.next)
            self.tally.add(performed)
            for failed in performed.failed:
                if failed.record is not None:
                    odd = sides.get(failed.symptom)
                    key = f"{failed.symptom} {odd}" if odd else failed.kind
                    told.append({**failed.record, "kind": failed.kind, "key": key})
            self.next += 1
        return told

    def progress(self) -> Record:
        """How far it is."""
        return {"type": "progress", "next": self.next, **self.tally.as_record()}
