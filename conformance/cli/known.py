"""`known`: the known divergences, their signatures taken from results, and their document for upstream."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.cli import options

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from conformance.judge.known import Divergence
    from conformance.knownfile import Evidence
    from conformance.report.records import Record
    from conformance.scenario.model import Scenario

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
        "covered by no entry, or an entry has no failure. With --examples, one failure of each is performed and "
        "recorded in examples.json beside the entries, where one that is seen again stays as it is; "
        "--document makes docs/divergences.md, and a page for each implementation, of entries and examples. "
        "With --bisect, releases of the implementation are installed, and perform the cases of entries.",
    )
    parser.add_argument("--update", type=Path, nargs="+", metavar="RESULTS.ndjson", help="results files of runs")
    parser.add_argument("--examples", action="store_true", help="perform and record an example of each divergence")
    parser.add_argument("--document", action="store_true", help="write the document for upstream maintainers")
    parser.add_argument("--check", action="store_true", help="with --document: exit code 1 when it is out of date")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="of the table; pages stand beside (default: docs/divergences.md)"
    )
    parser.add_argument("--bisect", metavar="ID", help="find the versions of this entry, or of all that a glob means")
    parser.add_argument(
        "--releases", metavar="RANGE", help="with --bisect: NAME@FIRST:LAST (default: all that the runner can host)"
    )
    parser.add_argument("--write", action="store_true", help="with --bisect: write the versions into the entries")
    options.add_implementations(parser)
    options.add_limits(parser)
    parser.add_argument("--folder", type=Path, metavar="DIR", help="of the files, instead of the shipped runners/known")
    parser.add_argument("--json", action="store_true", help="a list of objects")
    arguments = parser.parse_args(argv)
    if arguments.json and arguments.update:
        parser.error("--json is of the list; leave --update out")
    if (arguments.check or arguments.output) and not arguments.document:
        parser.error("--check and --output are of the document; add --document")
    if (arguments.releases or arguments.write) and not arguments.bisect:
        parser.error("--releases and --write belong to --bisect; add --bisect ID")
    folder = arguments.folder or data_root() / "runners" / "known"
    known = load_known(folder)
    if arguments.bisect:
        return _bisect(arguments, folder, known)
    if arguments.examples:
        _record(arguments, folder, known)
    if arguments.document:
        return _document(arguments, folder, known)
    if arguments.examples:
        return COMPLETE
    if arguments.update:
        return _update(folder, known, arguments.update)
    if arguments.json:
        rows = [dumps(dataclasses.asdict(divergence)).decode() for divergence in known]
        print("[" + ",\n ".join(rows) + "]")
    else:
        print("\n".join(_list(known)))
    return COMPLETE


def _record(arguments: argparse.Namespace, folder: Path, known: Sequence[Divergence]) -> None:
    """Perform an example of each divergence of the implementations at hand; those of others stay as they are."""
    from conformance.divergences.examples import collect, load_examples, save_examples
    from conformance.execute.engine import Engine
    from conformance.model.vector import load_cases
    from conformance.report.progress import announce
    from conformance.resources import data_root
    from conformance.run import introduce
    from conformance.wanted import launches

    wanted = options.wanted(arguments)
    for name, reason in wanted.left_out.items():
        announce(f"left out {name}: {reason}")
    commands = launches(wanted, announce)
    ids = {divergence.id for divergence in known}
    examples = {name: example for name, example in load_examples(folder).items() if name in ids}
    with Engine(commands, options.limits(arguments)) as engine:
        implementations = introduce(engine, wanted.specs, commands)
        found = dict(collect(engine, implementations, known, load_cases([data_root() / "vectors"]), examples))
    save_examples(folder, {**examples, **found})
    names = {implementation.name for implementation in implementations}
    for divergence in known:
        expected = divergence.deliveries != "varied" and not divergence.is_of_scenarios
        if divergence.implementation in names and divergence.id not in found and expected:
            print(f"{divergence.id}: no failing performance was found")
    print(f"{folder / 'examples.json'} holds {len({**examples, **found})} examples, {len(found)} of them seen now")


def _document(arguments: argparse.Namespace, folder: Path, known: Sequence[Divergence]) -> int:
    from conformance.divergences.document import Sources, document
    from conformance.divergences.examples import load_examples
    from conformance.model.vector import load_cases
    from conformance.resources import data_root

    target = arguments.output or data_root() / "docs" / "divergences.md"
    cases = {case.id: case for case in load_cases([data_root() / "vectors"])}
    made = document(Sources(known, load_examples(folder), cases, options.manifests(arguments)))
    beside = target.with_suffix("")
    files = {target: made.table, **{beside / f"{name}.md": page for name, page in made.pages.items()}}
    gone = sorted(set(beside.glob("*.md")) - files.keys())
    changed = [path for path, text in files.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    if not changed and not gone:
        print(f"{target} is up to date")
        return COMPLETE
    if arguments.check:
        outdated = ", ".join(str(path) for path in [*changed, *gone])
        print(f"{outdated}: out of date; write with: python -m conformance known --document")
        return INCOMPLETE
    beside.mkdir(parents=True, exist_ok=True)
    for path in changed:
        path.write_text(files[path], encoding="utf-8")
    for path in gone:
        path.unlink()
    print(f"{target} and {len(made.pages)} pages in {beside} are written")
    return COMPLETE


def _bisect(arguments: argparse.Namespace, folder: Path, known: Sequence[Divergence]) -> int:
    """Print in which releases each entry's failure comes, and write what holds for all of its cases."""
    from fnmatch import fnmatchcase

    from conformance.bisect.entries import Sources, find_versions
    from conformance.bisect.ranges import is_right, lines, range_of
    from conformance.cli import releases
    from conformance.divergences.examples import load_examples
    from conformance.errors import UsageError
    from conformance.knownfile import update, with_versions
    from conformance.model.spec import parse_range
    from conformance.model.vector import load_cases
    from conformance.report.progress import announce
    from conformance.resources import data_root

    wanted = parse_range(arguments.releases) if arguments.releases else None
    chosen = [
        entry
        for entry in known
        if fnmatchcase(entry.id, arguments.bisect) and (wanted is None or entry.implementation == wanted.name)
    ]
    if not chosen:
        raise UsageError(f"there is no entry {arguments.bisect}; see: python -m conformance known")
    found = find_versions(
        chosen,
        wanted,
        Sources(
            cases=load_cases([data_root() / "vectors"]),
            examples=load_examples(folder),
            scenarios=releases.plan(arguments, _of_entries(chosen)),
            manifests=options.manifests(arguments),
            limits=options.limits(arguments),
            report=announce,
        ),
    )
    written = {}
    wrong = 0
    for entry, findings in found:
        print("\n".join(lines(entry, findings)), flush=True)
        if not is_right(entry, findings):
            wrong += 1
            if versions := range_of(entry, findings):
                written[entry.id] = versions
    if arguments.write:
        for path in update(folder, lambda text: with_versions(text, written)):
            print(f"updated {path}", file=sys.stderr)
    return INCOMPLETE if wrong > (len(written) if arguments.write else 0) else COMPLETE


def _of_entries(entries: Sequence[Divergence]) -> list[Scenario]:
    """The scenarios that entries name; without one of them nothing is read."""
    if not any(entry.is_of_scenarios for entry in entries):
        return []
    return [
        scenario
        for scenario in options.scenarios("*", None)
        if any(entry.covers_case(scenario.id) for entry in entries)
    ]


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
    from conformance.knownfile import gather, rewritten, update

    evidence = gather(known, results)
    for path in update(folder, lambda text: rewritten(text, evidence.signatures)):
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
