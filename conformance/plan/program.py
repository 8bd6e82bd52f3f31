"""Compilation of a case for a way of casting it: who plays what, in which order, and which bytes must travel.

A *pattern* says which peers share a runner: one number per part, the number of the actor that plays it. In
`(0, 1)` the second peer is played by another runner than the first. The program of a case depends on the
pattern and the format of updates only, so one serves all castings of that pattern, and its JSON is written once.

A program is cut into *phases*. Within a phase no actor waits for another; a step that needs bytes which another
actor makes stands in a later phase, and its JSON has a hole where the bytes go.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.jsonio import dumps
from conformance.plan.agreement import agreement, sameness
from conformance.plan.deliveries import Delivery, fresh_peers, varied_finale
from conformance.plan.finale import RELAY, RELAY_CLIENT, Demand, Step, finale

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from conformance.model.vector import Case

Pattern = tuple[int, ...]

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
_OPERANDS = ("update", "since", "snapshot", "position", "message")  # keys whose value is bytes
_OPERAND_LISTS = ("updates", "snapshots")
_HOLE = f"hole-{uuid.uuid4().hex}-"  # marks a hole in the JSON text while it is cut; no vector can contain it


@dataclass(frozen=True, slots=True)
class Chunk:
    """The steps of one actor in one phase.

    Attributes:
        pieces: JSON text of the session after its number; even places are text, odd ones names of slots.
        positions: the place of each step in the program.
        end: whether the session ends here for this actor.
    """

    actor: int
    pieces: tuple[str, ...]
    positions: tuple[int, ...]
    end: bool


@dataclass(frozen=True, slots=True)
class Program:
    """All that has to be sent and judged for one case in one pattern and format.

    Attributes:
        steps: the case's steps and the finale, as they are sent, but with slots by name.
        demands: place of a step -> what its answer must be.
        deliveries: place of a step -> the delivery that it is part of.
        actors: place of a step -> actor.
        exported: place of a step -> the slot whose bytes another actor needs.
        phases: the chunks that can run at the same time, phase after phase.
    """

    case: Case
    pattern: Pattern
    format: str
    steps: tuple[Step, ...]
    demands: tuple[tuple[int, Demand], ...]
    tolerated: frozenset[int]
    deliveries: Mapping[int, str]
    actors: tuple[int, ...]
    exported: Mapping[int, str]
    phases: tuple[tuple[Chunk, ...], ...]


def parts(case: Case) -> tuple[str, ...]:
    """The peers that are cast. A case with one peer also casts the relay, its reader."""
    names = tuple(case.peers)
    return (*names, RELAY) if len(names) == 1 and case.verdict != "invalid" else names


def compile_case(
    case: Case, pattern: Pattern, update_format: str, deliveries: Sequence[Delivery] = (), *, with_finale: bool = True
) -> Program:
    """The program of `case` for `pattern`, with all updates whose format the case leaves open in `update_format`.

    A varied case ends with `deliveries` in place of the finale.
    """
    role = dict(zip(parts(case), pattern, strict=True))
    role.setdefault(RELAY, pattern[0])
    fresh = fresh_peers(deliveries)
    role.update(dict.fromkeys(fresh, role[RELAY]))
    listed: list[tuple[Any, Demand | None, str]] = [(step, _observation(case, step), "") for step in case.steps]
    if case.is_varied:
        listed += varied_finale(case, update_format, deliveries)
    elif with_finale:
        ending = agreement(case) if case.demands_agreement else finale(case)
        listed += [(step, demand, "") for step, demand in ending]
    pinned = _pinned_slots(case)
    steps = tuple(_with_format(step, update_format, pinned) for step, _, _ in listed)
    actors = tuple(role[step["peer"]] for step in steps)
    phase_of, exported = _schedule(steps, actors)
    return Program(
        case=case,
        pattern=pattern,
        format=update_format,
        steps=steps,
        demands=tuple((place, demand) for place, (_, demand, _) in enumerate(listed) if demand is not None),
        tolerated=frozenset(place for place, (_, demand, _) in enumerate(listed) if demand and _may_fail(demand)),
        deliveries={place: delivery for place, (_, _, delivery) in enumerate(listed) if delivery},
        actors=actors,
        exported=exported,
        phases=_chunks(case, role, fresh, steps, actors, phase_of),
    )


def has_format(case: Case) -> bool:
    """Whether some step of the case, or of its finale, leaves the format of updates open."""
    if case.verdict != "invalid":
        return True
    pinned = _pinned_slots(case)
    return any(_with_format(step, "v2", pinned) is not step for step in case.steps)


def _observation(case: Case, step: Step | Mapping[str, Any]) -> Demand | None:
    if case.demands_agreement:
        return sameness(case, step)
    observations = case.expect.get("observations")
    expected = observations.get(step.get("as")) if observations else None
    if expected is None:
        return None
    alternatives = tuple(expected["oneOf"]) if "oneOf" in expected else (expected,)
    return Demand("steps", next(iter(alternatives[0])), step["peer"], alternatives)


def _may_fail(demand: Demand) -> bool:
    return any("refused" in alternative for alternative in demand.expected)


# --- formats -----------------------------------------------------------------------------------------------


def _operands(step: Mapping[str, Any]) -> Iterator[Any]:
    yield from (step[key] for key in _OPERANDS if key in step)
    for key in _OPERAND_LISTS:
        yield from step.get(key, ())


def _pinned_slots(case: Case) -> frozenset[str]:
    """Slots whose format the case fixes, by naming it or by making them from bytes that it gives."""
    pinned: set[str] = set()
    for step in case.steps:
        if "as" in step and (step["op"] == "convert" or _is_pinned(step, pinned)):
            pinned.add(step["as"])
    return frozenset(pinned)


def _is_pinned(step: Mapping[str, Any], pinned: Iterable[str]) -> bool:
    encoded = [step[key] for key in ("update", "snapshot") if key in step]
    encoded += [operand for key in _OPERAND_LISTS for operand in step.get(key, ())]
    return "format" in step or any(isinstance(operand, dict) or operand in pinned for operand in encoded)


def _with_format(step: Step | Mapping[str, Any], update_format: str, pinned: frozenset[str]) -> Step:
    if update_format == "v1":
        return step  # type: ignore[return-value]
    local = "path" in step and "as" in step
    if not (local or step["op"] in FORMATTED) or _is_pinned(step, pinned):
        return step  # type: ignore[return-value]
    if step["op"] == "transact" and "as" not in step:
        return step  # type: ignore[return-value]
    return {**step, "format": update_format}


# --- phases ------------------------------------------------------------------------------------------------


def _schedule(steps: tuple[Step, ...], actors: tuple[int, ...]) -> tuple[tuple[int, ...], dict[int, str]]:
    """The phase of each step, and which steps make bytes that another actor needs."""
    if len(set(actors)) == 1:
        return (0,) * len(steps), {}
    made: dict[str, int] = {}
    reached: dict[int, int] = {}
    phase_of: list[int] = []
    exported: dict[int, str] = {}
    for place, (step, actor) in enumerate(zip(steps, actors, strict=True)):
        phase = reached.get(actor, 0)
        for slot in _operands(step):
            if not isinstance(slot, str):
                continue
            maker = made[slot]
            if actors[maker] != actor:
                exported[maker] = slot
                phase = max(phase, phase_of[maker] + 1)
        reached[actor] = phase
        phase_of.append(phase)
        if "as" in step:
            made[step["as"]] = place
    return tuple(phase_of), exported


def _chunks(
    case: Case,
    role: Mapping[str, int],
    fresh: Mapping[str, Mapping[str, Any]],
    steps: tuple[Step, ...],
    actors: tuple[int, ...],
    phase_of: tuple[int, ...],
) -> tuple[tuple[Chunk, ...], ...]:
    grouped: dict[tuple[int, int], list[int]] = {}
    for place, (actor, phase) in enumerate(zip(actors, phase_of, strict=True)):
        grouped.setdefault((phase, actor), []).append(place)
    made_by = {step["as"]: actors[place] for place, step in enumerate(steps) if "as" in step}
    alone = len(set(actors)) == 1
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for phase, actor in sorted(grouped):
        first.setdefault(actor, phase)
        last[actor] = phase
    peers = {
        actor: {
            name: fresh.get(name) or _options(case, name)
            for name, player in role.items()
            if player == actor and _takes_part(case, name)
        }
        for actor in first
    }
    phases: list[tuple[Chunk, ...]] = []
    for phase in range(max(phase_of) + 1):
        row = []
        for actor in sorted(first):
            places = grouped.get((phase, actor))
            if places is None:
                continue
            head = _head(case, peers[actor]) if first[actor] == phase else {}
            end = last[actor] == phase
            body = steps if alone else [_with_holes(steps[place], actor, made_by) for place in places]
            row.append(Chunk(actor, _pieces({**head, "steps": body, "end": end}), tuple(places), end))
        phases.append(tuple(row))
    return tuple(phases)


def _head(case: Case, peers: Mapping[str, Any]) -> dict[str, Any]:
    """What a session begins with."""
    head = {"roots": case.roots, "peers": peers}
    return {**head, "wrap": True} if case.wrap else head


def _takes_part(case: Case, name: str) -> bool:
    return name != RELAY or case.verdict != "invalid"


def _options(case: Case, name: str) -> Mapping[str, Any]:
    return {"client": RELAY_CLIENT} if name == RELAY else case.peers[name]


def _with_holes(step: Step, actor: int, made_by: Mapping[str, int]) -> Step:
    def operand(value: Any) -> Any:
        if isinstance(value, str) and made_by[value] != actor:
            return {"base64": f"{_HOLE}{value}{_HOLE}"}
        return value

    changed: dict[str, Any] = {key: operand(step[key]) for key in _OPERANDS if key in step}
    changed |= {key: [operand(value) for value in step[key]] for key in _OPERAND_LISTS if key in step}
    return {**step, **changed} if changed else step


def _pieces(session: Mapping[str, Any]) -> tuple[str, ...]:
    """The session's JSON without its opening brace, cut at the holes."""
    text = dumps(session).decode()
    return tuple(text[1:].split(_HOLE)) if _HOLE in text else (text[1:],)


def fill(chunk: Chunk, session: int, slots: Mapping[str, str]) -> bytes:
    """The chunk's JSON for one session.

    Raises:
        KeyError: a slot that it needs was never filled.
    """
    pieces = chunk.pieces
    if len(pieces) == 1:
        return f'{{"session":{session},{pieces[0]}'.encode()
    filled = [slots[piece] if place % 2 else piece for place, piece in enumerate(pieces)]
    return f'{{"session":{session},{"".join(filled)}'.encode()


def closing(session: int) -> bytes:
    """The JSON that ends a session which has no more steps for an actor."""
    return f'{{"session":{session},"steps":[],"end":true}}'.encode()
