"""Case ids are permanent: whatever stood in a release must still stand. Git knows what stood."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from conformance.errors import ConformanceError, UsageError
from conformance.inventory import case_ids

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NO_SUITES = {"schema", "requirements"}  # folders of a vector folder that hold no suites


class GitError(ConformanceError):
    """Git is not there, or failed."""


def last_tag(folder: Path) -> str | None:
    """The newest tag that the checked out commit comes from; None when nothing was tagged.

    Raises:
        UsageError: `folder` is in no git checkout.
    """
    return _git(folder, "describe", "--tags", "--abbrev=0")


def ids_at(folder: Path, revision: str) -> frozenset[str]:
    """The ids of all cases below `folder` at a revision.

    Raises:
        UsageError: there is no such revision, or `folder` is in no git checkout.
    """
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if commit is None:
        raise UsageError(f"--since {revision}: no such revision in {folder}; a shallow clone lacks old ones")
    return frozenset(case for path in _suites_at(folder, commit) for case in _ids_in(folder, commit, path))


def _suites_at(folder: Path, commit: str) -> Iterator[str]:
    """Paths of suite files, relative to `folder`."""
    listed = _git(folder, "ls-tree", "-r", "-z", "--name-only", commit, "--", ".") or ""
    for path in filter(None, listed.split("\0")):
        *folders, name = path.split("/")
        if name.endswith(".json") and name != "manifest.json" and not _NO_SUITES & set(folders):
            yield path


def _ids_in(folder: Path, commit: str, path: str) -> list[str]:
    content = _git(folder, "show", f"{commit}:./{path}") or ""
    try:
        return case_ids(content.encode())
    except ValueError:
        raise UsageError(f"{path} at {commit[:12]} is not JSON; compare with a revision where it is") from None


def _git(folder: Path, *arguments: str) -> str | None:
    """What git says, stripped; None when it says no.

    Raises:
        UsageError: `folder` is in no git checkout.
        GitError: there is no git.
    """
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, encoding="utf-8", check=False
        )
    except FileNotFoundError:
        raise GitError("there is no git on PATH; install it, or leave this check out") from None
    if "not a git repository" in done.stderr:
        raise UsageError(f"{folder} is in no git checkout, so nothing says which ids stood before")
    return done.stdout.strip() if done.returncode == 0 else None
