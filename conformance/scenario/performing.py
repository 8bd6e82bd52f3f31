"""Performances of scenarios: several at a time, each in a folder of its own; what waited in vain is seen again."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import tempfile
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from conformance.scenario.ensemble import Ensemble
from conformance.scenario.model import ITEM
from conformance.scenario.network import Network
from conformance.scenario.participant import Setting
from conformance.scenario.pool import Runners
from conformance.scenario.stage import Stage
from conformance.scenario.timeline import Timeline
from conformance.scenario.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence

    from conformance.model.implementation import Implementation
    from conformance.model.manifest import Manifest
    from conformance.scenario.casting import Cast
    from conformance.scenario.model import Scenario
    from conformance.scenario.network import MakeNet
    from conformance.scenario.run import Plan


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


class Book(Protocol):
    """Takes what came of performances.

    `unexpected` counts what ends a run that fails fast; `complete` is set once everything was performed.
    """

    unexpected: int
    complete: bool

    def enter(self, single: Single, outcome: Outcome) -> None: ...

    def surprises(self, planned: Sequence[Single]) -> Sequence[Single]:
        """What is to be performed again, with nothing else beside it."""

    def enter_again(self, single: Single, outcome: Outcome) -> None: ...


def perform_all(
    planned: Sequence[Single],
    implementations: Sequence[Implementation],
    manifests: Mapping[str, Manifest],
    plan: Plan,
    book: Book,
) -> None:
    """Perform everything; `manifests` are by the implementations' names.

    Raises:
        KeyboardInterrupt: by Ctrl-C or SIGTERM, once everything that was opened is closed.
    """
    _interruptible(_perform_all(planned, implementations, manifests, plan, book))


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


async def _perform_all(
    planned: Sequence[Single],
    implementations: Sequence[Implementation],
    manifests: Mapping[str, Manifest],
    plan: Plan,
    book: Book,
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


def singles_of(plan: Plan, performance: Performance) -> Iterator[Single]:
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
        ensemble = Ensemble(scenario, cast, implementations, manifests, setting)
        outcome = await Stage(scenario, cast, ensemble, setting, {ITEM: single.value}).perform()
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
