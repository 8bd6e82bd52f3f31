"""The doctor: proves that the kit can fail, by giving it runners that are wrong in a known way.

Every *miniature* is a real runner with one fault (tests/miniatures/library.py). It must be caught with the verdict
that it deserves, in its own cases only, and the real runner beside it must come through unharmed.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.errors import ProvisionError, UsageError
from conformance.execute.limits import Limits
from conformance.judge.known import Divergence
from conformance.model.spec import Spec
from conformance.model.vector import Case, load_cases
from conformance.provision import Launch
from conformance.report.records import GOOD, Record
from conformance.resources import data_root
from conformance.run import Plan, run
from conformance.wanted import Wanted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

REAL, WRONG = "real", "miniature"
_LIMITS = Limits(timeout=4.0, memory=256 << 20, recycle=1 << 40, jobs=2)
# What a wrong answer may bring about: an edit at a place that is not there breaks some libraries.
_CONSEQUENCES = {"fail": ("crash",)}
_STRUCK, _SPARED, _MALFORMED = 2, 6, 4  # cases; one that is struck costs a restart or a timeout in every cast
_OPS = {"text.insert", "text.delete", "encode", "apply", "state_vector", "state", "transact"}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What the kit made of one miniature. `problem` is empty when it was caught as it must be."""

    name: str
    deserved: str
    caught: int
    checks: int
    problem: str


class Collector:
    """A sink that keeps the results of a run, and the known divergences that did not show."""

    def __init__(self) -> None:
        self.results: list[Record] = []
        self.stale: list[Record] = []

    def write(self, records: Sequence[Record]) -> None:
        self.results += [record for record in records if record["type"] == "result"]
        for record in records:
            if record["type"] == "end":
                self.stale = record["stale"]


def faults() -> dict[str, str]:
    """Fault -> the verdict that it deserves, as the miniatures say themselves."""
    return {name: verdict for name, (_, verdict) in table("FAULTS").items()}


def table(name: str) -> dict[str, Any]:
    """A table of faults, as the miniatures have it."""
    import runpy

    found: dict[str, Any] = runpy.run_path(str(_script()), run_name="miniature")[name]
    return found


def miniature(fault: str, real: Launch) -> Launch:
    """The real runner with one fault."""
    return Launch((sys.executable, str(_script()), fault, *real.argv), real.env, real.cwd)


def _script() -> Path:
    return data_root() / "tests" / "miniatures" / "library.py"


def cases() -> tuple[Case, ...]:
    """Cases that every implementation passes and that exercise every fault.

    Raises:
        UsageError: the kit's own vectors are not there.
    """
    vectors = data_root() / "vectors"
    texts = [
        case
        for case in load_cases([vectors / "text"])
        if case.operations <= _OPS and len(case.peers) <= 2 and not case.is_solo
    ]
    malformed = [case for case in load_cases([vectors / "malformed"]) if case.verdict == "invalid"]
    if not texts or not malformed:
        raise UsageError(f"{vectors} lacks the text or malformed suite; install the kit again")
    texts.sort(key=lambda case: "text.delete" not in case.operations)
    few = (*texts[:_STRUCK], *texts[-_SPARED:])
    return (*few, *malformed)


def examine(real: Launch) -> Iterator[Diagnosis]:
    """Run every miniature of a real runner beside that runner; a diagnosis each."""
    healthy = _healthy(real, cases())
    for name, deserved in faults().items():
        yield _diagnose(name, deserved, real, miniature(name, real), healthy)
    yield _stale_divergence(real, healthy)


def _healthy(real: Launch, candidates: Sequence[Case]) -> tuple[Case, ...]:
    """The cases that the real runner passes alone; its own divergences must not blur the picture."""
    results = _perform([real], [REAL], candidates, "solo").results
    bad = {record["case"] for record in results if record["verdict"] != "pass"}
    good = tuple(case for case in candidates if case.id not in bad)
    refused = [case for case in good if case.verdict == "invalid"]
    if not refused:
        raise UsageError("the runner refuses none of the malformed updates; examine another one with --impls")
    return (*(case for case in good if case.verdict != "invalid"), *refused[:_MALFORMED])


def _perform(
    launches: Sequence[Launch],
    labels: Sequence[str],
    chosen: Sequence[Case],
    castings: str,
    known: Sequence[Divergence] = (),
) -> Collector:
    collector = Collector()
    wanted = Wanted(tuple(Spec(label, None, None, label) for label in labels), {})
    run(wanted, launches, Plan(tuple(chosen), castings, tuple(known), _LIMITS), [collector])
    return collector


def _diagnose(name: str, deserved: str, real: Launch, wrong: Launch, chosen: Sequence[Case]) -> Diagnosis:
    if deserved == "untrusted":
        try:
            _perform([wrong], [WRONG], chosen, "solo")
        except ProvisionError as error:
            return Diagnosis(name, deserved, 1, 1, "" if deserved in str(error) else f"refused, but: {error}")
        return Diagnosis(name, deserved, 0, 1, "was trusted")
    results = _perform([wrong, real], [WRONG, REAL], chosen, "pairs").results
    caught = [record for record in results if record["verdict"] == deserved]
    return Diagnosis(name, deserved, len(caught), len(results), _problem(deserved, results, chosen))


def _problem(deserved: str, results: Sequence[Record], chosen: Sequence[Case]) -> str:
    if not any(record["verdict"] == deserved for record in results):
        seen = ", ".join(sorted({record["verdict"] for record in results}))
        return f"not caught; the verdicts were {seen}"
    for record in results:
        if record["verdict"] in GOOD:
            continue
        if set(record["cast"]) == {REAL}:
            return f"the real runner was blamed in {record['case']}"
        if record["verdict"] not in (deserved, *_CONSEQUENCES.get(deserved, ())):
            return f"{record['case']} got the verdict {record['verdict']}"
        if record.get("culprit", WRONG) != WRONG:
            return f"{record['case']} was laid at the door of the real runner"
    if deserved == "fail":
        return ""
    struck = {case.id for case in chosen if "text.delete" in case.operations}
    for record in results:
        alone = set(record["cast"]) == {WRONG}
        if record["verdict"] == deserved and record["case"] not in struck:
            return f"{record['case']} was struck, though it does not contain the fault"
        if alone and record["case"] in struck and record["verdict"] != deserved:
            return f"{record['case']} got away"
    return ""


def _stale_divergence(real: Launch, chosen: Sequence[Case]) -> Diagnosis:
    """A known divergence whose failure does not come must be called stale."""
    healed = Divergence("healed", REAL, (chosen[0].id,), "*", "any", "any", ("v1", "v2"), ("state:*",), "", ())
    collector = _perform([real], [REAL], chosen[:1], "solo", [healed])
    named = [stale["divergence"] for stale in collector.stale]
    return Diagnosis("healed-divergence", "stale", len(named), 1, "" if named == ["healed"] else "not called stale")
