"""A run, from what was asked for to its exit code: provide, introduce, perform, judge, record."""

from __future__ import annotations

import hashlib
import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from conformance.errors import ConformanceError, ProvisionError, UsageError
from conformance.execute.engine import Engine
from conformance.execute.process import RunnerError
from conformance.interrupts import undisturbed
from conformance.judge.judge import Judge
from conformance.judge.known import Divergence, KnownDivergences
from conformance.model.implementation import Implementation
from conformance.plan.casting import Performance, count, perform
from conformance.report.records import Record, end_record, is_unexpected, result_record, run_record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.execute.limits import Limits
    from conformance.execute.process import RunnerProcess
    from conformance.execute.session import Outcome
    from conformance.judge.judge import Verdict
    from conformance.model.spec import Spec
    from conformance.model.vector import Case
    from conformance.provision import Launch
    from conformance.wanted import Wanted

PASSED, UNEXPECTED, NOTHING_SELECTED = 0, 1, 4

Key = tuple[str, tuple[str, ...], str]


class NothingSelectedError(ConformanceError):
    """Filters left no case to run."""

    exit_code = NOTHING_SELECTED


@dataclass(frozen=True, slots=True)
class Plan:
    """What is performed, and how.

    Attributes:
        only: performances by case id, labels of the cast and format; None for all that the castings give.
        whole: no shipped case was filtered away, so a known divergence that meets no case is stale.
    """

    cases: tuple[Case, ...]
    castings: str
    known: tuple[Divergence, ...]
    limits: Limits
    seed: int | None = None
    fail_fast: bool = False
    whole: bool = False
    only: frozenset[Key] | None = None


class Sink(Protocol):
    """Something that takes records as they come, those that came together in one call."""

    def write(self, records: Sequence[Record]) -> None: ...


def introduce(engine: Engine, specs: Sequence[Spec], commands: Sequence[Launch]) -> tuple[Implementation, ...]:
    """Start the runners and hear who they are.

    Raises:
        ProvisionError: a runner does not start, or is not to be trusted.
    """
    found = []
    for spec, launch, hello in zip(specs, commands, engine.start(), strict=True):
        if isinstance(hello, RunnerError):
            what = f"its runner is no use ({hello.kind}): {hello.message.splitlines()[0]}"
            raise ProvisionError(
                spec.label, what, f"try it by hand: {_shell(launch.argv)}", "\n".join(hello.message.splitlines()[1:])
            )
        found.append(Implementation(spec.label, spec.name, launch, hello))
    return tuple(found)


def _shell(argv: Sequence[str]) -> str:
    import shlex

    return shlex.join(argv)


def digest_of(cases: Sequence[Case]) -> str:
    """A digest over the ids, steps and expectations of cases; it tells two sets of vectors apart."""
    from conformance.jsonio import dumps

    total = hashlib.sha256()
    for case in cases:
        total.update(dumps([case.id, case.roots, case.peers, case.steps, case.expect]))
    return total.hexdigest()[:16]


def run(
    wanted: Wanted,
    commands: Sequence[Launch],
    plan: Plan,
    sinks: Sequence[Sink],
    *,
    arguments: Sequence[str] = (),
    done: Sequence[Record] = (),
    kit: str = "",
    resumed: Record | None = None,
    processes: list[RunnerProcess] | None = None,
) -> int:
    """Perform everything, give every record to every sink, the file first, and return the exit code.

    `resumed` is the run record of an earlier run that was cut short and `done` its results; they are counted, not
    performed or written again. `processes` are those of the commands, where they were started early. An interrupt
    (KeyboardInterrupt) still writes the end record before it goes on.
    """
    if not plan.cases:
        raise NothingSelectedError("no case is selected; look at the ids with: python -m conformance list vectors")
    started = time.monotonic()
    with Engine(commands, plan.limits, processes=processes) as engine:
        implementations = introduce(engine, wanted.specs, commands)
        if resumed:
            _check_versions(resumed, implementations)
        else:
            record = run_record(
                kit=kit,
                started=datetime.now(UTC).isoformat(timespec="seconds"),
                arguments=arguments,
                implementations=implementations,
                left_out=wanted.left_out,
                cases=len(plan.cases),
                vectors=digest_of(plan.cases),
                castings=plan.castings,
                seed=plan.seed,
                performances=_count(plan, implementations),
            )
            for sink in sinks:
                sink.write([record])
        book = _Book(plan, implementations, done)
        engine.expect(book.hanging())
        judge = Judge(implementations)
        complete = False
        try:
            for outcomes in engine.run(book.remaining()):
                records = [book.enter(outcome, judge.judge(outcome)) for outcome in outcomes]
                with undisturbed():
                    sinks[0].write(records)
                    book.count(records)
                for sink in sinks[1:]:
                    sink.write(records)
                if plan.fail_fast and any(map(is_unexpected, records)):
                    break
            else:
                complete = True
        finally:
            end = book.end(time.monotonic() - started, complete=complete)
            for sink in sinks:
                sink.write([end])
    return UNEXPECTED if book.unexpected or end["stale"] else PASSED


def _count(plan: Plan, implementations: Sequence[Implementation]) -> int:
    if plan.only is not None:
        return len(plan.only)
    return count(plan.cases, plan.castings, [implementation.hello.features for implementation in implementations])


def _check_versions(resumed: Record, implementations: Sequence[Implementation]) -> None:
    for then, now in zip(resumed["implementations"], implementations, strict=True):
        if then["version"] != now.hello.version:
            raise UsageError(
                f"the results to resume are of {now.label} {then['version']}, which is {now.hello.version} now; "
                "leave --resume out"
            )


class _Book:
    """What has been performed, what came of it, and what is left to do."""

    def __init__(self, plan: Plan, implementations: Sequence[Implementation], done: Sequence[Record]) -> None:
        self._plan = plan
        self._implementations = implementations
        self._labels = [implementation.label for implementation in implementations]
        self._known = KnownDivergences(plan.known, implementations)
        self._done = {(record["case"], tuple(record["cast"]), record["format"]) for record in done}
        self._counts: dict[str, int] = {}
        self.unexpected = 0
        for record in done:
            cast = [self._labels.index(label) for label in record["cast"]]
            if record["verdict"] != "unsupported":
                self._known.explain(record["case"], cast, record["format"], record.get("signature"))
        self.count(done)

    def hanging(self) -> dict[str, frozenset[int]]:
        """The cases that an implementation is known not to end."""
        return self._known.hanging(case.id for case in self._plan.cases)

    def remaining(self) -> Iterator[Performance]:
        """The performances that are left, in the vectors' order, or shuffled by the seed."""
        features = [implementation.hello.features for implementation in self._implementations]
        performances = perform(self._plan.cases, self._plan.castings, features)
        if self._plan.seed is not None:
            shuffled = list(performances)
            random.Random(self._plan.seed).shuffle(shuffled)
            performances = iter(shuffled)
        only = self._plan.only
        if only is None and not self._done:
            return performances
        return (
            item
            for item in performances
            if (key := self._key(item)) not in self._done and (only is None or key in only)
        )

    def _key(self, performance: Performance) -> Key:
        program = performance.program
        return program.case.id, tuple(self._labels[player] for player in performance.cast), program.format

    def enter(self, outcome: Outcome, verdict: Verdict) -> Record:
        """Match a verdict with the known divergences, and make its record."""
        program = outcome.performance.program
        known: tuple[str, ...] = ()
        if verdict.name != "unsupported":
            signature = None if verdict.name == "pass" else verdict.signature
            known = self._known.explain(program.case.id, outcome.performance.cast, program.format, signature)
        return result_record(outcome, verdict, self._labels, known)

    def count(self, records: Sequence[Record]) -> None:
        """Count records that are in the file."""
        for record in records:
            name = "known" if "known" in record else record["verdict"]
            self._counts[name] = self._counts.get(name, 0) + 1
            self.unexpected += is_unexpected(record)

    def end(self, seconds: float, *, complete: bool) -> Record:
        stale = self._known.stale(complete=self._plan.whole) if complete else []
        return end_record(self._counts, stale, seconds, complete=complete)
