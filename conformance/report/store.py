"""The results file: written record by record, read back by whatever reports."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from conformance.errors import ConformanceError, UsageError
from conformance.jsonio import JSONDecodeError, dumps, loads

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from conformance.report.records import Record


class ResultsError(ConformanceError):
    """The results file cannot be written, for example because the disk is full. What was written stays valid."""

    exit_code = 3


class ResultWriter:
    """Appends records; those that came together are in the operating system's hands before more are waited for."""

    def __init__(self, path: Path, *, keep: int = 0) -> None:
        """Open a file of which the first `keep` bytes stay; the others go when the first record is written."""
        self.path = path
        self.has_written = False
        self._keep = keep
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError as error:
            raise ResultsError(
                f"cannot write results to {path}: {error.strerror}; give another --results FILE"
            ) from None

    def write(self, records: Sequence[Record]) -> None:
        """Write records.

        Raises:
            ResultsError: the disk is full, or the file has gone; what was half written is taken back.
        """
        lines = b"".join(dumps(record) + b"\n" for record in records)
        try:
            if not self.has_written and os.fstat(self._fd).st_size > self._keep:
                os.ftruncate(self._fd, self._keep)
            self.has_written = True
            written = os.write(self._fd, lines)
            if written != len(lines):
                os.ftruncate(self._fd, os.fstat(self._fd).st_size - written)
                raise OSError(28, "no space left on device")
        except OSError as error:
            raise ResultsError(
                f"cannot write results to {self.path}: {error.strerror}; "
                f"free some room and go on with --resume {self.path}"
            ) from None

    def close(self) -> None:
        os.close(self._fd)


def read_records(path: Path) -> Iterator[Record]:
    """The records of a file, without a last line that a killed run left unfinished.

    Raises:
        UsageError: there is no such file, or it is no results file.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    return
                try:
                    record = loads(line)
                except JSONDecodeError:
                    record = None
                if not isinstance(record, dict) or (number == 1 and record.get("type") != "run"):
                    raise UsageError(f"{path}:{number}: no record of a results file; give the file that a run wrote")
                yield record
    except OSError as error:
        raise UsageError(f"cannot read results from {path}: {error.strerror}") from None


def read_for_resume(path: Path) -> tuple[Record, list[Record], int]:
    """The run record and the results of a run that was cut short, and how many bytes of the file these take.

    Raises:
        UsageError: there is no such file, it is no results file, or nothing was performed yet.
    """
    records: list[Record] = []
    size = 0
    kept = list(read_records(path))
    with path.open("rb") as file:
        for line, record in zip(file, kept, strict=False):
            if record["type"] == "end":
                break
            size += len(line)
            records.append(record)
    if not records:
        raise UsageError(f"{path}: nothing to resume; leave --resume out")
    return records[0], records[1:], size
