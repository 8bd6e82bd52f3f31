"""A campaign: programs of a profile, one seed after the other, performed until they or the time run out."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from conformance.fuzz.finding import explained
from conformance.fuzz.ledger import Ledger, Tally
from conformance.fuzz.split import with_known

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.fuzz.troupe import Troupe
    from conformance.judge.known import Divergence
    from conformance.report.records import Record
    from conformance.run import Sink

_PROGRESS_EVERY = 1.0  # seconds between records of how far the campaign is
_GRACE = 0.5  # of the campaign's time: so much longer it is still asked who is odd, since that makes a finding's key

Finding = tuple[int, tuple[str, ...]]  # seed and cast


@dataclass(frozen=True, slots=True)
class Plan:
    """Which seeds are performed: those from `first` on that are below `end`, and none after `seconds`; None: no end."""

    first: int
    end: int | None
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Before:
    """What an earlier campaign, which goes on now, has written.

    Attributes:
        tally: of the seeds below the first one of now.
        beyond: findings of later seeds; their seeds are performed again and they are not written again.
    """

    tally: Tally
    beyond: frozenset[Finding] = frozenset()


class Campaign:
    """One troupe's campaign: which seeds are next, and what is told. Who performs them asks and fills it (venue.py)."""

    def __init__(
        self, troupe: Troupe, plan: Plan, before: Before | None = None, known: Sequence[Divergence] = ()
    ) -> None:
        """Findings that `known` divergences explain are told as known."""
        before = before or Before(Tally())
        self.troupe = troupe
        self.ledger = Ledger(plan.first, before.tally, inquires=troupe.inquires)
        # The same two camps of nine implementations meet in program after program, and to ask costs a thousand globs.
        asked = partial(explained, divergences=known, implementations=troupe.implementations)
        self._explained = lru_cache(maxsize=1 << 16)(asked)
        self._beyond = before.beyond
        self._next = plan.first
        self._end = plan.end if plan.end is not None else float("inf")
        self._seconds = plan.seconds
        self._until = float("inf")
        self._told = 0.0
        self._written = self._state()
        self._telling = False

    def begin(self) -> None:
        """The time runs from now on."""
        self._until = time.monotonic() + self._seconds if self._seconds is not None else float("inf")

    @property
    def has_seeds(self) -> bool:
        return self._next < self._end and time.monotonic() < self._until

    @property
    def is_late(self) -> bool:
        """Whether the time is over for inquiries too."""
        return time.monotonic() >= self._until + _GRACE * (self._seconds or 0.0)

    def seeds(self, most: int) -> range:
        """The next seeds to be performed, up to `most` of them."""
        first, self._next = self._next, int(min(self._next + most, self._end))
        return range(first, self._next)

    def tell(self, sinks: Sequence[Sink]) -> None:
        """Give the sinks the findings whose turn has come and, now and then, the state of affairs."""
        self._telling = True
        found = [record for record in self.ledger.tell() if _finding(record) not in self._beyond]
        records = [self._with_known(record) for record in found]
        state = None
        if time.monotonic() - self._told > _PROGRESS_EVERY:
            self._told = time.monotonic()
            state = self._state()
            records.append(state)
        for sink in sinks if records else ():
            sink.write(records)
        self._written = state or self._written
        self._telling = False

    def _with_known(self, record: Record) -> Record:
        asked = partial(self._explained, profile=record["profile"], writer=record.get("writer", ""))
        return with_known(record, asked, of_two=len(self.troupe.labels) - len(self.troupe.left_out) == 2)

    def finish(self, sinks: Sequence[Sink]) -> None:
        """Tell the state of affairs for the last time."""
        # An interrupt may come between a finding and its place in the file: then only what was told before is sure.
        state = self._written if self._telling else self._state()
        for sink in sinks:
            sink.write([{**state, "last": True}])

    def _state(self) -> Record:
        return {**self.ledger.progress(), "profile": self.troupe.script.profile.name}


def _finding(record: Record) -> Finding:
    return record["seed"], tuple(record["cast"])
