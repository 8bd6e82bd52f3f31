"""A run of scenarios, from what was asked for to its exit code: introduce, cast, perform, record."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from conformance.execute.engine import Engine
from conformance.execute.limits import Limits
from conformance.judge.known import KnownDivergences
from conformance.report.records import Record, end_record, is_unexpected, run_record
from conformance.run import PASSED, UNEXPECTED, NothingSelectedError, introduce
from conformance.scenario.casting import casts, choices
from conformance.scenario.model import digest_of
from conformance.scenario.performing import Performance, perform_all, singles_of
from conformance.scenario.records import scenario_record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.corpus import Corpus
    from conformance.execute.process import RunnerProcess
    from conformance.judge.known import Divergence
    from conformance.model.implementation import Implementation
    from conformance.model.manifest import Manifest
    from conformance.provision import Launch
    from conformance.run import Sink
    from conformance.scenario.model import Scenario
    from conformance.scenario.performing import Single
    from conformance.scenario.verdict import Outcome
    from conformance.wanted import Wanted

    Items = Corpus | tuple[tuple[str, Any], ...]


_SECOND_LOOKS = 24
"""Waits in vain that are performed again. Where there are more, the machine is not to blame."""
_SHOWS = 4
"""Performances of a known divergence that did not show which are seen again."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is performed, and how.

    Attributes:
        casting: one of conformance/scenario/casting.py CASTINGS instead of each scenario's own; empty for that.
        everybody: all that could take part do, in the castings that each scenario asks for. Else a known divergence
            that takes another partner does not show, and is not stale.
        whole: no shipped scenario of these layers was filtered away, so a known divergence that meets none is stale.
        keep: folders of performances stay; else only those of unexpected results do not outlive it either.
        only: performances by scenario id and labels of the cast; None for all that the castings give.
        jobs: performances at the same time.
        deadline: seconds in which a step must be answered.
        toxiproxy: the program that stands in for the kit's network; empty for that.
        corpora: by name, all that the scenarios are performed with.
    """

    scenarios: tuple[Scenario, ...]
    casting: str
    known: tuple[Divergence, ...]
    everybody: bool = False
    whole: bool = False
    keep: bool = False
    only: frozenset[tuple[str, tuple[str, ...]]] | None = None
    jobs: int = 2
    deadline: float = 30.0
    seed: int = 0
    fail_fast: bool = False
    toxiproxy: str = ""
    corpora: Mapping[str, Corpus] = field(default_factory=dict)


def performances(
    plan: Plan, implementations: Sequence[Implementation], manifests: Mapping[str, Manifest]
) -> Iterator[Performance]:
    """All performances, in the order of the scenarios."""
    for scenario in plan.scenarios:
        for chosen in choices(scenario, implementations, manifests):
            for cast in casts(scenario, chosen, "all" if plan.only is not None else plan.casting):
                labels = tuple(implementations[player].label for player in cast)
                if plan.only is None or (scenario.id, labels) in plan.only:
                    yield Performance(scenario, cast)


def run(
    wanted: Wanted,
    commands: Sequence[Launch],
    plan: Plan,
    sinks: Sequence[Sink],
    *,
    arguments: Sequence[str] = (),
    kit: str = "",
    processes: list[RunnerProcess] | None = None,
) -> int:
    """Perform everything, give every record to every sink, and return the exit code.

    An interrupt (KeyboardInterrupt) still writes the end record, and ends all processes, before it goes on.
    """
    if not plan.scenarios:
        raise NothingSelectedError(
            "no scenario is selected; look at the ids with: python -m conformance list scenarios"
        )
    started = time.monotonic()
    with Engine(
        commands, Limits(timeout=plan.deadline, memory=1 << 31, recycle=1 << 30, jobs=1), processes=processes
    ) as engine:
        implementations = introduce(engine, wanted.specs, commands)
    manifests = wanted.manifests
    planned = [
        one for performance in performances(plan, implementations, manifests) for one in singles_of(plan, performance)
    ]
    if not planned:
        raise NothingSelectedError(
            "no scenario can be cast with these implementations; "
            "see who plays what: python -m conformance list implementations"
        )
    record = run_record(
        kit=kit,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        arguments=arguments,
        implementations=implementations,
        left_out=wanted.left_out,
        cases=len({single.scenario.id for single in planned}),
        vectors=digest_of(plan.scenarios),
        castings="roles",
        seed=plan.seed,
        performances=len(planned),
    )
    for sink in sinks:
        sink.write([record])
    book = _Book(plan, implementations, sinks)
    try:
        perform_all(planned, implementations, manifests, plan, book)
    finally:
        end = book.end(time.monotonic() - started)
    return UNEXPECTED if book.unexpected or end["stale"] else PASSED


class _Book:
    """What has been performed and what came of it."""

    def __init__(self, plan: Plan, implementations: Sequence[Implementation], sinks: Sequence[Sink]) -> None:
        self._plan = plan
        self._labels = [implementation.label for implementation in implementations]
        self._known = KnownDivergences(plan.known, implementations)
        self._sinks = sinks
        self._counts: dict[str, int] = {}
        self._surprises: list[tuple[Single, Record]] = []
        self.unexpected = 0
        self.complete = False

    def enter(self, single: Single, outcome: Outcome) -> None:
        """Match an outcome with the known divergences, and write its record, unless it is to be seen again first."""
        record = self._record(outcome)
        may_be_slow = is_unexpected(record) and outcome.waited_in_vain
        if may_be_slow and len(self._surprises) < _SECOND_LOOKS and not self._plan.fail_fast:
            self._surprises.append((single, record))
        else:
            self._write(record)

    def surprises(self, planned: Sequence[Single]) -> list[Single]:
        """What is to be performed again: waits in vain, and what should have shown a known divergence."""
        again = [single for single, _ in self._surprises]
        if self._plan.everybody and not self._plan.fail_fast:
            for stale in self._known.stale(complete=False):
                player = self._labels.index(stale.implementation)
                shows = [
                    single
                    for single in planned
                    if single.scenario.id == stale.case and player in single.performance.cast and single not in again
                ]
                again += shows[:_SHOWS]
        return again

    def enter_again(self, single: Single, outcome: Outcome) -> None:
        """Write what a second look showed, and the first one, which counts only where both are unexpected."""
        record = {**self._record(outcome), "again": True}
        firsts = [first for other, first in self._surprises if other is single]
        self._surprises = [each for each in self._surprises if each[0] is not single]
        if is_unexpected(record):
            self._write(record if not outcome.waited_in_vain or firsts else {**record, "unsteady": True})
            return
        for first in firsts:
            self._write({**first, "unsteady": True})
        self._write(record)

    def _record(self, outcome: Outcome) -> Record:
        known: tuple[str, ...] = ()
        if outcome.verdict != "unsupported":
            signature = None if outcome.verdict == "pass" else outcome.signature
            known = self._known.explain(outcome.scenario.id, outcome.cast, "v1", signature)
        return scenario_record(outcome, self._labels, known)

    def _write(self, record: Record) -> None:
        for sink in self._sinks:
            sink.write([record])
        name = "unsteady" if record.get("unsteady") else "known" if "known" in record else record["verdict"]
        self._counts[name] = self._counts.get(name, 0) + 1
        self.unexpected += is_unexpected(record)

    def end(self, seconds: float) -> Record:
        """Write the end record; it names the known divergences that did not show.

        What nobody came to look at again is written as it was seen.
        """
        for _, record in self._surprises:
            self._write(record)
        judged = self.complete and self._plan.everybody
        stale = self._known.stale(complete=self._plan.whole) if judged else []
        end = end_record(self._counts, stale, seconds, complete=self.complete)
        for sink in self._sinks:
            sink.write([end])
        return end
