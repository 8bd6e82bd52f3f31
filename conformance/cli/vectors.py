"""`vectors`: check vector files, keep their manifest, and see that no id was lost; authoring.py has the rest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from conformance.cli import authoring, options
from conformance.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

GOOD, BAD, INVALID = 0, 1, 2


def main(argv: list[str]) -> int:
    """Run one of the commands."""
    parser = options.parser("vectors", "Write and check vector files, and keep their manifest.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    lint = commands.add_parser("lint", help="check files: schema, slots, ids, flags, reasons; exit code 2 when invalid")
    lint.add_argument(
        "paths", nargs="*", type=Path, metavar="PATH", help="files or folders (default: the shipped ones)"
    )
    lint.set_defaults(run=_lint)
    manifest = commands.add_parser("manifest", help="write manifest.json, which vouches for valid files by their hash")
    _add_folder(manifest)
    manifest.add_argument("--check", action="store_true", help="write nothing; exit code 1 when it is out of date")
    manifest.set_defaults(run=_manifest)
    ids = commands.add_parser("ids", help="see that every id of an older revision still stands; exit code 1 if not")
    _add_folder(ids)
    ids.add_argument("--since", metavar="REV", help="a git revision (default: the last tag)")
    ids.set_defaults(run=_ids)
    coverage = commands.add_parser(
        "coverage", help="perform them and show what they exercise; exit code 1 when a cell is empty"
    )
    _add_coverage(coverage)
    coverage.set_defaults(run=_coverage)
    authoring.add_commands(commands)
    arguments = parser.parse_args(argv)
    code: int = arguments.run(arguments)
    return code


def _add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", nargs="?", type=Path, metavar="FOLDER", help="of vectors (default: the shipped ones)")


def _folder(arguments: argparse.Namespace) -> Path:
    from conformance.resources import data_root

    folder: Path = arguments.folder or data_root() / "vectors"
    if not folder.is_dir():
        raise UsageError(f"no vectors at {folder}: give an existing folder")
    return folder


def _lint(arguments: argparse.Namespace) -> int:
    from conformance.model.vector import suite_files
    from conformance.resources import data_root
    from conformance.scenario.model import scenarios_among

    paths = arguments.paths or [data_root() / "vectors"]
    if report_errors(paths):
        return INVALID
    print(f"{len({file for path in paths for file in (*suite_files(path), *scenarios_among(path))})} files are valid")
    return GOOD


def _manifest(arguments: argparse.Namespace) -> int:
    from conformance.inventory import MANIFEST, take, text

    folder = _folder(arguments)
    target = folder / MANIFEST
    if report_errors([folder]):
        print(f"{target} is left as it is: it vouches for valid files only")
        return INVALID
    content = text(take(folder))
    current = target.read_bytes() if target.is_file() else b""
    if current == content:
        print(f"{target} is up to date")
        return GOOD
    if arguments.check:
        print(f"{target} is out of date; write it with: python -m conformance vectors manifest{_shown(arguments)}")
        return BAD
    target.write_bytes(content)
    print(f"{target} is written")
    return GOOD


def _shown(arguments: argparse.Namespace) -> str:
    import shlex

    return f" {shlex.quote(str(arguments.folder))}" if arguments.folder else ""


def report_errors(paths: Sequence[Path]) -> bool:
    """Print what is wrong with vectors, a line each; whether there was anything."""
    from conformance.lint import lint
    from conformance.model.manifest import load_manifests
    from conformance.resources import data_root

    names = {
        name.lower()
        for manifest in load_manifests(data_root()).values()
        for name in (manifest.name, manifest.package, manifest.module, *manifest.aliases)
        if name
    }
    errors = list(lint(paths, names))
    for error in errors:
        print(error)
    return bool(errors)


def _ids(arguments: argparse.Namespace) -> int:
    from conformance.inventory import case_ids, listed
    from conformance.permanence import ids_at, last_tag

    folder = _folder(arguments)
    revision = arguments.since or last_tag(folder)
    if revision is None:
        print("no tag yet: ids become permanent with the first release")
        return GOOD
    before = ids_at(folder, revision)
    now = {case for file in listed(folder) for case in case_ids(file.read_bytes())}
    for case in sorted(before - now):
        print(f"{case} stood at {revision} and is gone; ids are permanent, put it back")
    if before <= now:
        print(f"all {len(before)} ids of {revision} still stand, {len(now - before)} are new")
    return GOOD if before <= now else BAD


def _add_coverage(parser: argparse.ArgumentParser) -> None:
    options.add_implementations(parser)
    options.add_limits(parser)
    parser.set_defaults(impls="yjs")
    parser.add_argument("--vectors", type=Path, action="append", metavar="PATH", help="default: the shipped ones")
    parser.add_argument(
        "--cells", nargs="?", const="*", metavar="GLOB", help="a line a cell: how many cases, and the first of them"
    )
    parser.add_argument("--json", action="store_true", help="an object with every cell and all its cases")


def _coverage(arguments: argparse.Namespace) -> int:
    from conformance.coverage import show
    from conformance.coverage.report import report

    found = report(options.wanted(arguments), options.limits(arguments), arguments.vectors)
    if arguments.json:
        from conformance.jsonio import dumps

        print(dumps(show.as_json(found)).decode())
    elif arguments.cells:
        show.as_cells(found, arguments.cells)
    else:
        show.as_tables(found)
    return BAD if found.empty or found.stale else GOOD
