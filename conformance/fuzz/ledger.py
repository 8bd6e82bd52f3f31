"""What programs came to: taken in any order, told in the order of their seeds.

So a campaign tells the same findings and counts, however its programs overtake each other and on however many machines
they are performed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from conformance.fuzz.finding import WRITTEN_BY
from conformance.fuzz.inquiry import with_everybody

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from conformance.report.records import Record

EXAMPLES = 3
"""Failures of one kind that are written with all that they showed, and one of each writer's; others are counted."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A performance that failed.

    Attributes:
        symptom: what went wrong first.
        parted: between whom, as far as this performance shows it.
        record: all that it showed; None where it is none of the first of its kind.
        writer: who wrote the bytes over which somebody else failed, as `Written.told` has it; empty where nobody did.
    """

    symptom: str
    parted: str
    record: Record | None
    writer: str = ""

    @property
    def kind(self) -> str:
        return f"{self.symptom} {self.parted}"

    @property
    def way(self) -> str:
        """The kind, with the writer behind it."""
        return f"{self.kind}{WRITTEN_BY}{self.writer}" if self.writer else self.kind


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
    """What was told so far. `kinds` counts failures by symptom, by who stood against whom and by writer."""

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
            self.kinds[failed.way] = self.kinds.get(failed.way, 0) + 1


def trimmed(performed: Sequence[Performed], settled: Container[str]) -> list[Performed]:
    """Some of a campaign's seeds, in order, without the records that are none of the first of their kind.

    The first of a campaign are among the first of any part of it. Ways that are `settled` have had theirs before.
    """
    ranks = _Ranks({})
    ordered = sorted(performed, key=lambda each: each.seed)
    for each in ordered:
        each.failed = [
            failed if ranks.takes(failed) and failed.way not in settled else _bare(failed) for failed in each.failed
        ]
    return ordered


def _bare(failed: Failed) -> Failed:
    return replace(failed, record=None)


class _Ranks:
    """Which failures are examples: the first of a kind, and of each way of it the first."""

    def __init__(self, counted: Mapping[str, int]) -> None:
        """`counted` are the failures of each way that came before."""
        self.settled: set[str] = set()
        self._ways = Counter(counted)
        self._kinds = Counter[str]()
        for way, count in counted.items():
            self._kinds[way.partition(WRITTEN_BY)[0]] += count
        for way in counted:
            self._settle(way)

    def takes(self, failed: Failed) -> bool:
        """Count a failure; whether it is an example."""
        self._ways[failed.way] += 1
        self._kinds[failed.kind] += 1
        self._settle(failed.way)
        return self._kinds[failed.kind] <= EXAMPLES or self._ways[failed.way] == 1

    def _settle(self, way: str) -> None:
        if self._kinds[way.partition(WRITTEN_BY)[0]] >= EXAMPLES:
            self.settled.add(way)


class Ledger:
    """The seeds of one profile, from `first` on; all below `next` are told."""

    def __init__(self, first: int, tally: Tally, *, inquires: bool) -> None:
        """`tally` is of the seeds below `first`; `inquires`, whether anybody can be asked about an example."""
        self.next = first
        self.tally = tally
        self._inquires = inquires
        self._ranks = _Ranks(tally.kinds)
        self._ranked = first  # below it, it is known which failures are examples
        self._held: dict[int, Performed] = {}
        self._sides: dict[int, Mapping[str, str] | None] = {}

    @property
    def settled(self) -> set[str]:
        """Ways to fail that need no more examples."""
        return self._ranks.settled

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
        head.failed = [failed if self._ranks.takes(failed) else _bare(failed) for failed in head.failed]

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
            told += [
                _finding(failed, failed.record, sides.get(failed.symptom, ""))
                for failed in performed.failed
                if failed.record is not None
            ]
            self.next += 1
        return told

    def progress(self) -> Record:
        """How far it is."""
        return {"type": "progress", "next": self.next, **self.tally.as_record()}


def _finding(failed: Failed, record: Record, odd: str) -> Record:
    """The record with its key, and with the writer, unless the reader fails whoever wrote what it reads."""
    told = {**record, "kind": failed.kind, "key": f"{failed.symptom} {odd or failed.parted}"}
    if failed.writer and record["written"]["reader"] not in with_everybody(odd):
        told["writer"] = failed.writer
    return told
