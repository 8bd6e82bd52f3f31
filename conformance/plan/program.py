"""Compilation of a case for a way of casting it: who plays what, in which order, and which bytes must travel.

A *pattern* says which peers share a runner: one number per part, the number of the actor that plays it. In
`(0, 1)` the second peer is played by another runner than the first. The program of a case depends on the
pattern and the format of updates only, so one serves all castings of that pattern, and its JSON is written once.

The actors take *turns*, the first, the second and so on, round after round. In its turn an actor performs all that
needs no bytes which another is yet to make; where bytes of another go, its JSON has a hole. Many cases are performed at
the same time, so that an actor waits for its turn costs nothing, and it needs fewer of them for that.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.jsonio import dumps
from conformance.plan.finale import RELAY, RELAY_CLIENT, Demand, Step
from conformance.plan.script import OPERAND_KEYS, Script, parts, slots_of, write_script

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.model.vector import Case
    from conformance.plan.deliveries import Delivery

Pattern = tuple[int, ...]

# Marks a hole in the JSON text while it is cut; no vector can contain it. What is hardly in the text is found fastest.
_HOLE = "".join([chr(ord("A") + byte % 26) for byte in os.urandom(16)])
_HOLE_BYTES = _HOLE.encode()


@dataclass(frozen=True, slots=True)
class Chunk:
    """The steps of an actor in one turn.

    Attributes:
        pieces: JSON of the session after its number; between two of them, an empty place for the bytes of a slot.
        positions: the place of each step in the program.
        needs: the slots whose bytes go there, which another actor makes, in order.
        begin: whether the session begins here for this actor.
        end: whether it ends here.
        size: bytes of text.
    """

    actor: int
    pieces: tuple[bytes, ...]
    needs: tuple[str, ...]
    positions: Sequence[int]
    begin: bool
    end: bool
    size: int


@dataclass(frozen=True, slots=True)
class Program:
    """All that has to be sent and judged for one case in one pattern and format: a script, cast.

    Attributes:
        actors: place of a step -> actor.
        exported: place of a step -> the slot whose bytes another actor needs.
        turns: the chunks, one after the other.
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
    turns: tuple[Chunk, ...]


def compile_case(
    case: Case, pattern: Pattern, update_format: str, deliveries: Sequence[Delivery] = (), *, with_finale: bool = True
) -> Program:
    """The program of `case` for `pattern`, with all updates whose format the case leaves open in `update_format`.

    A varied case ends with `deliveries` in place of the finale.
    """
    return cast_script(write_script(case, update_format, deliveries, with_finale=with_finale), pattern)


def cast_script(script: Script, pattern: Pattern) -> Program:
    """The script with its peers played by the actors of a pattern."""
    case, steps = script.case, script.steps
    role = dict(zip(parts(case), pattern, strict=True))
    role.setdefault(RELAY, pattern[script.relay])
    role.update(dict.fromkeys(script.fresh, role[RELAY]))
    exported: Mapping[int, str] = {}
    if len(set(pattern)) == 1:
        actors = (pattern[0],) * len(steps)
        session = {**_head(case, _peers(script, role, pattern[0])), "steps": steps, "end": True}
        turns: tuple[Chunk, ...] = (_chunk(pattern[0], session, range(len(steps)), begin=True, end=True),)
    else:
        actors = tuple([role[step["peer"]] for step in steps])
        plan = _schedule(steps, actors)
        exported = plan.exported
        turns = _turns(script, role, actors, plan)
    return Program(
        case=case,
        pattern=pattern,
        format=script.format,
        steps=steps,
        demands=script.demands,
        tolerated=script.tolerated,
        deliveries=script.deliveries,
        actors=actors,
        exported=exported,
        turns=turns,
    )


# --- turns -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Schedule:
    """When each step is performed, and what travels.

    Attributes:
        turn_of: place of a step -> its turn, where each actor has one in every round.
        exported: place of a step -> the slot whose bytes another actor needs.
        imported: place of a step -> the slots that another actor makes, if any.
    """

    turn_of: Sequence[int]
    exported: Mapping[int, str]
    imported: Mapping[int, Sequence[str]]


def _schedule(steps: tuple[Step, ...], actors: tuple[int, ...]) -> _Schedule:
    made: dict[str, int] = {}
    everybody = max(actors) + 1
    reached = list(range(everybody))
    turn_of: list[int] = []
    exported: dict[int, str] = {}
    imported: dict[int, list[str]] = {}
    for place, (step, actor) in enumerate(zip(steps, actors, strict=True)):
        turn = reached[actor]
        if not OPERAND_KEYS.isdisjoint(step):
            for slot in slots_of(step):
                maker = made[slot]
                if actors[maker] != actor:
                    exported[maker] = slot
                    imported.setdefault(place, []).append(slot)
                    # What needs nobody is a turn of its own: it is performed also where another lacks a feature.
                    earliest = max(turn_of[maker], actor + everybody)
                    if earliest > turn:
                        turn = earliest + (actor - earliest) % everybody
            reached[actor] = turn
        turn_of.append(turn)
        if "as" in step:
            made[step["as"]] = place
    return _Schedule(turn_of, exported, imported)


def _turns(script: Script, role: Mapping[str, int], actors: tuple[int, ...], plan: _Schedule) -> tuple[Chunk, ...]:
    steps, imported = script.steps, plan.imported
    places_of: dict[int, list[int]] = {}
    for place, turn in enumerate(plan.turn_of):
        places_of.setdefault(turn, []).append(place)
    order = sorted(places_of)
    last = {actors[places_of[turn][0]]: turn for turn in order}
    first = {actors[places_of[turn][0]]: turn for turn in reversed(order)}
    chunks: list[Chunk] = []
    for turn in order:
        places = places_of[turn]
        actor = actors[places[0]]
        begin, end = first[actor] == turn, last[actor] == turn
        head = _head(script.case, _peers(script, role, actor)) if begin else {}
        body = [_with_holes(steps[place], imported[place]) if place in imported else steps[place] for place in places]
        chunks.append(_chunk(actor, {**head, "steps": body, "end": end}, tuple(places), begin=begin, end=end))
    return tuple(chunks)


def _chunk(actor: int, session: Mapping[str, Any], positions: Sequence[int], *, begin: bool, end: bool) -> Chunk:
    text = dumps(session)
    # Without the opening brace, before which the number goes.
    cut = text[1:].split(_HOLE_BYTES)
    needs = tuple([name.decode() for name in cut[1::2]])
    cut[1::2] = [b""] * len(needs)
    return Chunk(actor, tuple(cut), needs, positions, begin, end, len(text))


def _peers(script: Script, role: Mapping[str, int], actor: int) -> dict[str, Mapping[str, Any]]:
    """The peers that an actor plays, with their options."""
    case = script.case
    return {
        name: script.fresh.get(name) or _options(case, name)
        for name, player in role.items()
        if player == actor and _takes_part(case, name)
    }


def _head(case: Case, peers: Mapping[str, Any]) -> dict[str, Any]:
    """What a session begins with."""
    head = {"roots": case.roots, "peers": peers}
    return {**head, "wrap": True} if case.wrap else head


def _takes_part(case: Case, name: str) -> bool:
    return name != RELAY or case.verdict != "invalid"


def _options(case: Case, name: str) -> Mapping[str, Any]:
    return {"client": RELAY_CLIENT} if name == RELAY else case.peers[name]


def _with_holes(step: Step, foreign: Sequence[str]) -> Step:
    """The step with a hole in place of each operand that another actor makes."""
    return {key: _held(value, foreign) if key in OPERAND_KEYS else value for key, value in step.items()}


def _held(operand: Any, foreign: Sequence[str]) -> Any:
    if isinstance(operand, list):
        return [_held(each, foreign) for each in operand]
    return _hole(operand) if operand in foreign else operand


def _hole(slot: str) -> Mapping[str, str]:
    return {"base64": f"{_HOLE}{slot}{_HOLE}"}


def fill(chunk: Chunk, slots: Mapping[str, bytes]) -> tuple[bytes, ...]:
    """The chunk's JSON behind the number of its session, in pieces; `slots` are in base64.

    Raises:
        KeyError: a slot that it needs was never filled.
    """
    if not chunk.needs:
        return chunk.pieces
    pieces = list(chunk.pieces)
    pieces[1::2] = map(slots.__getitem__, chunk.needs)
    return tuple(pieces)


def closing(session: int) -> bytes:
    """The JSON that ends a session which has no more steps for an actor."""
    return f'{{"session":{session},"steps":[],"end":true}}'.encode()
