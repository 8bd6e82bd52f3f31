"""What random programs cost: against the libraries alone, and against the random tests that a library has for itself.

An *op* is a step of a program, or a local op of a transaction; an *edit* is a local op.
"""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING

from conformance.bench import Measure, asked, children, in_process, start_up
from conformance.execute.engine import Engine
from conformance.execute.limits import Limits
from conformance.fuzz.campaign import Campaign, Plan
from conformance.fuzz.generate import Generator
from conformance.fuzz.profile import combine, load_profiles
from conformance.fuzz.troupe import Script, Troupe
from conformance.fuzz.venue import Machine
from conformance.judge.judge import Judge
from conformance.report.store import ResultWriter
from conformance.rounds import is_least, is_steady, rounds
from conformance.run import introduce

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from conformance.model.spec import Spec
    from conformance.provision import Launch

_PROFILES = ("text", "array", "map")
_CASTS = 4
_OWN_TESTS = 60


def measure_fuzz(
    specs: Sequence[Spec], commands: Sequence[Launch], folder: Path, programs: int, jobs: int
) -> Iterator[Measure]:
    """The first implementation alone against itself in-process and its own tests, and the coordinator with all."""
    turns = rounds(
        lambda: _alone(specs[0], commands[0], folder, programs),
        lambda turns: is_steady([base / spent for spent, base in turns]),
    )
    ratio = median([base / spent for spent, base in turns])
    each = median([spent for spent, _ in turns]) / (edits := _edits(programs))
    detail = f"{edits} edits, {each * 1e6:.0f} us each with everything, {len(turns)} rounds"
    yield Measure("fuzz: throughput against in-process", ratio, 0.8, "x", detail, least=True)
    own = _own_tests(commands[0])
    if own is not None:
        detail = f"its own random tests: {own * 1e6:.0f} us an edit"
        yield Measure("fuzz: edits against the library's own tests", own / each, 2.0, "x", detail, least=True)
    mixed = rounds(lambda: _mixed(specs, commands, programs, jobs), lambda turns: is_least([each for each, _ in turns]))
    each, ops = min(mixed)
    detail = f"{ops} of them, in {_CASTS} casts, {len(mixed)} rounds"
    yield Measure("fuzz: coordinator per op", each * 1e6, 5.0, "us", detail)


def _script(casts: int) -> Script:
    return Script(combine(_PROFILES, load_profiles()), (3, 3), casts)


def _alone(spec: Spec, command: Launch, folder: Path, programs: int) -> tuple[float, float]:
    """CPU seconds of coordinator and runner for the programs, and of the runner in-process."""
    file = folder / "fuzz.ndjson"
    idle = start_up([spec], [command], 1)
    lines: list[bytes] = []
    before, began = children(), time.process_time()
    with Engine([command], Limits(jobs=1), lambda _, line: lines.append(line)) as engine:
        implementations = introduce(engine, [spec], [command])
        campaign = Campaign(Troupe(_script(1), implementations), Plan(1, 1 + programs, None))
        writer = ResultWriter(folder / "fuzz-results.ndjson")
        Machine(implementations, engine, Judge(implementations)).perform(campaign, [writer])
        writer.close()
    spent = time.process_time() - began + children() - before - idle
    file.write_bytes(b"".join(lines))
    return spent, in_process(command, file, spec)


def _edits(programs: int) -> int:
    """The local ops of all programs."""
    script = _script(1)
    generator = Generator(script.profile, script.peers)
    steps = (step for seed in range(1, programs + 1) for step in generator.program(seed).steps)
    return sum(len(step.get("steps", (step,))) for step in steps if "path" in step or "steps" in step)


def _mixed(specs: Sequence[Spec], commands: Sequence[Launch], programs: int, jobs: int) -> tuple[float, int]:
    """CPU seconds of the coordinator for an op when all implementations take part, and the number of ops."""
    with Engine(commands, Limits(jobs=jobs)) as engine:
        implementations = introduce(engine, specs, commands)
        campaign = Campaign(Troupe(_script(_CASTS), implementations), Plan(1, 1 + programs, None))
        began = time.process_time()
        Machine(implementations, engine, Judge(implementations)).perform(campaign, [])
        spent = time.process_time() - began
    operations = campaign.ledger.tally.operations
    return spent / operations, operations


def _own_tests(command: Launch) -> float | None:
    """CPU seconds of an edit in the library's own random tests; None where its runner knows of none."""
    measured = asked(command, "--random-tests", str(_OWN_TESTS))
    return measured["seconds"] / measured["edits"] if measured else None
