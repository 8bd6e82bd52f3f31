"""The records of a results file; vectors/schema/result.schema.json has their shape.

A results file is NDJSON: one `run` record, a `result` record per performance, one `end` record. Every renderer
reads these records and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.model.steps import folded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.execute.session import Outcome
    from conformance.judge.judge import Verdict
    from conformance.judge.known import Stale
    from conformance.model.implementation import Implementation

Record = dict[str, Any]

SCHEMA = 1
GOOD = frozenset({"pass", "unsupported"})


def run_record(
    *,
    kit: str,
    started: str,
    arguments: Sequence[str],
    implementations: Sequence[Implementation],
    left_out: Mapping[str, str],
    cases: int,
    vectors: str,
    castings: str,
    seed: int | None,
    performances: int | None = None,
) -> Record:
    """The first record: what is going to be run.

    Args:
        started: ISO 8601, UTC.
        vectors: a digest of the cases.
        performances: how many results there will be; None where nobody knows, 0 where nobody can play.
    """
    record = {
        "type": "run",
        "schema": SCHEMA,
        "kit": kit,
        "started": started,
        "arguments": list(arguments),
        "implementations": [
            {
                "label": implementation.label,
                "name": implementation.name,
                "version": implementation.hello.version,
                "language": implementation.hello.language,
                "runtime": implementation.hello.runtime,
                "features": sorted(implementation.hello.features),
                "lossy": list(implementation.hello.lossy),
            }
            for implementation in implementations
        ],
        "left_out": dict(left_out),
        "cases": cases,
        "vectors": vectors,
        "castings": castings,
        "seed": seed,
    }
    return {**record, "performances": performances} if performances else record


def result_record(outcome: Outcome, verdict: Verdict, labels: Sequence[str], known: Sequence[str]) -> Record:
    """One performance. Failures carry the step, the answers and all bytes that travelled, so they can be replayed."""
    performance = outcome.performance
    program = performance.program
    record: Record = {
        "type": "result",
        "case": program.case.id,
        "cast": [labels[player] for player in performance.cast],
        "format": program.format,
        "verdict": verdict.name,
    }
    if verdict.name == "pass":
        return record
    if verdict.detail:
        record["detail"] = verdict.detail
    if verdict.culprit is not None:
        record["culprit"] = labels[verdict.culprit]
    if verdict.name in GOOD:
        return record
    record["level"] = program.case.level
    record["signature"] = verdict.signature
    if known:
        record["known"] = list(known)
    if outcome.fault is not None and outcome.fault.stderr:
        record["stderr"] = outcome.fault.stderr
    record["failures"] = [
        {
            "step": failure.step,
            "action": folded([program.steps[failure.step]])[0],
            "stage": failure.stage,
            "check": failure.check,
            "peer": failure.peer,
            "implementation": labels[failure.implementation],
            "expected": failure.expected,
            "observed": failure.observed,
        }
        for failure in verdict.failures
    ]
    record["bytes"] = _travelled(outcome)
    return record


def _travelled(outcome: Outcome) -> dict[str, str]:
    """Slot -> base64 of every update that an answer carried."""
    steps = outcome.performance.program.steps
    return {
        step["as"]: answer["ok"]
        for step, answer in zip(steps, outcome.answers, strict=True)
        if answer is not None and isinstance(answer.get("ok"), str) and "as" in step and step["op"] != "state_vector"
    }


def end_record(counts: Mapping[str, int], stale: Sequence[Stale], seconds: float, *, complete: bool) -> Record:
    """The last record. `complete` is false when the run was interrupted."""
    return {
        "type": "end",
        "complete": complete,
        "counts": dict(counts),
        "stale": [
            {"divergence": item.divergence, "implementation": item.implementation, "case": item.case, "why": item.why}
            for item in stale
        ],
        "seconds": round(seconds, 3),
    }


def is_unexpected(record: Record) -> bool:
    """Whether a result fails the run: not good, not known, not merely informational, and not gone at a second look."""
    excused = "known" in record or record.get("unsteady") or record.get("level") == "informational"
    return record["verdict"] not in GOOD and not excused
