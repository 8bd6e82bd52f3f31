"""`repro`: a program that shows a case with nothing but the library, for a bug report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from conformance.cli import options
from conformance.errors import ConformanceError, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from conformance.model.manifest import Manifest
    from conformance.model.vector import Case
    from conformance.repro.performing import Shown

SHOWN, AGREES = 0, 1
_V2 = {"apply.v2", "encode.v2"}


def _parser() -> options.Parser:
    parser = options.parser(
        "repro",
        "Print a program that shows a failing case with nothing but the library. The case is performed first: the "
        "program has only the steps that lead to its first failure. Exit code 1 when the case does not fail; the "
        "program then shows the last state.",
    )
    parser.add_argument("case", metavar="CASE", help="id of a case")
    parser.add_argument("--impl", required=True, metavar="NAME", help="NAME, NAME@VERSION or NAME=PATH")
    options.add_partner(parser)
    parser.add_argument("--update-format", choices=("v1", "v2"), help="of updates (default: v1, and v2 if v1 agrees)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the program there instead of to stdout")
    options.add_vectors(parser)
    options.add_limits(parser)
    return parser


def main(argv: list[str]) -> int:
    """Perform, and print."""
    from conformance.model.manifest import find_manifest
    from conformance.model.spec import parse_specs
    from conformance.repro import dialect
    from conformance.repro.source import Library

    arguments = _parser().parse_args(argv)
    case = options.case_of(arguments.case, arguments.vectors)
    specs = parse_specs(",".join(filter(None, [arguments.impl, arguments.writer or arguments.reader])))
    manifests = options.manifests(arguments)
    manifest = find_manifest(specs[0], manifests)
    translator = dialect(_dialect(manifest))
    shown, version = _perform(arguments, case, len(specs))
    program = translator.program(shown.part(0), Library(manifest.title, manifest.package, version))
    if arguments.output:
        arguments.output.write_text(program, encoding="utf-8")
    else:
        print(program, end="")
    return SHOWN if shown.failed else AGREES


def _dialect(manifest: Manifest) -> str:
    from conformance.repro import names

    if not manifest.repro:
        raise UsageError(f"{manifest.path}: names no dialect of programs; add repro, one of {', '.join(names())}")
    if manifest.repro not in names():
        raise UsageError(f"{manifest.path}: there is no dialect {manifest.repro}; there are {', '.join(names())}")
    return manifest.repro


def _perform(arguments: argparse.Namespace, case: Case, count: int) -> tuple[Shown, str]:
    """The first performance that fails, else the first one; and the version of the implementation."""
    from conformance.execute.engine import Engine
    from conformance.model.spec import parse_specs
    from conformance.report.progress import announce
    from conformance.repro.performing import cast_as, first, perform_all
    from conformance.run import introduce
    from conformance.wanted import Wanted, launches

    names = [arguments.impl, arguments.writer or arguments.reader][:count]
    wanted = Wanted(parse_specs(",".join(names)), options.manifests(arguments))
    commands = launches(wanted, announce)
    cast = (0, 0) if count == 1 else (1, 0) if arguments.writer else (0, 1)
    with Engine(commands, options.limits(arguments)) as engine:
        implementations = introduce(engine, wanted.specs, commands)
        formats = _formats(arguments.update_format, all(each.hello.features >= _V2 for each in implementations))
        performances = [cast_as(case, cast, update_format) for update_format in formats]
        seen = list(perform_all(engine, implementations, performances, first))
    seen.sort(key=lambda shown: shown.outcome.performance.program.format)
    if unsupported := [shown for shown in seen if shown.verdict.name == "unsupported"]:
        culprit = implementations[unsupported[0].verdict.culprit or 0].label
        raise ConformanceError(f"{culprit} cannot play {case.id}: it lacks {unsupported[0].verdict.detail}")
    chosen = next((shown for shown in seen if shown.failed), seen[0])
    return chosen, implementations[0].hello.version


def _formats(asked: str | None, speaks_v2: bool) -> Sequence[str]:
    if asked == "v2" and not speaks_v2:
        raise UsageError("--update-format v2: not all of these encode and apply updates in v2")
    return [asked] if asked else ["v1", "v2"] if speaks_v2 else ["v1"]
