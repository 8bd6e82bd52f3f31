"""Copies of vectors in other projects: made, updated, and held against what they were made from.

A copy is laid out as the kit itself (`vectors/`, `runners/PROTOCOL.md`, `docs/vectors.md`, `LICENSE`), so links
between files hold, and `--vectors` takes the folder as it is. Its `manifest.json` lists every file:
`{"kit": version, "suites": [...], "files": {path: {"sha256": ..., "cases": [ids]}}}`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from conformance.errors import ConformanceError, UsageError
from conformance.inventory import MANIFEST, entry, sha256, text
from conformance.jsonio import JSONDecodeError, loads
from conformance.resources import data_root
from conformance.version import kit_version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_BESIDE = (
    "LICENSE",
    "docs/vectors.md",
    "runners/PROTOCOL.md",
    "vectors/schema/protocol.schema.json",
    "vectors/schema/suite.schema.json",
)


class VendorError(ConformanceError):
    """A folder cannot be written to, or the kit lacks a file that belongs into every copy."""


@dataclass(frozen=True, slots=True)
class Copy:
    """What a vendored folder is to hold: path below it -> content. `suites` empty stands for all."""

    suites: tuple[str, ...]
    contents: Mapping[str, bytes]

    def manifest(self) -> dict[str, Any]:
        files = {path: _entry(path, content) for path, content in sorted(self.contents.items())}
        return {"kit": kit_version(), "suites": list(self.suites), "files": files}


def _entry(path: str, content: bytes) -> dict[str, Any]:
    return entry(content) if _is_suite(path) else {"sha256": sha256(content)}


def _is_suite(path: str) -> bool:
    return path.startswith("vectors/") and not path.startswith(("vectors/schema/", "vectors/requirements/"))


@dataclass(frozen=True, slots=True)
class Drift:
    """A file of a copy that is not as it should be: `what` is changed, missing, extra, outdated, new or withdrawn."""

    path: str
    what: str


def gather(suites: Sequence[str], paths: Sequence[Path]) -> Copy:
    """What a copy of these suites (all if none is named) holds; the vectors at `paths` are checked as they are read.

    Raises:
        UsageError: no vectors are there, one is invalid, or no suite has such a name.
        VendorError: the kit lacks a file.
    """
    from conformance.model.vector import load_cases

    contents: dict[str, bytes] = {}
    homes: dict[str, Path] = {}
    cases = load_cases(paths)
    if unknown := sorted(set(suites) - {case.suite for case in cases}):
        there = ", ".join(sorted({case.suite for case in cases}))
        raise UsageError(f"--suites {','.join(suites)}: there is no suite {', '.join(unknown)}; there are {there}")
    for case in cases:
        if suites and case.suite not in suites:
            continue
        path = f"vectors/{case.suite}/{case.file.name}"
        if homes.setdefault(path, case.file) != case.file:
            raise UsageError(f"{homes[path]} and {case.file} would both become {path}: rename one of them")
        if path not in contents:
            contents[path] = case.file.read_bytes()
    frozen = sorted((data_root() / "vectors" / "requirements").glob("*.json"))
    for name in (*_BESIDE, *(f"vectors/requirements/{file.name}" for file in frozen)):
        try:
            contents[name] = (data_root() / name).read_bytes()
        except OSError as error:
            raise VendorError(f"the kit's own {name} cannot be read: {error.strerror}; install the kit again") from None
    return Copy(tuple(suites), contents)


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a copy; None when `folder` is empty or does not exist.

    Raises:
        UsageError: it holds something else.
    """
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return None
    foreign = UsageError(
        f"{folder} is not empty and holds no copy of vectors; name a new folder, or one made by vendor"
    )
    try:
        manifest = loads((folder / MANIFEST).read_bytes())
    except (OSError, JSONDecodeError, UnicodeDecodeError):
        raise foreign from None
    if not _is_manifest(manifest):
        raise foreign
    checked: dict[str, Any] = manifest
    return checked


def _is_manifest(manifest: Any) -> bool:
    if not isinstance(manifest, dict) or not isinstance(manifest.get("kit"), str):
        return False
    suites, files = manifest.get("suites"), manifest.get("files")
    return (
        isinstance(suites, list)
        and all(isinstance(suite, str) for suite in suites)
        and isinstance(files, dict)
        # What the manifest lists may be overwritten and removed, so none of it may be outside of the folder.
        and all(_is_inside(path) and isinstance(item, dict) and "sha256" in item for path, item in files.items())
    )


def _is_inside(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith("/") and ".." not in parts and "\\" not in path and ":" not in path


def changed_by_others(folder: Path, manifest: Mapping[str, Any], copy: Copy) -> list[str]:
    """Files that an update would overwrite or remove though somebody changed or added them."""
    listed = manifest["files"]
    found = []
    for path in sorted({*listed, *copy.contents}):
        content = _content(folder / path)
        hashes = {listed.get(path, {}).get("sha256"), sha256(copy.contents[path]) if path in copy.contents else None}
        if content is not None and sha256(content) not in hashes:
            found.append(path)
    return found


def write(folder: Path, manifest: Mapping[str, Any] | None, copy: Copy) -> tuple[list[str], list[str]]:
    """Make the folder hold the copy; the paths that were written and those that were removed.

    The manifest comes last: an update that was cut short is done again by the next.

    Raises:
        VendorError: it cannot be written.
    """
    written, removed = [], []
    try:
        for path, content in sorted(copy.contents.items()):
            if _content(folder / path) != content:
                _put(folder / path, content)
                written.append(path)
        for path in sorted((manifest or {"files": {}})["files"].keys() - copy.contents.keys()):
            (folder / path).unlink(missing_ok=True)
            removed.append(path)
            _remove_empty(folder, (folder / path).parent)
        _put(folder / MANIFEST, text(copy.manifest()))
    except OSError as error:
        raise VendorError(f"cannot write {error.filename or folder}: {error.strerror}") from None
    return written, removed


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_bytes(content)
    draft.replace(path)


def _remove_empty(folder: Path, below: Path) -> None:
    while below != folder and not any(below.iterdir()):
        below.rmdir()
        below = below.parent


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def drift(folder: Path, manifest: Mapping[str, Any], copy: Copy) -> list[Drift]:
    """How a copy differs from its manifest (changed, missing, extra) and its manifest from the kit.

    A file is outdated when the kit's own has changed, new when only the kit has it, withdrawn when the kit has it
    no more. Hidden files are not looked at: they belong to the project around the copy.
    """
    listed = {path: item["sha256"] for path, item in manifest["files"].items()}
    found = [*_local_drift(folder, listed), *_kit_drift(listed, copy)]
    return sorted(found, key=lambda item: (item.path, item.what))


def _local_drift(folder: Path, listed: Mapping[str, str]) -> Iterator[Drift]:
    for path, expected in listed.items():
        content = _content(folder / path)
        if content is None:
            yield Drift(path, "missing")
        elif sha256(content) != expected:
            yield Drift(path, "changed")
    for file in folder.rglob("*"):
        path = file.relative_to(folder).as_posix()
        hidden = any(part.startswith(".") for part in path.split("/"))
        if file.is_file() and not hidden and path not in listed and path != MANIFEST:
            yield Drift(path, "extra")


def _kit_drift(listed: Mapping[str, str], copy: Copy) -> Iterator[Drift]:
    for path in listed.keys() | copy.contents.keys():
        if path not in copy.contents:
            yield Drift(path, "withdrawn")
        elif path not in listed:
            yield Drift(path, "new")
        elif listed[path] != sha256(copy.contents[path]):
            yield Drift(path, "outdated")
