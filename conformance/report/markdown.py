"""Markdown, for a pull request or a job's summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.report.failure import headline, lines
from conformance.report.render import write_text
from conformance.report.summary import Cell, Summary, summarize

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from conformance.judge.known import Divergence

_MOST = 20  # failures that are written out


def render(results: Path, output: Path | None, known: Sequence[Divergence]) -> None:
    """Write the matrix, the failures and the known divergences that were met."""
    write_text("\n".join(_document(summarize(results), results, known)) + "\n", output)


def _document(summary: Summary, results: Path, known: Sequence[Divergence]) -> Iterator[str]:
    unexpected = summary.unexpected
    yield f"# Conformance: {summary.total} checks, {len(unexpected)} unexpected"
    yield ""
    for implementation in summary.run["implementations"]:
        yield f"- `{implementation['label']}`: version {implementation['version']}, {implementation['runtime']}"
    for name, reason in summary.run["left_out"].items():
        yield f"- left out `{name}`: {reason}"
    yield ""
    if summary.scenarios:
        for layer, cells in summary.scenarios.items():
            yield from _table(layer, summary.ids(layer), summary.leads(layer), cells)
            yield ""
    else:
        labels = summary.labels
        yield from _table("writer \\ reader", labels, labels, summary.cells)
    if unexpected:
        yield "\n## Unexpected"
    for record in unexpected[:_MOST]:
        yield f"\n### {headline(record)}\n"
        for label, text in lines(summary, record, results):
            yield f"- {label}: `{text}`" if "`" not in text else f"- {label}: {text}"
    if len(unexpected) > _MOST:
        yield f"\n{len(unexpected) - _MOST} more are in the results file."
    for stale in (summary.end or {}).get("stale", ()):
        where = f"{stale['implementation']} {stale['case']}".strip()
        yield f"\n- stale known divergence `{stale['divergence']}` of {where}: {stale['why']}"
    met = {name for record in summary.failing for name in record.get("known", ())}
    if met:
        yield "\n## Known divergences met\n"
        for divergence in known:
            if divergence.id in met:
                links = " ".join(f"<{link}>" for link in divergence.links)
                who = f"{divergence.implementation} {divergence.versions}"
                yield f"- `{divergence.id}` ({who}): {divergence.reason} {links}".rstrip()


def _table(
    corner: str, rows: Sequence[str], columns: Sequence[str], cells: Mapping[tuple[str, str], Cell]
) -> Iterator[str]:
    yield f"| {corner} | " + " | ".join(columns) + " |"
    yield "| --- |" + " --- |" * len(columns)
    for row in rows:
        yield f"| {row} | " + " | ".join(cell_text(cells.get((row, column))) for column in columns) + " |"


def cell_text(cell: Cell | None) -> str:
    """The counts of one cell: passed, then known (k), unsupported (u), informational (i) and unexpected (!)."""
    if cell is None or not cell.total:
        return "-"
    marks = [f"{count}{mark}" for count, mark in (
        (cell.known, "k"), (cell.unsupported, "u"), (cell.informational, "i"), (cell.unexpected, "!"),
    ) if count]  # fmt: skip
    return " ".join([str(cell.passed), *marks])
