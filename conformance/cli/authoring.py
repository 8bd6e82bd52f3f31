"""`vectors fmt`, `vectors add` and `vectors requirements`: for those who write vectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.cli import options
from conformance.errors import ConformanceError, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from conformance.authoring.draft import Draft
    from conformance.authoring.observing import Cluster, Seen

GOOD, BAD = 0, 1


def add_commands(commands: Any) -> None:
    """Add the three to the subparsers of `vectors`."""
    fmt = commands.add_parser("fmt", help="lay suite files out as all are; exit code 1 with --check when one is not")
    fmt.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="files or folders (default: the shipped ones)")
    fmt.add_argument("--check", action="store_true", help="write nothing, name the files that differ")
    fmt.set_defaults(run=_fmt)
    add = commands.add_parser(
        "add", help="write a case from a short program; exit code 1 when no two independent implementations agree"
    )
    add.add_argument("file", type=Path, metavar="FILE", help="TOML or JSON; see docs/vectors.md")
    add.add_argument("--folder", type=Path, metavar="FOLDER", help="of vectors (default: the shipped ones)")
    add.add_argument("--dry-run", action="store_true", help="print the case and write nothing")
    options.add_implementations(add)
    options.add_limits(add)
    add.set_defaults(run=_add)
    requirements = commands.add_parser("requirements", help="freeze the cases of a version, or show what is frozen")
    requirements.add_argument("action", choices=("freeze", "show"))
    requirements.add_argument("version", metavar="VERSION")
    requirements.add_argument("--folder", type=Path, metavar="FOLDER", help="of vectors (default: the shipped ones)")
    requirements.set_defaults(run=_requirements)


def _root(arguments: argparse.Namespace) -> Path:
    from conformance.resources import data_root

    folder: Path = arguments.folder or data_root() / "vectors"
    if not folder.is_dir():
        raise UsageError(f"no vectors at {folder}: give an existing folder")
    return folder


# --- fmt ---------------------------------------------------------------------------------------------------------


def _fmt(arguments: argparse.Namespace) -> int:
    from conformance.authoring.layout import formatted
    from conformance.model.vector import suite_files
    from conformance.resources import data_root
    from conformance.scenario.model import scenarios_among

    paths = arguments.paths or [data_root() / "vectors"]
    files = dict.fromkeys(file for path in paths for file in (*suite_files(path), *scenarios_among(path)))
    changed = []
    for file in files:
        text = file.read_text(encoding="utf-8")
        new = formatted(text, str(file))
        if new != text:
            changed.append(file)
            print(f"{file} {'is laid out otherwise' if arguments.check else 'is laid out'}")
            if not arguments.check:
                file.write_text(new, encoding="utf-8")
    if not changed:
        print(f"{len(files)} files are laid out as they are to be")
    elif not arguments.check:
        print("their hashes have changed: run python -m conformance vectors manifest")
    return BAD if changed and arguments.check else GOOD


# --- add ---------------------------------------------------------------------------------------------------------


def _add(arguments: argparse.Namespace) -> int:
    from conformance.authoring.draft import read_draft
    from conformance.authoring.observing import agreed, clusters

    draft = read_draft(arguments.file)
    folder = _root(arguments)
    found = clusters(_seen(arguments, draft))
    best = agreed(found)
    if best is None:
        print("no two independent implementations agree, so the case is not written:")
        _print_clusters(found)
        return BAD
    seen = dict(best.members[0].expect or {})
    given = draft.case.get("expect")
    if given is not None and not _fits(given, seen):
        print("the expectation is not what independent implementations agree on, so the case is not written:")
        print(f"  expected by its author: {json.dumps(given, ensure_ascii=False)}")
        _print_clusters(found)
        return BAD
    if len(found) > 1:
        print("not all agree; those that do not need a known divergence:")
        _print_clusters(found)
    case = {**draft.case, "expect": given or seen}
    if arguments.dry_run:
        from conformance.authoring.layout import formatted

        print(formatted(json.dumps({"cases": [case]}, ensure_ascii=False), "the case"), end="")
        return GOOD
    return _write(folder, draft, case)


def _seen(arguments: argparse.Namespace, draft: Draft) -> list[Seen]:
    from conformance.authoring.observing import observe
    from conformance.execute.engine import Engine
    from conformance.report.progress import announce
    from conformance.run import introduce
    from conformance.wanted import launches

    wanted = options.wanted(arguments)
    for name, reason in wanted.left_out.items():
        announce(f"left out {name}: {reason}")
    commands = launches(wanted, announce)
    engines = {name: manifest.engine for name, manifest in wanted.manifests.items()}
    with Engine(commands, options.limits(arguments)) as engine:
        implementations = introduce(engine, wanted.specs, commands)
        return observe(engine, implementations, engines, draft.as_case(arguments.file))


def _fits(given: Any, seen: Any) -> bool:
    """Whether all that the author expects was seen; what he says nothing about may be anything."""
    from conformance.model.value import canonical_bytes

    if isinstance(given, dict) and isinstance(seen, dict) and not any(key.startswith("$") for key in given):
        return all(key in seen and _fits(value, seen[key]) for key, value in given.items())
    return canonical_bytes(given) == canonical_bytes(seen)


def _print_clusters(found: Sequence[Cluster]) -> None:
    for cluster in found:
        names = ", ".join(f"{member.name} ({member.engine})" for member in cluster.members)
        first = cluster.members[0]
        shown = first.trouble if first.expect is None else json.dumps(first.expect, ensure_ascii=False)
        print(f"  {names}\n    {shown}")


def _write(folder: Path, draft: Draft, case: dict[str, Any]) -> int:
    """Put the case into its suite, with manifest; a suite that would not be valid is left as it was."""
    from conformance.authoring.layout import formatted
    from conformance.cli.vectors import report_errors
    from conformance.inventory import MANIFEST, take, text
    from conformance.model.vector import load_cases

    target = folder / draft.suite / draft.file
    before = target.read_text(encoding="utf-8") if target.is_file() else None
    if any(known.id == case["id"] for known in load_cases([folder])):
        raise UsageError(f"the id {case['id']} is taken, and ids are permanent; give the case another id")
    suite = json.loads(before) if before else {"$schema": "../schema/suite.schema.json", "suite": draft.suite}
    if before is None:
        suite["title"] = case["title"]
    target.parent.mkdir(exist_ok=True)
    target.write_text(formatted(_with_case(suite, before, draft, case), str(target)), encoding="utf-8")
    if report_errors([target]):
        if before is None:
            target.unlink()
        else:
            target.write_text(before, encoding="utf-8")
        raise ConformanceError(f"{target} is left as it was")
    (folder / MANIFEST).write_bytes(text(take(folder)))
    print(f"{case['id']} stands in {target}; see it in all castings with:")
    print(f"python -m conformance --vectors {target} --filter {case['id']}")
    return GOOD


def _with_case(suite: dict[str, Any], before: str | None, draft: Draft, case: dict[str, Any]) -> str:
    """The suite with the case at its end. The other cases stay as their authors wrote them."""
    new = json.dumps(case, ensure_ascii=False)
    notes = {**suite.get("notes", {}), **draft.notes}
    if before is not None and notes == suite.get("notes", {}):
        from conformance.authoring.layout import appended

        return appended(before, new)
    whole = {key: value for key, value in suite.items() if key not in ("notes", "cases")}
    whole |= {"notes": notes} if notes else {}
    return json.dumps({**whole, "cases": [*suite.get("cases", []), case]}, ensure_ascii=False)


# --- requirements ------------------------------------------------------------------------------------------------


def _requirements(arguments: argparse.Namespace) -> int:
    from conformance.requirements import corrected, freeze, load

    folder = _root(arguments)
    if arguments.action == "freeze":
        from conformance.cli.vectors import report_errors

        if report_errors([folder]):
            raise UsageError("only valid vectors are frozen")
        target = freeze(folder, arguments.version)
        print(f"{target} is written: {len(load(str(target), folder).cases)} cases")
        return GOOD
    demanded = load(arguments.version, folder)
    print(f"{demanded.version} demands {len(demanded.cases)} cases")
    for case in corrected(demanded, folder):
        print(f"{case} was corrected since")
    return GOOD
