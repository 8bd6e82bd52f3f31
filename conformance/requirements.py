"""Requirements: frozen sets of cases, `vectors/requirements/<version>.json`.

A project that demands the set of a version is not failed by cases that came later. The file holds
`{"version": ..., "cases": {id: SHA-256 of the canonical JSON of the case}}`, sorted by id. A case that was corrected
since has another hash, and is run as it is now: the old expectation was wrong.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.errors import UsageError
from conformance.jsonio import JSONDecodeError, dumps, loads
from conformance.model.vector import suite_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.model.vector import Case

FOLDER = "requirements"
_VERSION = re.compile(r"\d+\.\d+\.\d+(?:[-.+]?[A-Za-z0-9.]+)?")


@dataclass(frozen=True, slots=True)
class Requirements:
    """A frozen set; `cases` are hashes by id."""

    version: str
    cases: Mapping[str, str]


def canonical_hash(raw: Any) -> str:
    """The SHA-256 of a case as it stands in its suite, whatever its layout and the order of its keys."""
    return hashlib.sha256(dumps(raw, sort_keys=True)).hexdigest()


def hashes(folder: Path) -> dict[str, str]:
    """Id -> hash of all cases of the suites below `folder`."""
    return {case["id"]: canonical_hash(case) for file in suite_files(folder) for case in _cases_of(file)}


def _cases_of(file: Path) -> Iterator[dict[str, Any]]:
    try:
        yield from loads(file.read_bytes())["cases"]
    except (JSONDecodeError, UnicodeDecodeError, KeyError, TypeError):
        raise UsageError(f"{file}: is no suite; see: python -m conformance vectors lint {file}") from None


def freeze(folder: Path, version: str) -> Path:
    """Write the set of all cases of `folder` as that of a version; the file.

    Raises:
        UsageError: the version is none, or its set is frozen already.
    """
    if not _VERSION.fullmatch(version):
        raise UsageError(f"{version!r} is no version such as 0.1.0")
    target = folder / FOLDER / f"{version}.json"
    if target.exists():
        raise UsageError(f"{target}: is frozen already; a set never changes, freeze the next version")
    target.parent.mkdir(exist_ok=True)
    lines = ",\n".join(f'    "{case}": "{digest}"' for case, digest in sorted(hashes(folder).items()))
    target.write_text(f'{{\n  "version": "{version}",\n  "cases": {{\n{lines}\n  }}\n}}\n', encoding="utf-8")
    return target


def load(name: str, folder: Path) -> Requirements:
    """The set of a version, `folder`/requirements/<version>.json, or of a file.

    Raises:
        UsageError: there is none, or it is damaged.
    """
    path = folder / FOLDER / f"{name}.json" if _VERSION.fullmatch(name) else Path(name)
    try:
        content = loads(path.read_bytes())
        version, cases = content["version"], content["cases"]
    except OSError:
        there = sorted(file.stem for file in (folder / FOLDER).glob("*.json"))
        known = f"there are {', '.join(there)}" if there else "no version is frozen yet"
        raise UsageError(f"--requirements {name}: no such version or file; {known}") from None
    except (JSONDecodeError, UnicodeDecodeError, KeyError, TypeError):
        raise UsageError(f"{path}: holds no requirements") from None
    if not isinstance(cases, dict) or not all(isinstance(digest, str) for digest in cases.values()):
        raise UsageError(f"{path}: holds no requirements")
    return Requirements(str(version), cases)


def required(name: str | None, cases: Sequence[Case], folder: Path) -> tuple[Case, ...]:
    """Those of the cases that the named set demands; all when no set is named.

    Raises:
        UsageError: as `load`, and when a demanded case is missing in a suite that takes part: ids are permanent.
    """
    if name is None:
        return tuple(cases)
    demanded = load(name, folder).cases
    suites = {case.suite for case in cases}
    gone = demanded.keys() - {case.origin for case in cases}
    if missing := sorted(case for case in gone if case.partition("/")[0] in suites):
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise UsageError(f"--requirements {name}: demands {missing[0]}{more}, which is not among the vectors")
    return tuple(case for case in cases if case.origin in demanded)


def corrected(demanded: Requirements, folder: Path) -> list[str]:
    """Ids of demanded cases that are not as they were frozen, or are gone."""
    now = hashes(folder)
    return sorted(case for case, digest in demanded.cases.items() if now.get(case) != digest)
