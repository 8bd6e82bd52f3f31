"""Coverage as tables, as a list of cells, and as JSON."""

from __future__ import annotations

import shutil
import sys
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from conformance.coverage.cells import cell

if TYPE_CHECKING:
    from conformance.coverage.cells import Table
    from conformance.coverage.report import Report

EMPTY, IMPOSSIBLE, ABSENT = "!", "-", ""
_WIDE = 1000  # columns of a table that is no longer wrapped, where there is no terminal


def as_tables(report: Report) -> None:
    """Print every table, and then what is amiss."""
    console = _console()
    for table in report.tables:
        console.print(Text(table.title, "bold"))
        _print(console, _grid(report, table))
        console.print()
    console.print(f"number of cases, {EMPTY} none, {IMPOSSIBLE} impossible (vectors/coverage.toml says why)")
    _amiss(console, report)


def as_cells(report: Report, pattern: str) -> None:
    """Print the cells whose name fits a pattern, a line each: how many cases cover it, and the first of them."""
    console = _console()
    grid = Grid(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for name in report.cells:
        if fnmatchcase(name, pattern):
            cases = report.coverage.cases.get(name, ())
            note = Text(cases[0]) if cases else Text(report.reasons.get(name, "no case"), _style(report, name))
            grid.add_row(Text(name), _mark(report, name), note)
    _print(console, grid)
    _amiss(console, report)


def as_json(report: Report) -> dict[str, Any]:
    return {
        "cells": {
            name: {
                "cases": report.coverage.cases.get(name, ()),
                **({"impossible": report.reasons[name]} if name in report.reasons else {}),
            }
            for name in report.cells
        },
        "empty": report.empty,
        "stale": report.stale,
        "cut_short": report.coverage.cut_short,
        "performed": report.coverage.performed,
    }


def _grid(report: Report, table: Table) -> Grid:
    grid = Grid("", *table.columns, box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for column in grid.columns[1:]:
        column.justify = "right"
    for row, columns in table.rows.items():
        marks = [_mark(report, cell(table.name, row, column)) if column in columns else Text(ABSENT)
                 for column in table.columns]  # fmt: skip
        grid.add_row(Text(row, no_wrap=True), *marks)
    return grid


def _mark(report: Report, name: str) -> Text:
    cases = report.coverage.cases.get(name)
    text = str(len(cases)) if cases else IMPOSSIBLE if name in report.reasons else EMPTY
    return Text(text, _style(report, name), justify="right")


def _style(report: Report, name: str) -> str:
    if name in report.coverage.cases:
        return "red" if name in report.reasons else ""
    return "dim" if name in report.reasons else "bold red"


def _amiss(console: Console, report: Report) -> None:
    empty = report.empty
    for name in empty:
        console.print(Text(f"{name} is covered by no case", "red"), soft_wrap=True)
    for line in report.stale:
        console.print(Text(line, "red"), soft_wrap=True)
    total = sum(1 for _ in report.cells)
    covered = len(report.coverage.cases)
    console.print(
        f"{total} cells: {covered} covered, {len(empty)} empty, {total - covered - len(empty)} impossible; "
        f"{report.coverage.performed} performances",
        soft_wrap=True,
    )


def _console() -> Console:
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else _WIDE
    return Console(highlight=False, width=max(columns, 80))


def _print(console: Console, grid: Grid) -> None:
    """Print a table; where there is no terminal, without blanks at the ends of lines."""
    if console.is_terminal:
        console.print(grid)
        return
    with console.capture() as capture:
        console.print(grid)
    for line in capture.get().splitlines():
        print(line.rstrip())
