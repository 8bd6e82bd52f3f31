"""`vendor`: a copy of vectors in another project, and whether it is still what it was."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from conformance.cli import options
from conformance.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from conformance.vendoring import Copy

CLEAN, DRIFTED = 0, 1
_MEANING = {
    "changed": "was changed here",
    "missing": "is missing here",
    "extra": "is not of the kit",
    "outdated": "is older than the kit's",
    "new": "is new in the kit",
    "withdrawn": "is no longer in the kit",
}


def main(argv: list[str]) -> int:
    """Make or update a copy, or check it."""
    parser = options.parser(
        "vendor", "Copy vectors, their schemas and documents into another project; run it again to update."
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="the copy; made when it is not there")
    parser.add_argument("--suites", type=_names, metavar="A,B", help="suites (default: those of the copy, else all)")
    parser.add_argument(
        "--vectors", type=Path, action="append", metavar="PATH", help="vectors to copy, instead of the shipped ones"
    )
    parser.add_argument("--check", action="store_true", help="write nothing, say what drifted; exit code 1 if any did")
    parser.add_argument("--force", action="store_true", help="overwrite files that were changed in the copy")
    arguments = parser.parse_args(argv)
    return run(arguments.folder, arguments.suites, arguments.vectors, check=arguments.check, force=arguments.force)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def run(folder: Path, suites: Sequence[str] | None, vectors: Sequence[Path] | None, *, check: bool, force: bool) -> int:
    """The command, with its options parsed."""
    from conformance.resources import data_root
    from conformance.vendoring import gather, read_manifest

    manifest = read_manifest(folder)
    if check and manifest is None:
        raise UsageError(f"{folder} holds no copy of vectors; make one with: python -m conformance vendor {folder}")
    if suites is None:
        suites = manifest["suites"] if manifest else []
    copy = gather(suites, vectors or [data_root() / "vectors"])
    if check and manifest is not None:
        return _check(folder, manifest, copy)
    _write(folder, manifest, copy, force=force)
    return CLEAN


def _check(folder: Path, manifest: Mapping[str, Any], copy: Copy) -> int:
    from conformance.vendoring import drift
    from conformance.version import kit_version

    found = drift(folder, manifest, copy)
    for item in found:
        print(f"{item.path} {_MEANING[item.what]}")
    if not found:
        print(f"{folder} is as the kit {kit_version()} has it: {_counted(manifest)}")
        return CLEAN
    print(f"{folder} has drifted ({len(found)}): made by the kit {manifest['kit']}, checked with {kit_version()}")
    return DRIFTED


def _write(folder: Path, manifest: Mapping[str, Any] | None, copy: Copy, *, force: bool) -> None:
    from conformance.vendoring import changed_by_others, write

    own = changed_by_others(folder, manifest, copy) if manifest and not force else []
    if own:
        more = f" and {len(own) - 1} more" if len(own) > 1 else ""
        raise UsageError(f"{folder}: {own[0]}{more} was changed there; move it elsewhere, or overwrite it with --force")
    written, removed = write(folder, manifest, copy)
    for path in removed:
        print(f"{path} is removed")
    for path in written:
        print(f"{path} is {'updated' if manifest and path in manifest['files'] else 'added'}")
    if not written and not removed:
        print("nothing to do")
    print(f"{folder} holds {_counted(copy.manifest())}")


def _counted(manifest: Mapping[str, Any]) -> str:
    suites = [item for item in manifest["files"].values() if "cases" in item]
    return f"{sum(len(item['cases']) for item in suites)} cases in {len(suites)} files"
