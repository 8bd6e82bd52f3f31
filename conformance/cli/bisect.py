"""`bisect`: the release that broke or mended a case."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.cli import options, releases
from conformance.errors import UsageError
from conformance.model.layers import is_scenario
from conformance.report.carried import RUNNER, VECTORS, carried

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from conformance.bisect.bench import Bench
    from conformance.bisect.find import Change

FOUND = 0


def _parser() -> options.Parser:
    parser = options.parser(
        "bisect",
        "Find the release of an implementation that broke or mended a case. Releases are installed as a run installs "
        "them, and each performs the case once; those that cannot be had or lack something are passed over. Without "
        "--good and --bad, the newest release is compared with the oldest that can perform the case. Exit code 1 when "
        "the case comes out alike at both ends.",
    )
    parser.add_argument("case", metavar="CASE", help="id of a case or scenario")
    parser.add_argument("--impl", required=True, metavar="NAME", help="NAME, or a range of releases: NAME@FIRST:LAST")
    parser.add_argument("--good", metavar="VERSION", help="a release in which the case passes")
    parser.add_argument("--bad", metavar="VERSION", help="a release in which it fails")
    releases.add_options(parser)
    return parser


def main(argv: list[str]) -> int:
    """Bisect, and print the pair."""
    from conformance.bisect.find import find, lines
    from conformance.bisect.releases import candidates

    arguments = _parser().parse_args(argv)
    if arguments.good and arguments.good == arguments.bad:
        raise UsageError(f"--good and --bad are both {arguments.good}; name two releases")
    wanted, bench = releases.bench(arguments, one=True)
    (case,) = bench.performer.cases
    versions = candidates(bench.manifest, wanted, [arguments.good, arguments.bad], bench.report)
    change = find(bench, versions, arguments.good, arguments.bad)
    print(f"{case.id}  {bench.performer.casting()}  {change.format}")
    print(f"{versions[0]} to {versions[-1]}: {len(versions)} releases, {len(bench.seen)} tried\n")
    print("\n".join(lines(bench, change)))
    print("\n".join(_next(arguments, bench, change, carried(argv, RUNNER, VECTORS))))
    return FOUND


def _next(arguments: argparse.Namespace, bench: Bench, change: Change, given: str) -> Iterator[str]:
    """Commands to go on with: a program or timeline that shows the failure, and the same search in the engine."""
    shown = change.before if change.mended else change.after
    if is_scenario(arguments.case):
        impls = ",".join([f"{bench.manifest.name}@{shown.version}", *bench.performer.others()])
        (case,) = bench.performer.cases
        layer = case.id.partition("/")[0]
        yield f"next         python -m conformance --layers {layer} --filter {case.id} --impls {impls}{given}"
        return
    partner = "".join(f" --{role} {name}" for role in ("writer", "reader") if (name := getattr(arguments, role)))
    also = partner + given
    name = bench.manifest.name
    yield f"next         python -m conformance repro {arguments.case} --impl {name}@{shown.version}{also}"
    engine = bench.manifest.engine
    before, after = change.before.engine, change.after.engine
    if engine != name and engine in bench.manifests and before and after and before != after:
        yield f"or           python -m conformance bisect {arguments.case} --impl {engine}@{before}:{after}{also}"
