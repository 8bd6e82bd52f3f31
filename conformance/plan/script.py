"""What a case asks for in one format of updates, whoever plays it: its steps, its ending, and what they must show."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from conformance.plan.agreement import agreement, sameness
from conformance.plan.deliveries import Delivery, fresh_peers, varied_finale
from conformance.plan.finale import RELAY, Demand, Step, finale

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from conformance.model.vector import Case

FORMATTED = frozenset(
    {
        "encode",
        "apply",
        "merge",
        "diff",
        "update_state_vector",
        "transact",
        "snapshot",
        "snapshot.restore",
        "snapshot.equal",
        "snapshot.contains",
    }
)
OPERANDS = ("update", "since", "snapshot", "position", "message")  # keys whose value is bytes
OPERAND_LISTS = ("updates", "snapshots")
OPERAND_KEYS = frozenset((*OPERANDS, *OPERAND_LISTS))


@dataclass(frozen=True, slots=True)
class Script:
    """What a case asks for in one format, whoever plays it.

    Attributes:
        steps: the case's steps and the finale, as they are sent, but with slots by name.
        demands: place of a step -> what its answer must be.
        tolerated: places of the steps that may be refused.
        deliveries: place of a step -> the delivery that it is part of.
        fresh: peers that the deliveries need, with their options.
        relay: the part whose player plays the relay too, which another part feeds.
    """

    case: Case
    format: str
    steps: tuple[Step, ...]
    demands: tuple[tuple[int, Demand], ...]
    tolerated: frozenset[int]
    deliveries: Mapping[int, str]
    fresh: Mapping[str, Mapping[str, Any]]
    relay: int


def slots_of(step: Mapping[str, Any]) -> list[str]:
    """The slots that a step reads."""
    found: list[str] = []
    for key, value in step.items():
        if key in OPERAND_KEYS:
            if isinstance(value, str):
                found.append(value)
            elif isinstance(value, list):
                found += [slot for slot in value if isinstance(slot, str)]
    return found


def parts(case: Case) -> tuple[str, ...]:
    """The peers that are cast. A case with one peer also casts the relay, its reader."""
    names = tuple(case.peers)
    return (*names, RELAY) if len(names) == 1 and case.verdict != "invalid" else names


def write_script(
    case: Case, update_format: str, deliveries: Sequence[Delivery] = (), *, with_finale: bool = True
) -> Script:
    """The steps and demands of a case, which are the same for all patterns."""
    listed: list[tuple[Step, Demand | None, str]] = []
    if case.is_varied:
        listed += varied_finale(case, update_format, deliveries)
    elif with_finale:
        ending = agreement(case) if case.demands_agreement else finale(case)
        listed += [(step, demand, "") for step, demand in ending]
    own = len(case.steps)
    observed = list(_observations(case))
    demands = observed + [(place, demand) for place, (_, demand, _) in enumerate(listed, own) if demand is not None]
    return Script(
        case=case,
        format=update_format,
        steps=_in_format(case, (*case.steps, *[step for step, _, _ in listed]), update_format),
        demands=tuple(demands),
        tolerated=frozenset([place for place, demand in observed if _may_fail(demand)]),
        deliveries={place: delivery for place, (_, _, delivery) in enumerate(listed, own) if delivery},
        fresh=fresh_peers(deliveries),
        relay=-1 if case.demands_agreement else 0,
    )


def in_format(script: Script, update_format: str) -> Script:
    """A script without deliveries, written for v1, for another format: what it demands stays the same."""
    return replace(script, format=update_format, steps=_in_format(script.case, script.steps, update_format))


def has_format(case: Case) -> bool:
    """Whether some step of the case, or of its finale, leaves the format of updates open."""
    if case.verdict != "invalid":
        return True
    pinned = _pinned_slots(case)
    return any(_with_format(step, "v2", pinned) is not step for step in case.steps)


def _observations(case: Case) -> Iterator[tuple[int, Demand]]:
    if case.demands_agreement:
        yield from sameness(case)
        return
    observations = case.expect.get("observations")
    if not observations:
        return
    for place, step in enumerate(case.steps):
        expected = observations.get(step.get("as"))
        if expected is not None:
            alternatives = tuple(expected["oneOf"]) if "oneOf" in expected else (expected,)
            yield place, Demand("steps", next(iter(alternatives[0])), step["peer"], alternatives)


def _may_fail(demand: Demand) -> bool:
    return any("refused" in alternative for alternative in demand.expected)


# --- formats -----------------------------------------------------------------------------------------------


def _pinned_slots(case: Case) -> frozenset[str]:
    """Slots whose format the case fixes, by naming it or by making them from bytes that it gives."""
    pinned: set[str] = set()
    for step in case.steps:
        if "as" in step and (step["op"] == "convert" or _is_pinned(step, pinned)):
            pinned.add(step["as"])
    return frozenset(pinned)


def _is_pinned(step: Mapping[str, Any], pinned: Iterable[str]) -> bool:
    encoded = [step[key] for key in ("update", "snapshot") if key in step]
    encoded += [operand for key in OPERAND_LISTS for operand in step.get(key, ())]
    return "format" in step or any(isinstance(operand, dict) or operand in pinned for operand in encoded)


def _in_format(case: Case, steps: tuple[Any, ...], update_format: str) -> tuple[Step, ...]:
    if update_format == "v1":
        return steps
    pinned = _pinned_slots(case)
    return tuple([_with_format(step, update_format, pinned) if _has_format(step) else step for step in steps])


def _has_format(step: Mapping[str, Any]) -> bool:
    return step["op"] in FORMATTED or ("as" in step and "path" in step)


def _with_format(step: Step | Mapping[str, Any], update_format: str, pinned: frozenset[str]) -> Step:
    if not _has_format(step) or _is_pinned(step, pinned):
        return step  # type: ignore[return-value]
    if step["op"] == "transact" and "as" not in step:
        return step  # type: ignore[return-value]
    return {**step, "format": update_format}
