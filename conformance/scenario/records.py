"""The records of a run of scenarios: those of any results file, with the roles, the situation and the timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.report.records import Record
    from conformance.scenario.verdict import Outcome


def scenario_record(outcome: Outcome, labels: Sequence[str], known: Sequence[str]) -> Record:
    """One performance. What did not pass carries its timeline, and what each document showed at the end."""
    scenario = outcome.scenario
    roles = [role.name for role in scenario.cast_roles]
    cast = [labels[player] for player in outcome.cast]
    record: Record = {
        "type": "result",
        "case": scenario.id,
        "cast": cast,
        "format": "v1",
        "verdict": outcome.verdict,
        "layer": scenario.layer,
        "roles": dict(zip(roles, cast, strict=True)),
        "seconds": round(outcome.seconds, 2),
    }
    if outcome.item:
        record["item"] = outcome.item
    if outcome.kept:
        record["kept"] = outcome.kept
    if outcome.missing is not None:
        who, feature = outcome.missing
        return {**record, "culprit": record["roles"].get(who, cast[0]), "detail": feature}
    if outcome.verdict == "pass":
        return {**record, "timeline": outcome.timeline} if outcome.kept else record
    record["level"] = scenario.level
    record["signature"] = outcome.signature
    if known:
        record["known"] = list(known)
    if outcome.fault is not None:
        record["culprit"] = record["roles"].get(outcome.fault.participant, cast[0])
        record["detail"] = outcome.fault.message
        if outcome.fault.stderr:
            record["stderr"] = outcome.fault.stderr
    record["failures"] = [
        {
            "step": failure.place,
            "action": failure.step,
            "stage": f"step {failure.place + 1}",
            "check": failure.check,
            "peer": failure.who,
            "implementation": record["roles"].get(failure.who, cast[0]),
            "expected": failure.expected,
            "observed": failure.observed,
        }
        for failure in outcome.failures
    ]
    record["situation"] = outcome.situation
    record["timeline"] = outcome.timeline
    return record
