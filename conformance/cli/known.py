"""`known`: the known divergences, and their signatures taken from results."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.cli import options

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.judge.known import Divergence
    from conformance.knownfile import Evidence
    from conformance.report.records import Record

COMPLETE, INCOMPLETE = 0, 1
_MOST = 6  # castings of one signature in a line; the results file has all


def main(argv: list[str]) -> int:
    """List, or update."""
    from conformance.jsonio import dumps
    from conformance.judge.known import load_known
    from conformance.resources import data_root

    parser = options.parser(
        "known",
        "The known divergences: failures that are understood. With --update, the signatures of the entries are taken "
        "from results; reasons, cases and everything else are a person's to write. Exit code 1 when a failure is "
        "covered by no entry, or an entry has no failure.",
    )
    parser.add_argument("--update", type=Path, nargs="+", metavar="RESULTS.ndjson", help="results files of runs")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="of the files, instead of the shipped runners/known")
    parser.add_argument("--json", action="store_true", help="a list of objects")
    arguments = parser.parse_args(argv)
    if arguments.json and arguments.update:
        parser.error("--json is of the list; leave --update out")
    folder = arguments.folder or data_root() / "runners" / "known"
    known = load_known(folder)
    if arguments.update:
        return _update(folder, known, arguments.update)
    if arguments.json:
        rows = [dumps(dataclasses.asdict(divergence)).decode() for divergence in known]
        print("[" + ",\n ".join(rows) + "]")
    else:
        print("\n".join(_list(known)))
    return COMPLETE


def _list(known: Sequence[Divergence]) -> Iterator[str]:
    for divergence in known:
        where = [f"{divergence.implementation} {divergence.versions}"]
        if divergence.castings != "any":
            where.append(divergence.castings)
        if divergence.role != "any":
            where.append(divergence.role)
        if divergence.others:
            where.append(f"with {', '.join(divergence.others)}")
        if divergence.formats != ("v1", "v2"):
            where.append(", ".join(divergence.formats))
        yield f"{divergence.id}  ({'; '.join(where)})"
        yield f"  cases   {', '.join(divergence.cases)}"
        yield f"  reason  {divergence.reason.strip()}"
        for link in divergence.links:
            yield f"  link    {link}"
        yield ""
    yield f"{len(known)} in all"


def _update(folder: Path, known: Sequence[Divergence], results: Sequence[Path]) -> int:
    from conformance.knownfile import gather, update

    evidence = gather(known, results)
    for path in update(folder, evidence):
        print(f"updated {path}", file=sys.stderr)
    missing = evidence.missing()
    for name in missing:
        print(f"{name}: no failing result; take it out, or narrow it")
    if missing:
        print()
    print("\n".join(_uncovered(evidence)))
    return INCOMPLETE if missing or evidence.uncovered else COMPLETE


def _uncovered(evidence: Evidence) -> Iterator[str]:
    """The failures that no entry covers: case, then signature and castings."""
    cases: dict[str, dict[tuple[str, str], list[Record]]] = {}
    for record in evidence.uncovered:
        signatures = cases.setdefault(record["case"], {})
        signatures.setdefault((record["verdict"], record["signature"]), []).append(record)
    for case, signatures in sorted(cases.items()):
        yield case
        for (verdict, signature), records in signatures.items():
            what = verdict if verdict == signature else f"{verdict}  {signature}"
            yield f"  {what}"
            shown = [f"{' > '.join(dict.fromkeys(record['cast']))} {record['format']}" for record in records]
            more = f" and {len(shown) - _MOST} more" if len(shown) > _MOST else ""
            yield f"    {', '.join(shown[:_MOST])}{more}"
        yield ""
    yield f"{len(evidence.uncovered)} failures in {len(cases)} cases that no divergence covers"
