"""A failure in words: the step, what was demanded, each cluster's answer, the structs, and how to see it again."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from conformance.jsonio import dumps
from conformance.report.carried import RUNNER, VECTORS, WITH_SHIPPED, carried
from conformance.report.structs import struct_lines
from conformance.report.summary import Summary, clusters

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conformance.report.records import Record

_EVENTS = 25  # of a timeline
_WIDEST = 400  # characters of a value, or of bytes, that are shown; the results file has the rest


def headline(record: Record) -> str:
    """Case, cast and format in one line; with an item of a corpus, where there is one."""
    cast = " -> ".join(record["cast"]) if len(set(record["cast"])) > 1 else f"{record['cast'][0]} alone"
    item = f"  with {record['item']}" if "item" in record else ""
    return f"{record['case']}  {cast}  {record['format']}  {record['verdict']}{item}"


def legible(text: str) -> str:
    """Text on one line, what cannot be printed as an escape: a panic's message may hold colours and line ends."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def lines(summary: Summary, record: Record, results: Path) -> Iterator[tuple[str, str]]:
    """Label and text of each line about one failing result."""
    for label, text in _lines(summary, record, results):
        yield label, legible(text)


def _lines(summary: Summary, record: Record, results: Path) -> Iterator[tuple[str, str]]:
    if record.get("detail"):
        yield record["verdict"], f"{record.get('culprit', '')}: {record['detail']}".strip(": ")
    if record.get("stderr"):
        yield "stderr", record["stderr"].splitlines()[-1]
    for failure in record.get("failures", ())[:1]:
        answered = f", answered by {failure['implementation']}" if failure["peer"] else ""
        yield "step", f"{failure['stage']}, {_action(failure['action'])}{answered}"
        yield "expected", shown(failure["expected"])
        yield "observed", shown(failure["observed"])
    if "layer" in record:
        yield from _story(record)
    else:
        for cluster in clusters(summary, record):
            names = ", ".join(cluster.labels)
            yield "cluster", f"{names}: {'as expected' if cluster.answer is None else shown(cluster.answer)}"
    others = len(record.get("failures", ())) - 1
    if others > 0:
        yield "and", f"{others} more differences in this performance"
    yield from struct_lines(record)
    yield "signature", record["signature"]
    given = summary.run["arguments"]
    where = f"{shlex.quote(str(results))} {shlex.quote(record['case'])}"
    yield "again", f"{reproduce(record)}{carried(given, RUNNER, VECTORS, WITH_SHIPPED)}"
    if "layer" in record:
        yield "timeline", f"python -m conformance timeline {where}"
    yield "replay", f"python -m conformance replay {where}{carried(given, RUNNER, VECTORS)}"


def _story(record: Record) -> Iterator[tuple[str, str]]:
    """The roles, what each document showed at the end, and the end of the timeline."""
    yield "roles", ", ".join(f"{role}: {label}" for role, label in record["roles"].items())
    for who, sight in record["situation"].items():
        yield who, shown(sight)
    for at, who, kind, what in record["timeline"][-_EVENTS:]:
        yield "event", f"{at:>8.1f} ms  {who:<8} {kind:<8} {what}"
    if "kept" in record:
        yield "kept", record["kept"]


def reproduce(record: Record) -> str:
    """The command that runs just this case on just these implementations, where all of them are shipped."""
    impls = ",".join(dict.fromkeys(record["cast"]))
    if "layer" in record:
        case = shlex.quote(record["case"])
        return f"python -m conformance --layers {record['layer']} --impls {shlex.quote(impls)} --filter {case} --keep"
    castings = {1: " --castings solo", 2: ""}.get(len(set(record["cast"])), " --castings all")
    return f"python -m conformance --impls {shlex.quote(impls)} --filter {shlex.quote(record['case'])}{castings}"


def shown(value: Any) -> str:
    """A value as short JSON."""
    text = dumps(value).decode()
    return text if len(text) <= _WIDEST else text[:_WIDEST] + "..."


def _action(step: dict[str, Any]) -> str:
    by = step.get("peer") or step.get("by") or step.get("of") or []
    where = f" of {by if isinstance(by, str) else ', '.join(by)}"
    name = f" as {step['as']}" if "as" in step else ""
    return f"{step['op']}{where}{name}"
