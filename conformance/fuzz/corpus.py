"""A folder that keeps the programs which found something: a suite file each, to be run like any vectors."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from conformance.errors import ConformanceError
from conformance.fuzz.finding import told_as
from conformance.jsonio import dumps

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conformance.report.records import Record


class CorpusError(ConformanceError):
    """The folder cannot be written."""

    exit_code = 3


class Corpus:
    """A sink that writes the first program of each key; a file that is there already stays as it is."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CorpusError(f"cannot make the corpus {folder}: {error.strerror}; give another --corpus DIR") from None
        self._keys: set[tuple[str, str]] = set()

    def write(self, records: Sequence[Record]) -> None:
        for record in records:
            if record["type"] == "result" and (key := (record["profile"], told_as(record))) not in self._keys:
                self._keys.add(key)
                self._keep(record)

    def _keep(self, record: Record) -> None:
        program = record["program"]
        # Two generations of the generator may make other programs of one seed.
        digest = hashlib.sha256(dumps(program, sort_keys=True)).hexdigest()[:8]
        case = {**program, "id": f"{program['id']}-{digest}", "title": f"{program['title']}: {told_as(record)}"}
        file = self._folder / f"{case['id'].partition('/')[2]}.json"
        if file.exists():
            return
        suite = {"suite": "fuzz", "title": "A random program that found something", "cases": [case]}
        try:
            file.write_bytes(dumps(suite) + b"\n")
        except OSError as error:
            raise CorpusError(
                f"cannot write {file}: {error.strerror}; free some room and go on with --resume"
            ) from None
