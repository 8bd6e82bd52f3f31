"""A run of scenarios, from what was asked for to its exit code: introduce, cast, perform, record."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import tempfile
import time
import zlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.execute.engine import Engine, Limits
from conformance.judge.known import KnownDivergences
from conformance.report.records import Record, end_record, is_unexpected, run_record
from conformance.run import PASSED, UNEXPECTED, NothingSelectedError, introduce
from conformance.scenario.casting import casts, choices
from conformance.scenario.model import ITEM, digest_of
from conformance.scenario.network import Network
from conformance.scenario.participant import Setting
from conformance.scenario.pool import Runners
from conformance.scenario.records import scenario_record
from conformance.scenario.stage import Stage
from conformance.scenario.timeline import Timeline
from conformance.scenario.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence

    from conformance.corpus import Corpus
    from conformance.execute.process import RunnerProcess
    from conformance.judge.known import Divergence
    from conformance.model.implementation import Implementation
    from conformance.model.manifest import Manifest
    from conformance.provision import Launch
    from conformance.run import Sink
    from conformance.scenario.casting import Cast
    from conformance.scenario.model import Scenario
    from conformance.scenario.network import MakeNet
    from conformance.wanted import Wanted

    Items = Corpus | tuple[tuple[str, Any], ...]


_MEMORY = 1 << 31  # bytes that a runner may take as it is introduced


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


@dataclass(frozen=True, slots=True)
class Performance:
    """A scenario and who plays its roles."""

    scenario: Scenario
    cast: Cast


@dataclass(frozen=True, slots=True)
class Single:
    """A performance with one item, by its name and value."""

    performance: Performance
    item: str
    value: Any

    @property
    def scenario(self) -> Scenario:
        return self.performance.scenario


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
        one for performance in performances(plan, implementations, manifests) for one in _singles(plan, performance)
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
    )
    record["performances"] = len(planned)
    for sink in sinks:
        sink.write([record])
    book = _Book(plan, implementations, sinks)
    try:
        _interruptible(_perform(planned, implementations, manifests, plan, book))
    finally:
        end = book.end(time.monotonic() - started)
    return UNEXPECTED if book.unexpected or end["stale"] else PASSED


def _interruptible(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine; SIGTERM ends it as Ctrl-C does, so that it closes what it opened. Raises KeyboardInterrupt."""
    before = signal.getsignal(signal.SIGTERM)

    async def cancelled_by_sigterm() -> None:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        await work

    try:
        asyncio.run(cancelled_by_sigterm())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    finally:
        signal.signal(signal.SIGTERM, before)


async def _perform(
    planned: Sequence[Single],
    implementations: Sequence[Implementation],
    manifests: Mapping[str, Manifest],
    plan: Plan,
    book: _Book,
) -> None:
    """All performances, `plan.jobs` at a time; their results in the order in which they end.

    Where something was waited for in vain, it is performed once more, with nothing else beside it: processes share a
    machine, which may have been too slow. Wrong content is never the machine's, and counts at the first look.
    """
    folder = Path(tempfile.mkdtemp(prefix="yjs-conformance-runners-"))
    runners = Runners(folder)

    async def work(singles: Iterator[Single], enter: Callable[[Single, Outcome], None], net: MakeNet) -> None:
        for single in singles:
            if plan.fail_fast and book.unexpected:
                return
            enter(single, await _once(single, implementations, manifests, plan, runners, net))

    async def all_of(
        singles: Sequence[Single], jobs: int, enter: Callable[[Single, Outcome], None], net: MakeNet
    ) -> None:
        waiting = iter(singles)
        workers = [asyncio.create_task(work(waiting, enter, net)) for _ in range(jobs)]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                if not worker.cancelling():  # a second time would disturb what it does to end
                    worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    try:
        async with _networks(plan, folder) as net:
            await all_of(planned, plan.jobs, book.enter, net)
            await all_of(book.surprises(planned), 1, book.enter_again, net)
        book.complete = not (plan.fail_fast and book.unexpected)
    finally:
        await runners.close()
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.asynccontextmanager
async def _networks(plan: Plan, folder: Path) -> AsyncIterator[MakeNet]:
    if not plan.toxiproxy:
        yield Network
        return
    from conformance.scenario.toxiproxy import running

    async with running(plan.toxiproxy, folder, plan.seed) as net:
        yield net


def _singles(plan: Plan, performance: Performance) -> Iterator[Single]:
    """A performance with each item of a corpus, or of the scenario's own; with nothing, once, where it has none."""
    scenario = performance.scenario
    items = plan.corpora[scenario.corpus] if scenario.corpus else tuple(scenario.items.items()) or (("", None),)
    for name, value in items:
        yield Single(performance, name, value)


async def _once(
    single: Single,
    implementations: Sequence[Implementation],
    manifests: Mapping[str, Manifest],
    plan: Plan,
    runners: Runners,
    net: MakeNet,
) -> Outcome:
    """One performance in a folder of its own, which is removed again unless it is to be kept."""
    scenario, cast = single.scenario, single.performance.cast
    missing = _lacking(single.performance, implementations)
    if missing is not None:
        return Outcome(scenario, cast, missing=missing)
    folder = Path(tempfile.mkdtemp(prefix=f"yjs-conformance-{scenario.id.replace('/', '-')}-"))
    kept = False
    try:
        seed = _seed(plan.seed, single.performance)
        setting = Setting(folder, dict(scenario.roots), Timeline(), plan.deadline, seed, runners, net)
        outcome = await Stage(scenario, cast, implementations, manifests, setting, {ITEM: single.value}).perform()
        kept = plan.keep
        return replace(outcome, item=single.item, kept=str(folder) if kept else "")
    finally:
        if not kept:
            shutil.rmtree(folder, ignore_errors=True)


def _lacking(performance: Performance, implementations: Sequence[Implementation]) -> tuple[str, str] | None:
    """A participant and an op of its own that its library lacks, as far as its runner knows beforehand."""
    for role, player in zip(performance.scenario.cast_roles, performance.cast, strict=True):
        features = implementations[player].hello.features
        lacks = sorted(performance.scenario.asked_of(role.name) - features - ALWAYS)
        if lacks:
            return role.name, lacks[0]
    return None


ALWAYS = frozenset({"kill", "restart", "limit", "connect", "disconnect", "status"})
"""Ops of the participant around the runner. A runner that has a network of its own names the last three."""


def _seed(seed: int, performance: Performance) -> int:
    return zlib.crc32(f"{seed} {performance.scenario.id} {performance.cast}".encode())


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
