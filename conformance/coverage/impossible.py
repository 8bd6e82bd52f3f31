"""The cells that no vector can cover, each with the reason: vectors/coverage.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from conformance.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

FILE = "coverage.toml"


@dataclass(frozen=True, slots=True)
class Impossible:
    """Cells, as glob patterns, that cannot be covered, and why."""

    cells: tuple[str, ...]
    reason: str


def read(file: Path) -> tuple[Impossible, ...]:
    """The entries of a file of `[[impossible]]` tables, each with `cells` and `reason`.

    Raises:
        UsageError: the file cannot be read, or an entry is not of that shape.
    """
    try:
        document = tomllib.loads(file.read_text())
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"{file} is not TOML: {error}") from None
    return tuple(_entry(file, place, entry) for place, entry in enumerate(document.get("impossible", ()), 1))


def _entry(file: Path, place: int, entry: dict[str, Any]) -> Impossible:
    cells, reason = entry.get("cells"), entry.get("reason")
    texts = isinstance(cells, list) and bool(cells) and all(isinstance(pattern, str) for pattern in cells)
    if not texts or not isinstance(reason, str) or not reason or set(entry) != {"cells", "reason"}:
        raise UsageError(f"{file}: entry {place} of [[impossible]] must have cells, a list of patterns, and a reason")
    assert isinstance(cells, list)
    return Impossible(tuple(cells), reason)


def reasons(entries: Sequence[Impossible], known: Collection[str]) -> dict[str, str]:
    """Cell -> why it cannot be covered."""
    return {
        cell: entry.reason
        for entry in entries
        for pattern in entry.cells
        for cell in known
        if fnmatchcase(cell, pattern)
    }


def stale(entries: Sequence[Impossible], known: Collection[str], covered: Collection[str]) -> Iterator[str]:
    """What is wrong with the entries, a line each: a pattern that fits no cell, an impossible cell that is covered."""
    for entry in entries:
        for pattern in entry.cells:
            if not any(fnmatchcase(cell, pattern) for cell in known):
                yield f"{pattern} is listed as impossible, but there is no such cell"
    for cell in reasons(entries, known):
        if cell in covered:
            yield f"{cell} is listed as impossible, but it is covered"
