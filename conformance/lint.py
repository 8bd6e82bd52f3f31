"""Checks of vector files that go beyond their schema: names, ids, flags, reasons."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from conformance.model.schema import suite_errors
from conformance.model.vector import suite_files
from conformance.scenario.check import scenario_errors
from conformance.scenario.model import scenarios_among

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterator, Sequence
    from pathlib import Path

_SHORTEST_REASON = 4  # words


def lint(paths: Sequence[Path], implementations: Collection[str]) -> Iterator[str]:
    """What is wrong with the suite files at or below `paths`, a line each: file, case, fault, mend.

    `implementations` are the names that no peer may bear. Raises UsageError when a path does not exist.
    """
    homes: dict[str, Path] = {}
    for file in dict.fromkeys(file for path in paths for file in scenarios_among(path)):
        for message in _scenario_errors(file, implementations, homes):
            yield f"{file}: {message}"
    for file in dict.fromkeys(file for path in paths for file in suite_files(path)):
        for message in _file_errors(file, implementations, homes):
            yield f"{file}: {message}"


def _scenario_errors(file: Path, implementations: Collection[str], homes: dict[str, Path]) -> Iterator[str]:
    document = yield from _read(file)
    if document is None:
        return
    errors = list(scenario_errors(document))
    yield from errors
    for case in () if errors else document["cases"]:
        yield from _case_errors(case, file, homes)
        for role in case["roles"]:
            if role in implementations:
                yield f"case {case['id']}: the role {role} is an implementation; a scenario names none, call it a"


def _read(file: Path) -> Generator[str, None, Any]:
    """The JSON of a file; None, once it is told why, when there is none."""
    try:
        return json.loads(file.read_bytes(), object_pairs_hook=_object)
    except OSError as error:
        yield f"cannot be read: {error.strerror}"
    except ValueError as error:
        yield f"is not JSON: {error}"
    return None


def _file_errors(file: Path, implementations: Collection[str], homes: dict[str, Path]) -> Iterator[str]:
    document = yield from _read(file)
    if document is None:
        return
    errors = list(suite_errors(document))
    yield from errors
    if not errors:
        yield from _suite_errors(document, file, implementations, homes)


class _DuplicateKeyError(ValueError):
    """A key stands twice in one object: a parser would drop the first silently."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise _DuplicateKeyError(f"the key {twice!r} stands twice in one object")
    return found


def _suite_errors(
    document: dict[str, Any], file: Path, implementations: Collection[str], homes: dict[str, Path]
) -> Iterator[str]:
    folder = file.resolve().parent.name
    if document["suite"] != folder:
        yield f"suite is {document['suite']}, but the folder is {folder}: they must be the same"
    notes = document.get("notes", {})
    for case in document["cases"]:
        at = f"case {case['id']}"
        if case["id"].partition("/")[0] != folder:
            yield f"{at}: ids in this folder begin with {folder}/"
        yield from _case_errors(case, file, homes)
        for flag in case.get("flags", ()):
            if flag not in notes:
                yield f"{at}: the flag {flag} is not in the file's notes: describe it there"
        for peer in case["peers"]:
            if peer.lower() in implementations:
                yield f"{at}: the peer {peer} is an implementation; a vector names none, call it a or b"


def _case_errors(case: dict[str, Any], file: Path, homes: dict[str, Path]) -> Iterator[str]:
    """What is wrong with a case of any kind: its id and its reason."""
    at = f"case {case['id']}"
    if case["id"] in homes:
        yield f"{at}: the id also stands in {homes[case['id']]}: give one of them a new id"
    homes.setdefault(case["id"], file)
    if _is_trivial(case["reason"], case["title"]):
        yield f"{at}: the reason does not say why the expected value is right; name the rule that gives it"


def _is_trivial(reason: str, title: str) -> bool:
    return len(reason.split()) < _SHORTEST_REASON or reason.strip(" .").lower() == title.strip(" .").lower()
