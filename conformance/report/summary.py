"""A results file, read once and counted: the matrix, the groups of failures, the clusters of answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.model.value import canonical_bytes
from conformance.report.records import GOOD, Record, is_unexpected
from conformance.report.store import read_records

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(slots=True)
class Cell:
    """The checks of one writer with one reader."""

    passed: int = 0
    known: int = 0
    unsupported: int = 0
    informational: int = 0
    unexpected: int = 0

    @property
    def total(self) -> int:
        return self.passed + self.known + self.unsupported + self.informational + self.unexpected

    def add(self, record: Record) -> None:
        if record.get("unsteady"):
            self.informational += 1
        elif record["verdict"] == "pass":
            self.passed += 1
        elif record["verdict"] in GOOD:
            self.unsupported += 1
        elif "known" in record:
            self.known += 1
        elif is_unexpected(record):
            self.unexpected += 1
        else:
            self.informational += 1


@dataclass(slots=True)
class Summary:
    """What a results file says.

    Attributes:
        failing: the results that did not pass, known ones too: case by case as they came, then by who was cast.
        scenarios: layer -> scenario and lead (who plays its first role) -> the checks.
        items: scenario -> item that it was performed with -> the checks.
    """

    run: Record
    end: Record | None = None
    cells: dict[tuple[str, str], Cell] = field(default_factory=dict)
    failing: list[Record] = field(default_factory=list)
    unsupported: dict[tuple[str, str], int] = field(default_factory=dict)
    passed_alone: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    scenarios: dict[str, dict[tuple[str, str], Cell]] = field(default_factory=dict)
    items: dict[str, dict[str, Cell]] = field(default_factory=dict)

    @property
    def labels(self) -> list[str]:
        return [implementation["label"] for implementation in self.run["implementations"]]

    @property
    def unexpected(self) -> list[Record]:
        return [record for record in self.failing if is_unexpected(record)]

    @property
    def total(self) -> int:
        return sum(cell.total for cell in self.cells.values())

    def leads(self, layer: str) -> list[str]:
        """Who leads in the scenarios of a layer, in the order of the implementations."""
        leading = {lead for _, lead in self.scenarios[layer]}
        return [label for label in self.labels if label in leading]

    def ids(self, layer: str) -> list[str]:
        """The scenarios of a layer, sorted."""
        return sorted({case for case, _ in self.scenarios[layer]})


def summarize(path: Path) -> Summary:
    """Read a results file.

    Raises:
        UsageError: it is none.
    """
    records = read_records(path)
    summary = Summary(next(records, {"type": "run", "implementations": [], "left_out": {}}))
    for record in records:
        if record["type"] == "end":
            summary.end = record
        elif record["type"] == "result":
            _enter(summary, record)
    _in_order(summary)
    return summary


def _in_order(summary: Summary) -> None:
    """Results come as runners answer: those of a case are put in the order of the implementations."""
    places = {label: place for place, label in enumerate(summary.labels)}
    cases: dict[str, int] = {}
    for record in summary.failing:
        cases.setdefault(record["case"], len(cases))

    def place_of(record: Record) -> tuple[int, str, list[int]]:
        return cases[record["case"]], record["format"], [places.get(label, len(places)) for label in record["cast"]]

    summary.failing.sort(key=place_of)
    for passed in summary.passed_alone.values():
        passed.sort(key=lambda label: places.get(label, len(places)))


def _enter(summary: Summary, record: Record) -> None:
    cast = record["cast"]
    summary.cells.setdefault((cast[0], cast[-1]), Cell()).add(record)
    if "item" in record:
        summary.items.setdefault(record["case"], {}).setdefault(record["item"], Cell()).add(record)
    if "layer" in record:
        summary.scenarios.setdefault(record["layer"], {}).setdefault((record["case"], cast[0]), Cell()).add(record)
    if record["verdict"] == "pass":
        if len(set(cast)) == 1:
            summary.passed_alone.setdefault((record["case"], record["format"]), []).append(cast[0])
    elif record["verdict"] == "unsupported":
        key = (record["culprit"], record["detail"])
        summary.unsupported[key] = summary.unsupported.get(key, 0) + 1
    else:
        summary.failing.append(record)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Implementations that gave the same answer. `answer` is None for those that gave the expected one."""

    labels: tuple[str, ...]
    answer: Any


def clusters(summary: Summary, record: Record) -> list[Cluster]:
    """The answers of all implementations, each alone, to the check at which `record` failed first."""
    failure = record["failures"][0] if record.get("failures") else None
    right = summary.passed_alone.get((record["case"], record["format"]), [])
    groups: dict[bytes, tuple[list[str], Any]] = {}
    for other in summary.failing:
        if other["case"] != record["case"] or other["format"] != record["format"] or len(set(other["cast"])) > 1:
            continue
        answer = _answer(other, failure)
        if answer is None:
            right = [*right, other["cast"][0]]
        else:
            groups.setdefault(canonical_bytes(answer), ([], answer))[0].append(other["cast"][0])
    found = [Cluster(tuple(right), None)] if right else []
    return found + [Cluster(tuple(labels), answer) for labels, answer in groups.values()]


def _answer(record: Record, failure: Record | None) -> Any:
    """What a solo result said at the stage and check of `failure`; None when it said what was expected there."""
    if not record.get("failures"):
        return {record["verdict"]: record.get("detail", "")}
    for own in record["failures"]:
        if failure is None or (own["stage"], own["check"]) == (failure["stage"], failure["check"]):
            return own["observed"]
    return None
