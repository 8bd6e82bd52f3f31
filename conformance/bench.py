"""The CPU budgets of the kit, measured.

The work is a set of generated vectors. *In-process* is the CPU time that the runners need for the very same request
lines when they read them from a file beforehand and write no answer: the libraries' own time and the runner's steps.
Against it stands the CPU time of the coordinator and the runners together, start-up taken off. Everything is CPU
time of one run on one machine, in turns: of costs the least of some rounds, of ratios the median (rounds.py).

A generated vector is long: some 90 steps, and 13 KB that travel for each. What vectors of the usual length cost the
coordinator is measured on the shipped ones. Since a vector is any number of steps, its budget is for a step.
"""

from __future__ import annotations

import os
import random
import resource
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import IO, TYPE_CHECKING, Any, cast

from conformance.errors import UsageError
from conformance.execute.engine import Engine
from conformance.execute.limits import Limits
from conformance.jsonio import JSONDecodeError, dumps, loads
from conformance.judge.judge import Judge
from conformance.model.implementation import SPEAKS_V2
from conformance.model.vector import Case
from conformance.plan.casting import Performance, perform
from conformance.report.records import result_record
from conformance.report.store import ResultWriter
from conformance.rounds import is_least, is_steady, rounds
from conformance.run import Plan, introduce, run

if TYPE_CHECKING:
    from conformance.execute.session import Outcome
    from conformance.judge.known import Divergence
    from conformance.model.spec import Spec
    from conformance.provision import Launch
    from conformance.wanted import Wanted

_WORDS = ("and", "the conflict", "merge ", "replica", "a", "tombstone ", "clock", " \n")

PER_STEP = 5.0
"""The budget of the coordinator, in us of CPU time for each step that a runner performs, those of the finale too."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One number against its budget: `unit` is x for a ratio, us for microseconds.

    The budget is what it may be at most, or with `least` at least.
    """

    name: str
    value: float
    budget: float
    unit: str
    detail: str
    least: bool = False

    @property
    def is_met(self) -> bool:
        return self.value >= self.budget if self.least else self.value <= self.budget


def generate(count: int, edits: int, seed: int) -> tuple[Case, ...]:
    """Cases in which two peers make `edits` edits each to a text, an array and a map, and exchange updates.

    What they converge to is not demanded: it is the time that is measured.
    """
    source = random.Random(seed)
    return tuple(_case(f"bench/case-{number}", edits, source) for number in range(count))


def _case(name: str, edits: int, source: random.Random) -> Case:
    lengths = {peer: [0, 0] for peer in "ab"}  # of the text and of the array, before the exchange
    steps: list[dict[str, Any]] = []
    for _ in range(edits):
        steps += [_edit(peer, lengths[peer], source) for peer in "ab"]
    steps += [{"op": "encode", "peer": peer, "as": f"u{peer}"} for peer in "ab"]
    steps += [{"op": "apply", "peer": "a", "update": "ub"}, {"op": "apply", "peer": "b", "update": "ua"}]
    return Case(
        id=name,
        title="",
        reason="",
        level="required",
        verdict="valid",
        flags=(),
        links=(),
        roots={"t": "text", "l": "array", "m": "map"},
        peers={"a": {"client": source.randrange(1, 2**31)}, "b": {"client": source.randrange(1, 2**31)}},
        steps=steps,
        expect={"converged": {}},
        file=Path(),
    )


def _edit(peer: str, lengths: list[int], source: random.Random) -> dict[str, Any]:
    kind = source.random()
    if kind < 0.1 and lengths[0] > 4:
        lengths[0] -= 2
        return {"op": "text.delete", "peer": peer, "path": ["t"], "index": source.randrange(lengths[0]), "length": 2}
    if kind < 0.7:
        word = source.choice(_WORDS)
        at = source.randint(0, lengths[0])
        lengths[0] += len(word)
        return {"op": "text.insert", "peer": peer, "path": ["t"], "index": at, "text": word}
    if kind < 0.85:
        at = source.randint(0, lengths[1])
        lengths[1] += 1
        return {"op": "array.insert", "peer": peer, "path": ["l"], "index": at, "values": [source.randrange(1000)]}
    key = source.choice("abcdef")
    return {"op": "map.set", "peer": peer, "path": ["m"], "key": key, "value": source.randrange(1000)}


Work = Callable[[Sequence[frozenset[str]]], Iterable[Performance]]
"""From what each implementation can do to what is performed."""


def generated(cases: Sequence[Case], castings: str) -> Work:
    """Cases in update v1; of castings in which implementations meet, only those in which they do."""
    return lambda features: (
        performance
        for performance in perform(cases, castings, [can - SPEAKS_V2 for can in features])
        if castings == "solo" or not performance.is_solo
    )


def unbroken(cases: Sequence[Case], specs: Sequence[Spec], commands: Sequence[Launch], jobs: int) -> Work:
    """Cases in pairs, but for those that break a library: what starting another takes is not to be had in-process."""
    with Engine(commands, Limits(jobs=jobs)) as engine:
        features = [implementation.hello.features for implementation in introduce(engine, specs, commands)]
        fine = {
            _key(outcome.performance)
            for outcomes in engine.run(perform(cases, "pairs", features))
            for outcome in outcomes
            if not _is_broken(outcome)
        }
    return lambda features: (each for each in perform(cases, "pairs", features) if _key(each) in fine)


def _is_broken(outcome: Outcome) -> bool:
    """Whether a runner ended, hung, or said that its library broke."""
    errors = (answer["error"] for answer in outcome.answers if answer is not None and "error" in answer)
    return outcome.fault is not None or any(error.get("kind") == "panic" for error in errors)


def _key(performance: Performance) -> tuple[str, tuple[int, ...], str]:
    return performance.program.case.id, performance.cast, performance.program.format


@dataclass(frozen=True, slots=True)
class _Spent:
    """CPU seconds of one run, wall seconds, and what was performed in it.

    `critical` are the wall seconds in which the cores could have done all of it, start-up too.
    """

    coordinator: float
    runners: float
    wall: float
    critical: float
    parts: int
    steps: int

    @property
    def whole(self) -> float:
        return self.coordinator + self.runners


def measure_run(
    kind: str,
    work: Work,
    specs: Sequence[Spec],
    commands: Sequence[Launch],
    folder: Path,
    ratio_budget: float,
    jobs: int,
) -> list[Measure]:
    """Perform the work through the coordinator and in-process, in turns, and compare."""
    files = [folder / f"{kind}-{number}.ndjson" for number in range(len(commands))]

    def in_turns() -> tuple[_Spent, float]:
        run = _spent(work, specs, commands, files, jobs)
        alone = zip(commands, files, specs, strict=True)
        return run, sum(in_process(command, file, spec) for command, file, spec in alone)

    def ratios(turns: Sequence[tuple[_Spent, float]]) -> list[float]:
        return [run.whole / base for run, base in turns]

    turns = rounds(in_turns, lambda turns: is_steady(ratios(turns)))
    runs = [run for run, _ in turns]
    coordinator, runners, base = (
        median(costs)
        for costs in ([run.coordinator for run in runs], [run.runners for run in runs], [base for _, base in turns])
    )
    cheapest = min(runs, key=lambda run: run.coordinator)
    each = f"{cheapest.parts} vectors and runners, {cheapest.coordinator / cheapest.parts * 1e6:.0f} us each"
    detail = f"coordinator {coordinator:.2f} s + runners {runners:.2f} s, in-process {base:.2f} s, {len(turns)} rounds"
    wall = f"{median([run.wall for run in runs]):.2f} s on {jobs} cores, start-up too"
    waited = median([run.wall / run.critical for run in runs])
    return [
        Measure(f"{kind}: CPU against in-process", median(ratios(turns)), ratio_budget, "x", detail),
        Measure(f"{kind}: wall against the critical path", waited, 1.6, "x", wall),
        _coordinator(kind, cheapest.coordinator, cheapest.steps, each),
    ]


def _spent(
    work: Work, specs: Sequence[Spec], commands: Sequence[Launch], requests: Sequence[Path], jobs: int
) -> _Spent:
    """One run through the coordinator; `requests` get the lines that the runners were sent."""
    sent: list[list[bytes]] = [[] for _ in requests]
    idle = start_up(specs, commands, jobs)
    before = children()
    started, wall = time.process_time(), time.monotonic()
    with Engine(commands, Limits(jobs=jobs), lambda number, line: sent[number].append(line)) as engine:
        implementations = introduce(engine, specs, commands)
        judge = Judge(implementations)
        labels = [spec.label for spec in specs]
        writer = ResultWriter(requests[0].with_suffix(".results"))
        parts = steps = 0
        for outcomes in engine.run(iter(work([implementation.hello.features for implementation in implementations]))):
            writer.write([result_record(outcome, judge.judge(outcome), labels, ()) for outcome in outcomes])
            parts += sum(len(outcome.performance.players) for outcome in outcomes)
            steps += sum(len(outcome.performance.program.steps) for outcome in outcomes)
        writer.close()
    coordinator, wall = time.process_time() - started, time.monotonic() - wall
    for file, lines in zip(requests, sent, strict=True):
        file.write_bytes(b"".join(lines))
    used = children() - before
    return _Spent(coordinator, used - idle, wall, (coordinator + used) / jobs, parts, steps)


def _coordinator(kind: str, seconds: float, steps: int, detail: str) -> Measure:
    return Measure(f"{kind}: coordinator per step", seconds / steps * 1e6, PER_STEP, "us", f"{steps} steps; {detail}")


def measure_corpus(
    cases: Sequence[Case],
    known: Sequence[Divergence],
    wanted: Wanted,
    commands: Sequence[Launch],
    folder: Path,
    jobs: int,
) -> Measure:
    """A run of real vectors in pairs, as a user starts it: what breaks a runner is part of it."""
    with Engine(commands, Limits(jobs=jobs)) as engine:
        features = [implementation.hello.features for implementation in introduce(engine, wanted.specs, commands)]
    steps = sum(len(performance.program.steps) for performance in perform(cases, "pairs", features))
    plan = Plan(tuple(cases), "pairs", tuple(known), Limits(jobs=jobs))

    def spent() -> float:
        writer = ResultWriter(folder / "corpus-results.ndjson")
        started = time.process_time()
        run(wanted, commands, plan, [writer])
        used = time.process_time() - started
        writer.close()
        return used

    costs = rounds(spent, is_least)
    detail = f"{len(cases)} vectors in pairs, {min(costs):.2f} s, {len(costs)} rounds"
    return _coordinator("corpus", min(costs), steps, detail)


def children() -> float:
    """CPU seconds of all processes that were started and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def start_up(specs: Sequence[Spec], commands: Sequence[Launch], jobs: int) -> float:
    """CPU seconds of starting and introducing the runners, and nothing else."""
    before = children()
    with Engine(commands, Limits(jobs=jobs)) as engine:
        introduce(engine, specs, commands)
        for _ in engine.run(iter(())):
            pass
    return children() - before


def in_process(command: Launch, requests: Path, spec: Spec) -> float:
    """CPU seconds that a runner needs for request lines without reading or writing them.

    Raises:
        UsageError: the runner cannot measure itself.
    """
    measured = asked(command, "--measure", str(requests))
    if "seconds" not in measured:
        raise UsageError(f"{spec.label}: its runner has no --measure REQUESTS; leave it out of --impls")
    return measured["seconds"]


def asked(command: Launch, *option: str) -> dict[str, float]:
    """What a runner prints when it is started with an option that makes it measure itself; nothing if it has none."""
    done = subprocess.run(
        (*command.argv, *option),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={**os.environ, **command.env},
        cwd=command.cwd,
        check=False,
    )
    try:
        said = loads(done.stdout)
    except JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}


def measure_help() -> Measure:
    """CPU time of `--help` against an empty Python program."""
    turns = _in_turns(
        lambda: _cpu([sys.executable, "-m", "conformance", "--help"]), lambda: _cpu([sys.executable, "-c", "pass"])
    )
    return _ratio("--help: CPU against an empty program", turns, 8.0)


def measure_first_result(label: str, command: Launch, spec: Spec, case: str) -> Measure:
    """Wall time until a run of one vector has told its first result, against the start-up of its runner."""

    def start_up() -> float:
        started = time.monotonic()
        with Engine([command], Limits()) as engine:
            introduce(engine, [spec], [command])
            return time.monotonic() - started

    def first_result() -> float:
        started = time.monotonic()
        arguments = ["--impls", label, "--filter", case, "--castings", "solo", "--format", "ndjson"]
        command = [sys.executable, "-m", "conformance", *arguments]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=_environment()) as process:
            stdout = cast(IO[bytes], process.stdout)
            if not any(b'"type":"result"' in line for line in stdout):
                raise UsageError(f"{label}: has no result of {case}; try it: {shlex.join(command)}")
            took = time.monotonic() - started
            stdout.read()
        return took

    return _ratio("first result: wall against runner's start-up", _in_turns(first_result, start_up), 1.5)


def _cpu(command: Sequence[str]) -> float:
    before = children()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True, env=_environment())
    return children() - before


def _environment() -> dict[str, str]:
    """The environment of a user: compiled modules are kept between runs."""
    return {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}


def _in_turns(one: Callable[[], float], other: Callable[[], float]) -> list[tuple[float, float]]:
    """What each takes, in turns."""
    return rounds(lambda: (one(), other()), lambda turns: is_steady([cost / base for cost, base in turns]))


def _ratio(name: str, turns: Sequence[tuple[float, float]], budget: float) -> Measure:
    took = median([cost for cost, _ in turns])
    ratio = median([cost / base for cost, base in turns])
    return Measure(name, ratio, budget, "x", f"{took * 1e3:.0f} ms, {len(turns)} rounds")


def as_json(measures: Sequence[Measure]) -> bytes:
    """The measures as one JSON array."""
    return dumps(
        [
            {
                "name": measure.name,
                "value": round(measure.value, 3),
                "budget": measure.budget,
                "least": measure.least,
                "unit": measure.unit,
                "met": measure.is_met,
                "detail": measure.detail,
            }
            for measure in measures
        ]
    )
