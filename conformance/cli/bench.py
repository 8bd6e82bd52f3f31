"""`bench`: the kit against its CPU budgets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from conformance.cli import options

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from conformance.bench import Measure

_FOUR = "yjs,ywasm,pycrdt,ypy"
SOLO, CROSS = 1.20, 1.25
_EACH = 4
"""Of the shipped vectors every fourth is performed in-process too: all of them take minutes."""


def _parser() -> options.Parser:
    parser = options.parser("bench", "Measure the kit against its CPU budgets and print each ratio.")
    parser.add_argument(
        "--impls", default=_FOUR, metavar="A,B", help=f"runners that can measure themselves (default {_FOUR})"
    )
    parser.add_argument("--vectors", type=int, default=1000, metavar="N", help="how many are generated (default 1000)")
    parser.add_argument("--edits", type=int, default=32, metavar="N", help="of each of the two peers (default 32)")
    parser.add_argument("--programs", type=int, default=300, metavar="N", help="random ones (default 300)")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    parser.add_argument("--without-corpus", action="store_true", help="generated vectors only, which is faster")
    parser.add_argument("--json", action="store_true", help="one array, for a program")
    parser.set_defaults(runner=[])
    return parser


def main(argv: list[str]) -> int:
    """Measure and print, each line as soon as it is known."""
    arguments = _parser().parse_args(argv)
    measures: list[Measure] = []
    for measure in _measures(arguments):
        measures.append(measure)
        if not arguments.json:
            _print(measure)
    if arguments.json:
        from conformance.bench import as_json

        print(as_json(measures).decode())
    return 0


def _measures(arguments: argparse.Namespace) -> Iterator[Measure]:
    import os
    import tempfile

    from conformance.bench import (
        generate,
        generated,
        measure_corpus,
        measure_first_result,
        measure_help,
        measure_run,
        unbroken,
    )
    from conformance.fuzz.measure import measure_fuzz
    from conformance.judge.known import load_known
    from conformance.model.vector import load_cases
    from conformance.report.progress import announce
    from conformance.resources import data_root
    from conformance.wanted import launches

    wanted = options.wanted(arguments)
    commands = launches(wanted, announce)
    cases = generate(arguments.vectors, arguments.edits, arguments.seed)
    jobs = os.cpu_count() or 2
    yield measure_help()
    yield measure_first_result(wanted.specs[0].label, commands[0], wanted.specs[0], "text/insert-into-empty")
    with tempfile.TemporaryDirectory() as name:
        for kind, castings, few, budget in (
            ("solo", "solo", cases, SOLO),
            ("cross", "pairs", cases[: len(cases) // 4], CROSS),
        ):
            announce(f"{kind}: {len(few)} vectors with {2 * arguments.edits} edits each")
            work = generated(few, castings)
            yield from measure_run(kind, work, wanted.specs, commands, Path(name), budget, jobs)
        announce(f"fuzz: {arguments.programs} programs")
        yield from measure_fuzz(wanted.specs, commands, Path(name), arguments.programs, jobs)
        if not arguments.without_corpus:
            # What is solo is of no usual length.
            shipped = tuple(case for case in load_cases([data_root() / "vectors"]) if not case.solo)
            known = load_known(data_root() / "runners" / "known", wanted.names)
            few = shipped[::_EACH]
            announce(f"shipped: {len(few)} vectors in pairs")
            work = unbroken(few, wanted.specs, commands, jobs)
            yield from measure_run("shipped", work, wanted.specs, commands, Path(name), CROSS, jobs)
            announce(f"corpus: {len(shipped)} vectors in pairs")
            yield measure_corpus(shipped, known, wanted, commands, Path(name), jobs)


def _print(measure: Measure) -> None:
    mark = "ok  " if measure.is_met else "LOW " if measure.least else "OVER"
    value = f"{measure.value:6.2f} {measure.unit:<2} (budget {measure.budget:g})"
    print(f"{mark} {measure.name:<46} {value}  {measure.detail}", flush=True)
