"""What is shown while a run goes on, on standard error: a bar on a terminal, now and then a line elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Protocol

from conformance.report.records import is_unexpected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.report.records import Record

_LINE_EVERY = 5.0  # seconds between lines where there is no terminal


def announce(line: str) -> None:
    """Say something that the user should not miss, before or during a run."""
    print(line, file=sys.stderr, flush=True)


class Progress(Protocol):
    """A sink that shows how far the run is."""

    def write(self, records: Sequence[Record]) -> None: ...

    def close(self) -> None: ...


def counting(total: int, *, quiet: bool) -> Progress:
    """A bar where standard error is a terminal, else lines. `quiet` shows unexpected results only.

    `total` is the number of results, 0 where the run record will say.
    """
    if sys.stderr.isatty() and not quiet:
        return _Bar(total)
    return _Lines(total, quiet=quiet)


def _headline(record: Record) -> str:
    from conformance.report.failure import legible

    cast = " -> ".join(dict.fromkeys(record["cast"]))
    cause = record.get("detail") or ", ".join(
        dict.fromkeys(f"{failure['stage']} {failure['check']}" for failure in record.get("failures", ()))
    )
    first = legible(cause.splitlines()[0]) if cause else ""
    return f"{record['verdict']:<8} {record['case']}  {cast}  {record['format']}  {first}"


class _Lines:
    def __init__(self, total: int, *, quiet: bool) -> None:
        self._total = total
        self._quiet = quiet
        self._done = 0
        self._unexpected = 0
        self._started = self._last = time.monotonic()

    def write(self, records: Sequence[Record]) -> None:
        for record in records:
            self._total = record.get("performances", self._total)
            if record["type"] == "result":
                self._done += 1
                if is_unexpected(record):
                    self._unexpected += 1
                    announce(_headline(record))
        now = time.monotonic()
        if not self._quiet and now - self._last > _LINE_EVERY:
            self._last = now
            rate = self._done / (now - self._started)
            of = f" of {self._total}" if self._total >= self._done else ""
            announce(f"{self._done}{of} checks, {self._unexpected} unexpected, {rate:.0f}/s")

    def close(self) -> None:
        pass


class _Bar:
    def __init__(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        self._bar = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]:.0f}/s"),
            TimeRemainingColumn(),
            TextColumn("[red]{task.fields[unexpected]} unexpected"),
            console=Console(stderr=True),
            transient=True,
        )
        self._total = total
        self._task = self._bar.add_task("checks", total=total, rate=0.0, unexpected=0)
        self._done = 0
        self._unexpected = 0
        self._started = self._shown = time.monotonic()
        self._bar.start()

    def write(self, records: Sequence[Record]) -> None:
        for record in records:
            self._total = record.get("performances", self._total)
            if record["type"] == "result":
                self._done += 1
                if is_unexpected(record):
                    self._unexpected += 1
                    self._bar.console.print(_headline(record), style="red", highlight=False, markup=False)
        now = time.monotonic()
        if now - self._shown > 0.1:
            self._shown = now
            fields: dict[str, Any] = {"rate": self._done / (now - self._started), "unexpected": self._unexpected}
            total = max(self._done, self._total)
            self._bar.update(self._task, completed=self._done, total=total, **fields)

    def close(self) -> None:
        self._bar.stop()
