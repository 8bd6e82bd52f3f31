"""`replay`: perform failed results again, each with the same case, cast and format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from conformance.cli import options
from conformance.errors import UsageError
from conformance.model.layers import ALL_ROLES

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import TypeVar

    from conformance.model.vector import Case
    from conformance.report.records import Record
    from conformance.run import Plan
    from conformance.scenario.model import Scenario
    from conformance.scenario.run import Plan as ScenarioPlan

    Found = TypeVar("Found", Case, Scenario)

ALL_PASS, STILL_FAILING = 0, 1


def _parser() -> options.Parser:
    parser = options.parser(
        "replay",
        "Perform the failed results of a results file again, each as it was. "
        "Exit code 0 when all pass now, 1 otherwise.",
    )
    parser.add_argument("results", type=Path, metavar="RESULT.ndjson")
    parser.add_argument(
        "id", nargs="?", default="*", metavar="ID", help="a case id, or a glob (default: all that failed)"
    )
    parser.add_argument("--known", action="store_true", help="known divergences too")
    parser.add_argument(
        "--vectors",
        type=Path,
        action="append",
        default=[],
        metavar="PATH",
        help="where cases stand that are not shipped",
    )
    parser.add_argument("--runner", metavar="MANIFEST.toml", type=Path, action="append", default=[])
    options.add_limits(parser)
    return parser


def main(argv: list[str]) -> int:
    """Replay, and say of each result whether it failed in the same way."""
    from conformance.model.spec import parse_spec
    from conformance.report.progress import announce
    from conformance.run import run
    from conformance.wanted import choose, launches

    arguments = _parser().parse_args(argv)
    first, failed = _failed(arguments.results, arguments.id, known=arguments.known)
    labels = list(dict.fromkeys(label for record in failed for label in record["cast"]))
    specs = [parse_spec(label) for label in labels]
    wanted = choose(specs, options.manifests(arguments), ALL_ROLES)
    commands = launches(wanted, announce)
    then = {each["label"]: each["version"] for each in first["implementations"]}
    collector = _Again(failed, then)
    if first["castings"] == "roles":
        from conformance.scenario.run import run as run_scenarios

        run_scenarios(wanted, commands, _scenarios(arguments, failed), [collector])
    else:
        run(wanted, commands, _plan(arguments, failed), [collector])
    collector.conclude()
    return STILL_FAILING if collector.failing else ALL_PASS


def _plan(arguments: argparse.Namespace, failed: Sequence[Record]) -> Plan:
    """Just the performances that failed, by the vectors as they are now."""
    from conformance.model.vector import load_cases
    from conformance.resources import data_root
    from conformance.run import Plan

    ids = {record["case"] for record in failed}
    cases = tuple(_found(ids, arguments.vectors, data_root() / "vectors", load_cases))
    kind = "all" if any(len(set(record["cast"])) > 2 for record in failed) else "pairs"
    only = frozenset((record["case"], tuple(record["cast"]), record["format"]) for record in failed)
    return Plan(cases, kind, (), options.limits(arguments), only=only)


def _scenarios(arguments: argparse.Namespace, failed: Sequence[Record]) -> ScenarioPlan:
    """Just the performances that failed, by the scenarios as they are now."""
    from conformance.cli.layers import corpora_of
    from conformance.model.layers import UPPER
    from conformance.resources import data_root
    from conformance.scenario.model import FOLDER, load_scenarios
    from conformance.scenario.run import Plan

    only = frozenset((record["case"], tuple(record["cast"])) for record in failed)
    ids = {case for case, _ in only}
    shipped = data_root() / "vectors" / FOLDER
    scenarios = tuple(_found(ids, arguments.vectors, shipped, lambda paths: load_scenarios(paths, tuple(UPPER))))
    return Plan(scenarios, "", (), only=only, jobs=arguments.jobs, corpora=corpora_of(scenarios))


def _found(
    wanted: set[str], own: Sequence[Path], shipped: Path, load: Callable[[Sequence[Path]], Iterable[Found]]
) -> Iterator[Found]:
    """The cases of these ids: those that are in `own`, and of the others the shipped ones, as a run may have both."""
    missing = set(wanted)
    for paths in filter(None, (own, [shipped])):
        found = [case for case in load(paths) if case.id in missing] if missing else []
        missing -= {case.id for case in found}
        yield from found
    if missing:
        raise UsageError(
            f"no case {', '.join(sorted(missing))} in the vectors; say where they stand with --vectors PATH"
        )


def _failed(path: Path, pattern: str, *, known: bool) -> tuple[Record, list[Record]]:
    from fnmatch import fnmatchcase

    from conformance.report.records import GOOD
    from conformance.report.store import read_records

    records = read_records(path)
    first = next(records, None)
    if first is None:
        raise UsageError(f"{path}: is empty; give the file that a run wrote")
    failed = [
        record
        for record in records
        if record["type"] == "result"
        and record["verdict"] not in GOOD
        and (known or "known" not in record)
        and fnmatchcase(record["case"], pattern)
    ]
    if not failed:
        raise UsageError(f"{path}: no failed result matches {pattern}; with --known, known divergences count too")
    return first, failed


class _Again:
    """A sink that holds each result against the one of then."""

    def __init__(self, failed: Sequence[Record], versions: dict[str, str]) -> None:
        self._then = {(record["case"], tuple(record["cast"]), record["format"]): record for record in failed}
        self._versions = versions
        self.failing = 0
        self._passing = 0

    def write(self, records: Sequence[Record]) -> None:
        for record in records:
            if record["type"] == "run":
                self._compare_versions(record)
            elif record["type"] == "result":
                self._compare(record)

    def _compare_versions(self, run: Record) -> None:
        for each in run["implementations"]:
            if each["version"] != self._versions[each["label"]]:
                print(f"{each['label']} is {each['version']} now; it was {self._versions[each['label']]}")

    def _compare(self, record: Record) -> None:
        from conformance.report.failure import headline, legible, shown

        then = self._then[record["case"], tuple(record["cast"]), record["format"]]
        if record["verdict"] == "pass":
            self._passing += 1
            print(f"passes now         {headline(record)}")
            return
        self.failing += 1
        same = record.get("signature") == then.get("signature")
        print(f"{'fails as it did' if same else 'fails otherwise':<18} {headline(record)}")
        for failure in record.get("failures", ())[:1]:
            print(f"  expected  {shown(failure['expected'])}\n  observed  {shown(failure['observed'])}")
        if record.get("detail"):
            print(f"  {legible(record['detail'])}")

    def conclude(self) -> None:
        print(f"{self.failing} still fail, {self._passing} pass now")
