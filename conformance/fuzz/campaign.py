"""A campaign: programs of a profile, one seed after the other, performed until they or the time run out."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.errors import UsageError
from conformance.fuzz.casting import able, casts, lacking
from conformance.fuzz.finding import explained, parted, symptom
from conformance.fuzz.inquiry import Inquiry
from conformance.plan.casting import Performance, pattern_of
from conformance.plan.program import Program, cast_script
from conformance.plan.script import parts, write_script
from conformance.report.records import GOOD, result_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from conformance.execute.engine import Engine
    from conformance.execute.session import Outcome
    from conformance.fuzz.generate import Generator
    from conformance.fuzz.inquiry import Cast
    from conformance.judge.judge import Judge, Verdict
    from conformance.judge.known import Divergence
    from conformance.model.implementation import Implementation
    from conformance.model.vector import Case
    from conformance.report.records import Record
    from conformance.run import Sink

_ASKED = "fuzz/asked-"
EXAMPLES = 3  # findings of one kind that are written with all that they showed; the others are counted
_PROGRESS_EVERY = 1.0  # seconds between records of how far the campaign is


class NobodyCanError(UsageError):
    """No implementation has the features of a profile."""


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
    """What a campaign has seen so far. `kinds` counts failures by symptom and by who stood against whom."""

    programs: int = 0
    performances: int = 0
    operations: int = 0
    unsupported: int = 0
    failed: int = 0
    kinds: dict[str, int] = field(default_factory=dict)

    def as_record(self) -> dict[str, Any]:
        return {
            "programs": self.programs,
            "performances": self.performances,
            "operations": self.operations,
            "unsupported": self.unsupported,
            "failed": self.failed,
            "kinds": dict(self.kinds),
        }


class Campaign:
    """One profile on some implementations. `tally` may go on from an earlier one."""

    def __init__(
        self,
        generator: Generator,
        implementations: Sequence[Implementation],
        plan: Plan,
        tally: Tally | None = None,
        known: Sequence[Divergence] = (),
    ) -> None:
        """Raises NobodyCanError when no implementation has the features of the profile."""
        self._explained = partial(explained, divergences=known, implementations=implementations)
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
            raise NobodyCanError(f"nobody can play the profile {generator.profile.name}: {missing}")
        self._plan = plan
        self.tally = tally or Tally()
        self._everybody = able(generator.profile, features)
        self._asked: deque[Performance] = deque()
        self._inquiries: dict[str, tuple[Inquiry, Record, str]] = {}
        self._open: dict[int, int] = {}
        self._sizes: dict[int, int] = {}
        self._next = plan.first
        self._last = plan.first + plan.programs if plan.programs is not None else float("inf")
        self._until = float("inf")
        self._shown = 0.0

    def _cast_of(self, plan: Plan) -> list[int]:
        if unknown := set(plan.cast or ()) - set(self._labels):
            raise UsageError(f"--cast names {', '.join(sorted(unknown))}, which --impls does not")
        return [self._labels.index(label) for label in plan.cast or ()]

    def run(self, engine: Engine, judge: Judge, sinks: Sequence[Sink]) -> None:
        """Perform everything; every finding and, now and then, the state of affairs goes to the sinks."""
        self._until = time.monotonic() + self._plan.seconds if self._plan.seconds is not None else float("inf")
        while self._has_more():
            for outcomes in engine.run(self._performances()):
                records = [record for outcome in outcomes for record in self._enter(outcome, judge)]
                if time.monotonic() - self._shown > _PROGRESS_EVERY:
                    self._shown = time.monotonic()
                    records.append(self.progress())
                for sink in sinks if records else ():
                    sink.write(records)

    def _has_more(self) -> bool:
        """Whether something is left to perform; the last outcomes may have led to inquiries."""
        return bool(self._asked) or (self._next < self._last and time.monotonic() < self._until)

    def progress(self) -> Record:
        """How far it is: all seeds below `next` are done."""
        return {"type": "progress", "next": min(self._open, default=self._next), **self.tally.as_record()}

    def _performances(self) -> Iterator[Performance]:
        while self._has_more():
            if self._asked:
                yield self._asked.popleft()
                continue
            seed = self._next
            case = self._generator.program(seed)
            performances = list(self._cast(case, self._casts(seed, len(parts(case)))))
            self._open[seed] = len(performances)
            self._sizes[seed] = sum(len(step.get("steps", (step,))) for step in performances[0].program.steps)
            self._next += 1
            yield from performances

    def _casts(self, seed: int, size: int) -> Iterable[Cast]:
        if self._plan.cast:
            return [tuple(self._players[part % len(self._players)] for part in range(size))]
        return casts(seed, self._players, size, self._plan.casts)

    def _cast(self, case: Case, chosen: Iterable[Cast]) -> Iterator[Performance]:
        script = write_script(case, "v1")
        programs: dict[tuple[int, ...], Program] = {}
        for cast in chosen:
            pattern, players = pattern_of(cast)
            if pattern not in programs:
                programs[pattern] = cast_script(script, pattern)
            yield Performance(programs[pattern], cast, players)

    def _enter(self, outcome: Outcome, judge: Judge) -> Iterator[Record]:
        case = outcome.performance.program.case
        asked = case.id.startswith(_ASKED)
        # Structs cost more than all else, so they are looked at in some of a program's casts.
        verdict = judge.judge(outcome, structs=asked or sum(outcome.performance.cast) % self._plan.casts == 0)
        if asked:
            yield from self._answered(outcome.performance, failed=verdict.name not in GOOD)
            return
        tally = self.tally
        tally.performances += 1
        tally.operations += self._sizes[_seed_of(case)]
        if verdict.name in GOOD:
            tally.unsupported += verdict.name == "unsupported"
        elif (_seed_of(case), self._named(outcome.performance.cast)) not in self._plan.skip:
            tally.failed += 1
            yield from self._failed(outcome, verdict)
        self._done(_seed_of(case))

    def _done(self, seed: int) -> None:
        self._open[seed] -= 1
        if not self._open[seed]:
            del self._open[seed], self._sizes[seed]
            self.tally.programs += 1

    def _named(self, cast: Cast) -> tuple[str, ...]:
        return tuple(self._labels[player] for player in cast)

    def _failed(self, outcome: Outcome, verdict: Verdict) -> Iterator[Record]:
        """Count a failure; the first ones of their kind are looked into before they are told."""
        case = outcome.performance.program.case
        raw = f"{symptom(verdict, case.flags)} {parted(verdict, self._labels)}"
        times = self.tally.kinds[raw] = self.tally.kinds.get(raw, 0) + 1
        if times > EXAMPLES:
            return
        record = {
            **result_record(outcome, verdict, self._labels, ()),
            "profile": self._generator.profile.name,
            "seed": _seed_of(case),
            "program": program_json(case),
        }
        if self._plan.cast or len(self._everybody) < 2:
            yield self._told(record, raw)
            return
        name = f"{_ASKED}{len(self._inquiries)}"
        inquiry = Inquiry(self._everybody, len(parts(case)))
        asked = list(self._cast(replace(case, id=name), inquiry.casts()))
        inquiry.waiting = len(asked)
        self._inquiries[name] = (inquiry, record, symptom(verdict, case.flags))
        self._asked += asked
        self._open[_seed_of(case)] += 1  # not done before the inquiry is

    def _answered(self, performance: Performance, *, failed: bool) -> Iterator[Record]:
        inquiry, record, what = self._inquiries[performance.program.case.id]
        inquiry.waiting -= 1
        if failed:
            inquiry.failing.add(frozenset(performance.players))
        if inquiry.waiting:
            return
        sides = inquiry.sides(self._labels)
        yield self._told(record, f"{what} {sides}" if sides else record["kind"])
        self._done(record["seed"])

    def _told(self, record: Record, key: str) -> Record:
        known = self._explained(key)
        return {**record, "key": key, **({"known": list(known)} if known else {})}


def _seed_of(case: Case) -> int:
    return int(case.id.rpartition("-")[2])


def program_json(case: Case) -> dict[str, Any]:
    """A program as a case of a suite file."""
    return {
        "id": case.id,
        "title": case.title,
        "reason": case.reason,
        "level": case.level,
        **({"flags": list(case.flags)} if case.flags else {}),
        "roots": dict(case.roots),
        "wrap": case.wrap,
        "peers": dict(case.peers),
        "steps": list(case.steps),
        "expect": dict(case.expect),
    }
