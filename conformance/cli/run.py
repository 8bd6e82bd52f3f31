"""`run`: the kit's main job."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from conformance.cli import options
from conformance.errors import UsageError
from conformance.model.layers import DOCUMENTS, parse_layers

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Collection, Sequence

    from conformance.execute.process import RunnerProcess
    from conformance.provision import Launch
    from conformance.report.records import Record
    from conformance.run import Plan
    from conformance.wanted import Wanted

FORMATS = ("terminal", "ndjson", "junit", "markdown")
CASTINGS = ("solo", "ring", "pairs", "all")
ROLE_CASTINGS = ("once", "rotate")
UPPER_OPTIONS = ("keep", "proxy")
"""Options that only scenarios have."""


def parser(command: str, description: str) -> options.Parser:
    """The options of a run."""
    parser = options.parser(command, description)
    options.add_implementations(parser)
    parser.add_argument(
        "--layers", default="0-3", metavar="L",
        help="0-3: the libraries alone (default); 4-7, or some of store, websocket, ydoc, collaboration: the scenarios",
    )  # fmt: skip
    add_selection(parser)
    parser.add_argument(
        "--requirements", metavar="VERSION", help="only the cases that were frozen with a version, or in a FILE"
    )
    parser.add_argument(
        "--castings", choices=(*CASTINGS, *ROLE_CASTINGS), metavar="KIND",
        help="solo: each alone; ring: also each as writer for the next one; pairs: also every writer with every "
        "reader; all: every assignment (default pairs). Of scenarios once, rotate or all (default: as each says)",
    )  # fmt: skip
    parser.add_argument(
        "--deliveries", choices=("direct", "varied", "all"), default="direct",
        help="varied: each case also twice, cut by client, merged, diffed, converted, restored, synced in place of the "
        "finale; all: both (default direct)",
    )  # fmt: skip
    parser.add_argument(
        "--quick", action="store_true",
        help="an answer in seconds: --level required --castings ring",
    )  # fmt: skip
    parser.add_argument("-x", "--fail-fast", action="store_true", help="stop at the first unexpected result")
    parser.add_argument("--seed", type=int, metavar="N", help="shuffle the performances")
    options.add_limits(parser)
    parser.set_defaults(jobs=None)  # more for scenarios, which mostly wait
    parser.add_argument("--format", choices=FORMATS, default="terminal", help="of the report (default terminal)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the report there instead of to stdout")
    parser.add_argument(
        "--results", type=Path, metavar="FILE", help="the results file (default: one per run, in the cache)"
    )
    parser.add_argument("--resume", type=Path, metavar="FILE", help="go on with a results file that was cut short")
    parser.add_argument(
        "--proxy",
        choices=("toxiproxy",),
        help="what spoils connections in place of the kit's own proxy",
    )
    parser.add_argument("--keep", action="store_true", help="keep the logs and data of each scenario")
    return parser


def add_selection(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--vectors",
        type=Path,
        action="append",
        metavar="PATH",
        help="files or folders of vectors, instead of the shipped ones",
    )
    parser.add_argument("--with-shipped", action="store_true", help="the shipped vectors too, beside --vectors")
    parser.add_argument("--filter", action="append", default=[], metavar="GLOB", help="case ids, for example 'text/*'")
    parser.add_argument(
        "--feature", action="append", default=[], metavar="NAME", help="cases that use this op or bear this flag"
    )
    parser.add_argument(
        "--level",
        choices=("required", "recommended", "informational"),
        default="informational",
        help="this level and stricter",
    )


def plan(arguments: argparse.Namespace, names: Collection[str] | None = None) -> Plan:
    """What the selection options stand for. `names` are those of the implementations that take part, if not all."""
    from conformance.judge.known import load_known
    from conformance.model.vector import VARIED, Selection, load_cases, vary
    from conformance.requirements import required
    from conformance.resources import data_root
    from conformance.run import Plan

    shipped = data_root() / "vectors"
    paths = [*(arguments.vectors or ()), *([shipped] if arguments.with_shipped or not arguments.vectors else ())]
    selection = Selection(tuple(arguments.filter), tuple(arguments.feature), arguments.level)
    requirements = getattr(arguments, "requirements", None)
    if not requirements:
        paths = _folders(paths, shipped, selection.filters)
    cases = load_cases(paths)
    deliveries = getattr(arguments, "deliveries", "direct")
    if any(pattern.endswith(VARIED) for pattern in arguments.filter):
        deliveries = "all"
    varied = () if deliveries == "direct" else vary(cases)
    shapes = {"direct": cases, "varied": varied, "all": (*cases, *varied)}[deliveries]
    demanded = required(requirements, shapes, shipped)
    selected = tuple(case for case in demanded if selection.includes(case))
    known = load_known(data_root() / "runners" / "known", names)
    return Plan(
        cases=selected,
        castings=getattr(arguments, "castings", None) or "pairs",
        known=tuple(entry for entry in known if not entry.is_of_scenarios),
        limits=options.limits(arguments),
        seed=getattr(arguments, "seed", None),
        fail_fast=getattr(arguments, "fail_fast", False),
        whole=shipped in paths and len(selected) == len(shapes),
    )


def _folders(paths: Sequence[Path], shipped: Path, filters: Sequence[str]) -> list[Path]:
    """The paths, but of the shipped vectors only the suites that the filters name, where each of them names one."""
    suites = dict.fromkeys(pattern.partition("/")[0] for pattern in filters)
    if not suites or any(letter in suite for suite in suites for letter in "*?["):
        return list(paths)
    named = [shipped / suite for suite in suites if (shipped / suite).is_dir()]
    return [folder for path in paths for folder in (named if path == shipped else [path])]


def main(argv: list[str]) -> int:
    """Run, and report in the format that was asked for."""
    description = "Run the vectors on implementations, alone and cast as each other's peers."
    arguments = parser("[run]", description).parse_args(argv)
    layers = parse_layers(arguments.layers)
    upper = layers != (DOCUMENTS,)
    if arguments.quick:
        arguments.level, arguments.castings = "required", "once" if upper else "ring"
    _check_castings(arguments.castings, upper=upper)
    if upper:
        from conformance.cli import layers as scenarios

        return scenarios.main(arguments, layers, argv)
    for name in UPPER_OPTIONS:
        if getattr(arguments, name):
            raise UsageError(f"--{name} is for the layers 4 to 7; leave it out, or add --layers 4-7")
    wanted = options.wanted(arguments)
    return execute(arguments, wanted, lambda: plan(arguments, wanted.names), argv)


def _check_castings(kind: str | None, *, upper: bool) -> None:
    fitting = (*ROLE_CASTINGS, "pairs", "all") if upper else CASTINGS
    if kind is not None and kind not in fitting:
        raise UsageError(f"--castings {kind} does not go with these layers; give one of {', '.join(fitting)}")


def execute(arguments: argparse.Namespace, wanted: Wanted, planning: Callable[[], Plan], argv: Sequence[str]) -> int:
    """Provide the runners, run, write the results file and the report.

    The runners load their libraries while the vectors are read.
    """
    from conformance.execute.process import started
    from conformance.report.progress import announce
    from conformance.wanted import launches

    for name, reason in wanted.left_out.items():
        announce(f"left out {name}: {reason}")
    commands = launches(wanted, announce)
    with started(commands) as processes:
        return _execute(arguments, wanted, commands, processes, planning(), argv)


def _execute(
    arguments: argparse.Namespace,
    wanted: Wanted,
    commands: Sequence[Launch],
    processes: list[RunnerProcess],
    planned: Plan,
    argv: Sequence[str],
) -> int:
    from conformance.cli.recording import default_results_path, is_quiet, recording
    from conformance.report.progress import counting
    from conformance.report.store import read_for_resume
    from conformance.run import run
    from conformance.version import kit_version

    first: Record | None = None
    done: list[Record] = []
    size = 0
    path = arguments.resume or arguments.results or default_results_path()
    if arguments.resume:
        first, done, size = read_for_resume(path)
        _check_resumable(first, wanted, planned)
    left = first.get("performances", 0) - len(done) if first else 0
    live = counting(left, quiet=is_quiet(arguments))
    with recording(arguments, path, live, planned.known, keep=size) as sinks:
        return run(
            wanted,
            commands,
            planned,
            sinks,
            arguments=argv,
            done=done,
            kit=kit_version(),
            resumed=first,
            processes=processes,
        )


def _check_resumable(first: Record, wanted: Wanted, planned: Plan) -> None:
    from conformance.run import digest_of

    labels = [implementation["label"] for implementation in first["implementations"]]
    if labels != [spec.label for spec in wanted.specs]:
        raise UsageError(f"the results to resume are of {','.join(labels)}; add --impls {','.join(labels)}")
    if first["castings"] != planned.castings or first["vectors"] != digest_of(planned.cases):
        raise UsageError(
            f"the results to resume are of other cases or castings; run with: {' '.join(first['arguments'])}"
        )
