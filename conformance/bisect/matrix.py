"""Cases on releases, as a table: a row for each release, a column for each case."""

from __future__ import annotations

from string import ascii_uppercase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.bisect.bench import Answer, Bench, Seen

PASSED, LACKING, ABSENT = "pass", "u", "-"


def as_json(bench: Bench, versions: Sequence[str]) -> dict[str, Any]:
    """Every answer: a list of releases, each with case -> format -> what came of it."""
    return {
        "implementation": bench.manifest.name,
        **bench.performer.as_json(),
        "releases": [
            {
                "version": version,
                "engine": bench.at(version).engine,
                "skipped": bench.at(version).skipped or None,
                "cases": {case.id: _formats(bench.at(version), case.id) for case in bench.performer.cases},
            }
            for version in versions
        ],
    }


def _formats(seen: Seen, case: str) -> dict[str, Any]:
    return {
        key.format: {"verdict": answer.verdict, "signature": answer.signature or None, "detail": answer.detail or None}
        for key, answer in seen.answers.items()
        if key.case == case
    }


def lines(bench: Bench, versions: Sequence[str], width: int) -> Iterator[str]:
    """The table, cut into blocks of columns that fit into `width` characters, and what its letters stand for."""
    letters = _letters(bench, versions)
    names = [f"{bench.manifest.name}@{version}" for version in versions]
    engines = [bench.at(version).engine or "" for version in versions]
    columns: list[list[str]] = [["", *names]]
    if any(engines):
        columns.append([bench.manifest.engine, *engines])
    left = len(columns)
    for number, case in enumerate(bench.performer.cases, 1):
        columns.append([str(number), *(_cell(bench, version, case.id, letters) for version in versions)])
    for block in _blocks(columns[:left], columns[left:], width):
        widths = [max(map(len, column)) for column in block]
        for row in zip(*block, strict=True):
            yield "  ".join(f"{cell:<{size}}" for cell, size in zip(row, widths, strict=True)).rstrip()
        yield ""
    yield from (f"{number:>3}  {case.id}" for number, case in enumerate(bench.performer.cases, 1))
    yield ""
    yield from (f"  {letter}  {signature}" for signature, letter in letters.items())
    yield f"{PASSED}, {LACKING} lacks what the case needs, {ABSENT} not available; v1/v2 where the two differ"
    for version in versions:
        if bench.at(version).skipped:
            yield f"{bench.manifest.name}@{version}: {bench.at(version).skipped}"


def _letters(bench: Bench, versions: Sequence[str]) -> Mapping[str, str]:
    """Signature -> A, B, ..., Z, AA, ... in the order in which they come, column after column."""
    found: dict[str, None] = {}
    for case in bench.performer.cases:
        for version in versions:
            for update_format in bench.performer.formats:
                answer = bench.at(version).of(case.id, update_format)
                if answer and answer.signature:
                    found.setdefault(answer.signature)
    return {signature: _letter(number) for number, signature in enumerate(found)}


def _letter(number: int) -> str:
    rest, last = divmod(number, len(ascii_uppercase))
    return (_letter(rest - 1) if rest else "") + ascii_uppercase[last]


def _cell(bench: Bench, version: str, case: str, letters: Mapping[str, str]) -> str:
    answers = [bench.at(version).of(case, each) for each in bench.performer.formats]
    marks = dict.fromkeys(_mark(answer, letters) for answer in answers if answer)
    return "/".join(marks) or ABSENT


def _mark(answer: Answer, letters: Mapping[str, str]) -> str:
    if answer.passed:
        return PASSED
    return letters[answer.signature] if answer.signature else LACKING


def _blocks(left: list[list[str]], columns: list[list[str]], width: int) -> Iterator[list[list[str]]]:
    """Columns with those on the left before them, as many as fit and at least one."""

    def size(column: list[str]) -> int:
        return max(map(len, column)) + 2

    block: list[list[str]] = []
    for column in columns:
        if block and sum(map(size, [*left, *block, column])) > width:
            yield [*left, *block]
            block = []
        block.append(column)
    yield [*left, *block]
