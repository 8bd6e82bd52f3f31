"""What one implementation's program must do to show a failure: the needed steps only, and the bytes from others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.plan.finale import RELAY_CLIENT
from conformance.plan.script import slots_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.model.vector import Case

Step = dict[str, Any]

FUNCTIONS = frozenset({"merge", "diff", "update_state_vector", "convert"})  # they touch no document
READS = frozenset({"encode", "state_vector", "state", "pending"})  # they leave it as it is
LOOKS = frozenset(
    {"snapshot", "position", "observe", "events", "subdocs", "subdocs.observe", "subdocs.events"}
)  # they tell of it, and change nothing that others see
TRANSLATED = (
    FUNCTIONS | READS | {"apply", "transact", "undo.track", "undo", "redo", "subdocs.observe", "subdocs.events"}
)
"""Ops beside the local ones that at least one dialect has a source for."""


@dataclass(frozen=True, slots=True)
class Goal:
    """The answer that shows the failure.

    Attributes:
        place: of the step in the program.
        check: as in a failure's signature: state, state_vector, bytes, value, done, refused, accepted, panic, slot.
        expected, observed: as the judge gives them.
    """

    place: int
    check: str
    expected: Any
    observed: Any


@dataclass(frozen=True, slots=True)
class Part:
    """One program's share of a performance.

    Attributes:
        steps: in their order; local ops, exchanges and functions, up to the goal.
        goal: place in `steps` of the step whose answer is shown, or None when another implementation gave it.
        sent: slots that another implementation reads; the program prints them.
        received: slot -> base64 of what others made.
        peers: peer -> its options, of the peers that these steps need.
        rich: texts are shown as lists of chunks, since some have attributes or embeds.
        ascii: nothing but ASCII and no embed is known to stand in it, so that all libraries count offsets alike.
        note: where what is expected comes from, when no vector says it.
    """

    case: Case
    format: str
    steps: tuple[Step, ...]
    peers: Mapping[str, Mapping[str, Any]]
    goal: int | None
    failure: Goal | None
    sent: tuple[str, ...]
    received: Mapping[str, str]
    tolerated: frozenset[int]
    rich: bool
    ascii: bool
    note: str = ""

    @property
    def roots(self) -> Mapping[str, str]:
        return self.case.roots


def needed(steps: Sequence[Step], goal: int) -> list[int]:
    """Places of the steps without which the one at `goal` would answer otherwise, itself included."""
    places = [goal]
    peers = set() if steps[goal]["op"] in FUNCTIONS else {steps[goal]["peer"]}
    wanted = set(slots_of(steps[goal]))
    idle = FUNCTIONS | READS | (frozenset() if steps[goal]["op"] in LOOKS else LOOKS)
    for place in range(goal - 1, -1, -1):
        step = steps[place]
        fills = step.get("as") in wanted
        changes = step["op"] not in idle and step["peer"] in peers
        if not fills and not changes:
            continue
        places.append(place)
        wanted.update(slots_of(step))
        if step["op"] not in FUNCTIONS:
            peers.add(step["peer"])
    return sorted(places)


def share(
    case: Case,
    update_format: str,
    steps: Sequence[Step],
    actors: Sequence[int],
    actor: int,
    failure: Goal | None,
    slots: Mapping[str, str],
    tolerated: frozenset[int] = frozenset(),
    note: str = "",
) -> Part:
    """What `actor` plays of a performance.

    Args:
        steps, actors: of the whole program: its steps, and who performs each.
        failure: what is to be seen; None plays all steps, for a process that dies on the way.
        slots: base64 by slot, of all that was made.
        tolerated: places of steps that may be refused.
        note: where what is expected comes from.
    """
    places = _all_but_looks(steps) if failure is None else needed(steps, failure.place)
    own = [place for place in places if actors[place] == actor]
    made = {steps[place]["as"] for place in own if "as" in steps[place]}
    wanted = {slot for place in places if actors[place] != actor for slot in slots_of(steps[place])}
    read = [slot for place in own for slot in slots_of(steps[place])]
    goal = own.index(failure.place) if failure is not None and failure.place in own else None
    chosen = tuple(steps[place] for place in own)
    return Part(
        case=case,
        format=update_format,
        steps=chosen,
        peers=_peers(case, chosen),
        goal=goal,
        failure=failure,
        sent=tuple(dict.fromkeys(steps[place]["as"] for place in own if steps[place].get("as") in wanted)),
        received={slot: slots[slot] for slot in dict.fromkeys(read) if slot not in made and slot in slots},
        tolerated=frozenset(own.index(place) for place in tolerated if place in own),
        ascii=_is_ascii(case, steps),
        rich=_is_rich([chosen, failure.expected if failure else None, failure.observed if failure else None]),
        note=note,
    )


def _all_but_looks(steps: Sequence[Step]) -> list[int]:
    """Places of all steps except those that only look at a document: they are seldom to blame when a process dies."""
    used = {slot for step in steps for slot in slots_of(step)}
    looks = READS - {"encode"}
    return [place for place, step in enumerate(steps) if step["op"] not in looks or step.get("as") in used]


def _peers(case: Case, steps: Sequence[Step]) -> dict[str, Mapping[str, Any]]:
    names = dict.fromkeys(step["peer"] for step in steps if step["op"] not in FUNCTIONS)
    return {name: case.peers.get(name, {"client": RELAY_CLIENT}) for name in names}  # the relay is no peer of the case


def _is_rich(value: Any) -> bool:
    """Whether a text somewhere in it has attributes or embeds."""
    if isinstance(value, dict):
        if isinstance(value.get("op"), str) and value["op"] in ("text.embed", "text.format", "text.delta"):
            return True
        if value.get("op") == "text.insert" and "attributes" in value:
            return True
        if any(isinstance(value.get(tag), list) for tag in ("$text", "$xmltext")):
            return True
        return any(map(_is_rich, value.values()))
    return isinstance(value, list | tuple) and any(map(_is_rich, value))


def _is_ascii(case: Case, steps: Sequence[Step]) -> bool:
    return str([list(steps), case.expect]).isascii() and "$embed" not in str(case.expect)


def is_translated(case: Case) -> bool:
    """Whether all ops of a case are among those that dialects have a source for."""
    return all(op in TRANSLATED or op.split(".")[0] in ("text", "array", "map", "xml") for op in case.operations)
