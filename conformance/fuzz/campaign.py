"""A campaign: programs of a profile, one seed after the other, performed until they or the time run out."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.errors import UsageError
from conformance.fuzz.casting import able, casts, lacking
from conformance.fuzz.finding import key_of
from conformance.plan.casting import Performance, pattern_of
from conformance.plan.program import Program, compile_case, parts
from conformance.report.records import GOOD, result_record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.execute.engine import Engine
    from conformance.execute.session import Outcome
    from conformance.fuzz.generate import Generator
    from conformance.judge.judge import Judge
    from conformance.model.implementation import Implementation
    from conformance.model.vector import Case
    from conformance.report.records import Record
    from conformance.run import Sink

EXAMPLES = 3  # findings of one key that are written with all that they showed; the others are counted
_PROGRESS_EVERY = 1.0  # seconds between records of how far the campaign is


@dataclass(frozen=True, slots=True)
class Plan:
    """What is performed.

    Attributes:
        first: the first seed.
        programs: how many seeds; None for as many as the time allows.
        seconds: after which no new program begins; None for as long as it takes.
        casts: in how many casts each program is performed.
        cast: labels of the one cast, in place of those that the seed draws.
        skip: seeds and casts whose findings a resumed campaign has written already.
    """

    first: int
    programs: int | None
    seconds: float | None
    casts: int
    cast: tuple[str, ...] | None = None
    skip: frozenset[tuple[int, tuple[str, ...]]] = frozenset()


@dataclass(slots=True)
class Tally:
    """What a campaign has seen so far."""

    programs: int = 0
    performances: int = 0
    operations: int = 0
    unsupported: int = 0
    failed: int = 0
    keys: dict[str, int] = field(default_factory=dict)

    def as_record(self) -> dict[str, Any]:
        return {
            "programs": self.programs,
            "performances": self.performances,
            "operations": self.operations,
            "unsupported": self.unsupported,
            "failed": self.failed,
            "keys": dict(self.keys),
        }


class Campaign:
    """One profile on some implementations. `tally` may go on from an earlier one."""

    def __init__(
        self,
        generator: Generator,
        implementations: Sequence[Implementation],
        plan: Plan,
        tally: Tally | None = None,
    ) -> None:
        """Raises UsageError when nobody can play the profile."""
        self._generator = generator
        self._labels = [implementation.label for implementation in implementations]
        features = [implementation.hello.features for implementation in implementations]
        self._players = self._cast_of(plan) or able(generator.profile, features)
        self.left_out = {
            label: ", ".join(lacking(generator.profile, has))
            for label, has in zip(self._labels, features, strict=True)
            if lacking(generator.profile, has)
        }
        if not self._players:
            missing = "; ".join(f"{label} lacks {what}" for label, what in self.left_out.items())
            raise UsageError(f"nobody can play the profile {generator.profile.name}: {missing}")
        self._plan = plan
        self.tally = tally or Tally()
        self._open: dict[int, int] = {}
        self._next = plan.first
        self._told = 0.0

    def _cast_of(self, plan: Plan) -> list[int]:
        if unknown := set(plan.cast or ()) - set(self._labels):
            raise UsageError(f"--cast names {', '.join(sorted(unknown))}, which --impls does not")
        return [self._labels.index(label) for label in plan.cast or ()]

    def run(self, engine: Engine, judge: Judge, sinks: Sequence[Sink]) -> None:
        """Perform everything; every finding and, now and then, the state of affairs goes to the sinks."""
        for outcomes in engine.run(self._performances()):
            records = [record for outcome in outcomes for record in self._enter(outcome, judge)]
            if time.monotonic() - self._told > _PROGRESS_EVERY:
                self._told = time.monotonic()
                records.append(self.progress())
            if records:
                for sink in sinks:
                    sink.write(records)

    def progress(self) -> Record:
        """How far it is: all seeds below `next` are done."""
        return {"type": "progress", "next": min(self._open, default=self._next), **self.tally.as_record()}

    def _performances(self) -> Iterator[Performance]:
        plan = self._plan
        until = time.monotonic() + plan.seconds if plan.seconds is not None else float("inf")
        last = plan.first + plan.programs if plan.programs is not None else float("inf")
        while self._next < last and time.monotonic() < until:
            seed = self._next
            case = self._generator.program(seed)
            performances = list(self._cast(case, seed))
            self._open[seed] = len(performances)
            self._next += 1
            yield from performances

    def _cast(self, case: Case, seed: int) -> Iterator[Performance]:
        size = len(parts(case))
        programs: dict[tuple[int, ...], Program] = {}
        chosen = (
            [tuple(self._players[part % len(self._players)] for part in range(size))]
            if self._plan.cast
            else casts(seed, self._players, size, self._plan.casts)
        )
        for cast in chosen:
            pattern, players = pattern_of(cast)
            if pattern not in programs:
                programs[pattern] = compile_case(case, pattern, "v1")
            yield Performance(programs[pattern], cast, players)

    def _enter(self, outcome: Outcome, judge: Judge) -> Iterator[Record]:
        verdict = judge.judge(outcome)
        program = outcome.performance.program
        tally = self.tally
        tally.performances += 1
        tally.operations += len(program.steps)
        seed = int(program.case.id.rpartition("-")[2])
        self._open[seed] -= 1
        if not self._open[seed]:
            del self._open[seed]
            tally.programs += 1
        if verdict.name in GOOD:
            tally.unsupported += verdict.name == "unsupported"
            return
        cast = tuple(self._labels[player] for player in outcome.performance.cast)
        if (seed, cast) in self._plan.skip:
            return
        key = key_of(verdict, self._labels)
        tally.failed += 1
        tally.keys[key] = tally.keys.get(key, 0) + 1
        if tally.keys[key] <= EXAMPLES:
            record = result_record(outcome, verdict, self._labels, ())
            yield {
                **record,
                "profile": self._generator.profile.name,
                "seed": seed,
                "key": key,
                "program": program_json(program.case),
            }


def program_json(case: Case) -> dict[str, Any]:
    """A program as a case of a suite file."""
    return {
        "id": case.id,
        "title": case.title,
        "reason": case.reason,
        "level": case.level,
        "roots": dict(case.roots),
        "wrap": case.wrap,
        "peers": dict(case.peers),
        "steps": list(case.steps),
        "expect": dict(case.expect),
    }
