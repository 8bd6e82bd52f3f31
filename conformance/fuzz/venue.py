"""Where campaigns are performed: a venue has the implementations, and performs a campaign on them."""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from conformance.execute.engine import Engine
from conformance.fuzz.ledger import Performed
from conformance.fuzz.troupe import Performing
from conformance.judge.judge import Judge
from conformance.run import introduce
from conformance.wanted import launches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from conformance.execute.limits import Limits
    from conformance.execute.session import Outcome
    from conformance.fuzz.campaign import Campaign
    from conformance.model.implementation import Implementation
    from conformance.plan.casting import Performance
    from conformance.run import Sink
    from conformance.wanted import Wanted


class Venue(Protocol):
    """Performs campaigns, one after the other."""

    @property
    def implementations(self) -> Sequence[Implementation]: ...

    def perform(self, campaign: Campaign, sinks: Sequence[Sink]) -> None:
        """Perform everything; every finding and, now and then, the state of affairs goes to the sinks."""


@dataclass(frozen=True, slots=True)
class Machine:
    """This machine: runners that are started once and serve all campaigns."""

    implementations: Sequence[Implementation]
    engine: Engine
    judge: Judge

    def perform(self, campaign: Campaign, sinks: Sequence[Sink]) -> None:
        """See Venue."""
        campaign.begin()
        local = _Local(campaign, self.judge)
        while local.has_more:
            for outcomes in self.engine.run(local.performances()):
                for outcome in outcomes:
                    local.enter(outcome)
                campaign.tell(sinks)
        campaign.tell(sinks)  # what became ready after the last outcome


@contextmanager
def machine(wanted: Wanted, limits: Limits, report: Callable[[str], None]) -> Iterator[Machine]:
    """Provide the implementations on this machine and start them.

    Raises:
        ProvisionError: an implementation cannot be had.
    """
    commands = launches(wanted, report)
    with Engine(commands, limits) as engine:
        implementations = introduce(engine, wanted.specs, commands)
        yield Machine(implementations, engine, Judge(implementations))


class _Local:
    """A campaign whose programs and inquiries advance together."""

    def __init__(self, campaign: Campaign, judge: Judge) -> None:
        self._campaign = campaign
        self._ledger = campaign.ledger
        self._performing = Performing(campaign.troupe, judge, self._ledger.settled)
        self._asked: deque[Performance] = deque()

    @property
    def has_more(self) -> bool:
        """Whether something is left to perform; the last outcomes may have led to inquiries."""
        return bool(self._asked) or self._campaign.has_seeds

    def performances(self) -> Iterator[Performance]:
        while self.has_more:
            if self._campaign.is_late:
                self._asked.clear()
                self._ledger.answer_all({})  # the findings are told as they came
                continue
            if self._asked:
                yield self._asked.popleft()
                continue
            for seed in self._campaign.seeds(1):
                yield from self._performing.begin(seed)

    def enter(self, outcome: Outcome) -> None:
        came = self._performing.enter(outcome)
        if came is None:
            return
        if isinstance(came, Performed):
            for seed in self._ledger.add(came):
                self._asked += self._performing.inquire(seed)
        else:
            self._ledger.answer(came.seed, came.sides)
