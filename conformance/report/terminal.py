"""The terminal report: who took part, the matrix, every unexpected failure, what was known, what to do next."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance.report.failure import headline, lines
from conformance.report.render import reporting
from conformance.report.summary import Cell, Summary, summarize

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from conformance.judge.known import Divergence
    from conformance.report.records import Record

_CORPUS = 50  # items from which on a scenario has a line of its own
_MOST = 12  # failures that are written out; one of each signature first


def render(results: Path, output: Path | None, known: Sequence[Divergence]) -> None:
    """Write the report; colours only on a terminal."""
    summary = summarize(results)
    if output is None:
        with reporting(None):
            _write(_console(), summary, results, known)
        return
    with reporting(output):
        output.parent.mkdir(parents=True, exist_ok=True)
        with output.open("w", encoding="utf-8", errors="backslashreplace") as file:
            _write(Console(file=file, width=120, highlight=False), summary, results, known)


def _console() -> Console:
    return Console(highlight=False, width=None if sys.stdout.isatty() else 120)


def _write(console: Console, summary: Summary, results: Path, known: Sequence[Divergence]) -> None:
    _implementations(console, summary)
    _matrix(console, summary)
    _failures(console, summary, results)
    _known(console, summary, known)
    _items(console, summary)
    _conclusion(console, summary)


def _implementations(console: Console, summary: Summary) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    for implementation in summary.run["implementations"]:
        table.add_row(
            Text(implementation["label"], "bold"),
            Text(implementation["version"]),
            Text(implementation["runtime"], "dim"),
        )
    console.print(table)
    for name, reason in summary.run["left_out"].items():
        console.print(Text(f"left out {name}: {reason}", "yellow"))


def _matrix(console: Console, summary: Summary) -> None:
    if summary.run["castings"] == "roles":
        _scenarios(console, summary)
    else:
        console.print(Text("writer (rows) x reader (columns); the diagonal is each alone", "dim"))
        console.print(_table(summary.labels, summary.labels, summary.cells))
    console.print(Text("passed, k known divergence, u unsupported, i informational, ! unexpected", "dim"))


def _scenarios(console: Console, summary: Summary) -> None:
    """A table for each layer: scenarios, and who plays their first role; the others take turns in the other roles."""
    for layer, cells in summary.scenarios.items():
        console.print(Text(f"{layer}: scenarios (rows) x who leads in them (columns)", "dim"))
        console.print(_table(summary.ids(layer), summary.leads(layer), cells))


def _table(rows: Sequence[str], columns: Sequence[str], cells: Mapping[tuple[str, str], Cell]) -> Table:
    table = Table()
    table.add_column("")
    for label in columns:
        table.add_column(label, justify="right")
    for row in rows:
        table.add_row(Text(row, "bold"), *(_cell(cells.get((row, column))) for column in columns))
    return table


def _cell(cell: Cell | None) -> Text:
    if cell is None or not cell.total:
        return Text("-", "dim")
    text = Text(str(cell.passed), "green")
    for count, mark, style in (
        (cell.known, "k", "yellow"),
        (cell.unsupported, "u", "dim"),
        (cell.informational, "i", "cyan"),
        (cell.unexpected, "!", "bold red"),
    ):
        if count:
            text.append(f" {count}{mark}", style)
    return text


def _failures(console: Console, summary: Summary, results: Path) -> None:
    unexpected = summary.unexpected
    for record in _one_of_each(unexpected)[:_MOST]:
        console.print()
        console.print(Text(headline(record), "bold red"))
        for label, text in lines(summary, record, results):
            console.print(Text(f"  {label:<10}", "dim") + Text(text), soft_wrap=True)
    if len(unexpected) > _MOST:
        console.print(Text(f"\n{len(unexpected)} unexpected results in all; the results file has every one", "red"))
    for record in summary.failing:
        if record.get("unsteady"):
            line = f"unsteady: {headline(record)}: {record['signature']}, in one of two looks"
            console.print(Text(line, "yellow"), soft_wrap=True)
    for stale in (summary.end or {}).get("stale", ()):
        what = f"stale known divergence {stale['divergence']} ({stale['implementation']}) {stale['case']}"
        console.print(Text(f"{what}: {stale['why']}; take it out of runners/known, or narrow it", "red"))


def _one_of_each(records: list[Record]) -> list[Record]:
    """One record per case and signature first, solo ones before cross ones; then the others."""
    firsts: dict[tuple[str, str], Record] = {}
    for record in sorted(records, key=lambda record: len(set(record["cast"]))):
        firsts.setdefault((record["case"], record["signature"]), record)
    return list(firsts.values())


def _known(console: Console, summary: Summary, known: Sequence[Divergence]) -> None:
    met: dict[str, int] = {}
    for record in summary.failing:
        for name in record.get("known", ()):
            met[name] = met.get(name, 0) + 1
    if met:
        console.print(Text("\nknown divergences that were met", "dim"))
    for divergence in known:
        if divergence.id in met:
            line = (
                f"  {divergence.id} ({divergence.implementation} {divergence.versions}, {met[divergence.id]} results): "
            )
            console.print(Text(line, "yellow") + Text(_first_sentence(divergence.reason)))
    if met:
        console.print(Text("  the reasons in full, with links: python -m conformance known", "dim"))


def _items(console: Console, summary: Summary) -> None:
    """How many items of each corpus passed, and in how many performances."""
    for case, cells in summary.items.items():
        if len(cells) < _CORPUS:
            continue
        whole = sum(cell.passed == cell.total for cell in cells.values())
        passed, total = sum(cell.passed for cell in cells.values()), sum(cell.total for cell in cells.values())
        line = f"\n{case}: {whole} of {len(cells)} items passed with everybody; {passed} of {total} performances"
        console.print(Text(line, "dim"))


def _first_sentence(text: str) -> str:
    end = text.find(". ")
    return text if end < 0 else text[: end + 1]


def _conclusion(console: Console, summary: Summary) -> None:
    end = summary.end
    if end is None:
        console.print(Text("\nthe run was cut short; go on with --resume", "red"))
        return
    unexpected = len(summary.unexpected)
    passed = sum(cell.passed for cell in summary.cells.values())
    known = sum(cell.known for cell in summary.cells.values())
    unsupported = sum(cell.unsupported for cell in summary.cells.values())
    style = "bold red" if unexpected or end["stale"] else "bold green"
    rate = summary.total / end["seconds"] if end["seconds"] else 0
    console.print()
    console.print(
        Text(
            f"{summary.run['cases']} cases, {summary.total} checks in {end['seconds']:.1f} s ({rate:.0f}/s): "
            f"{passed} passed, "
            f"{known} known, {unsupported} unsupported, {unexpected} unexpected",
            style,
        )
    )
    if not end["complete"]:
        console.print(Text("the run was stopped before its end; go on with --resume", "red"))
