"""The records themselves."""

from __future__ import annotations

import shutil
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, BinaryIO

from conformance.report.render import reporting

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conformance.judge.known import Divergence
    from conformance.report.records import Record


class Follower:
    """A sink that passes on what is new in a results file as it grows, so that a program reads while a run goes on.

    Of a run that was resumed, that begins with what the file held before.
    """

    def __init__(self, results: Path, output: Path | None) -> None:
        self._results = results
        self._output = output
        self._files = ExitStack()
        self._from: BinaryIO | None = None
        self._to: BinaryIO = sys.stdout.buffer

    def write(self, records: Sequence[Record]) -> None:  # noqa: ARG002
        """Copy what the file holds by now.

        Raises:
            ResultsError: the output cannot be written.
            BrokenPipeError: its reader has left.
        """
        with reporting(self._output):
            if self._from is None:
                self._from = self._open()
            shutil.copyfileobj(self._from, self._to)
            self._to.flush()

    def _open(self) -> BinaryIO:
        if self._output is not None:
            self._output.parent.mkdir(parents=True, exist_ok=True)
            self._to = self._files.enter_context(self._output.open("wb"))
        return self._files.enter_context(self._results.open("rb"))

    def close(self) -> None:
        """Close what was opened; standard output stays open."""
        self._files.close()


def render(results: Path, output: Path | None, known: Sequence[Divergence]) -> None:  # noqa: ARG001
    """Copy the results file."""
    follower = Follower(results, output)
    try:
        follower.write(())
    finally:
        follower.close()
