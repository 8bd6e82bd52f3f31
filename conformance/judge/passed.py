"""Answers that met every demand of a script, so that the same ones need no second look.

The castings of a case mostly end alike: what is judged in full is the first of them, and whatever is new.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from conformance.judge.decoded import STATE_VECTORS, decoded_state_vector
from conformance.model.value import Value, project, quick_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.execute.session import Answer
    from conformance.plan.finale import Demand
    from conformance.plan.program import Program

Key = tuple[object, ...]
_Group = tuple["Callable[[Sequence[Value]], bool]", "Sequence[int]"]

_SCRIPTS = 512


class Seen:
    """The demands of one script, apart from those of structs, and the answers that met them.

    Attributes:
        structs: a demand of structs with its place and that of the step which made the update that was given.
    """

    __slots__ = ("_groups", "_places", "_relevant", "demands", "passed", "structs")

    def __init__(self, program: Program) -> None:
        self.demands = program.demands
        self.passed: set[Key] = set()
        self._places = [place for place, demand in program.demands if demand.check != "structs"]
        self._groups = _groups(program)
        self._relevant: dict[tuple[str, ...], tuple[str, ...]] = {(): ()}
        self.structs: list[tuple[int, Demand, int]] = [
            (place, demand, source_of(program, place, demand))
            for place, demand in program.demands
            if demand.check == "structs"
        ]

    def agrees(self, answers: Sequence[Answer | None]) -> bool:
        """Whether nothing but agreement is demanded, and answers that are all ok agree without any projection."""
        return bool(self._groups) and all(
            alike([answers[place]["ok"] for place in places])  # type: ignore[index]
            for alike, places in self._groups
        )

    def key(self, program: Program, lossy: tuple[tuple[str, ...], ...], answers: Sequence[Answer | None]) -> Key:
        """What the verdict on answers that are all ok depends on."""
        observed = quick_bytes([answers[place]["ok"] for place in self._places])  # type: ignore[index]
        relevant = tuple([self.relevant(of_player) for of_player in lossy])
        pattern = program.pattern if any(relevant) else ()
        return pattern, relevant, blake2b(observed, digest_size=16).digest()

    def relevant(self, lossy: tuple[str, ...]) -> tuple[str, ...]:
        """The projections, or none where they leave everything that is demanded as it is: most do."""
        if lossy not in self._relevant:
            states = {
                id(view["state"]): view["state"]
                for _, demand in self.demands
                for view in demand.expected
                if "state" in view
            }
            alike = all(quick_bytes(project(state, lossy)) == quick_bytes(state) for state in states.values())
            agree = any(demand.check == "agree" for _, demand in self.demands)
            self._relevant[lossy] = () if alike and not agree else lossy
        return self._relevant[lossy]


def _groups(program: Program) -> Sequence[_Group]:
    """The places of each group that must agree; none where something else is demanded of an answer too."""
    groups: dict[str, list[int]] = {}
    for place, demand in program.demands:
        if demand.check == "agree":
            groups.setdefault(demand.expected[0]["group"], []).append(place)
        elif demand.check != "structs":
            return ()
    ops = {group: {program.steps[place]["op"] for place in places} for group, places in groups.items()}
    return [(_vectors_alike if ops[group] <= STATE_VECTORS else _alike, places) for group, places in groups.items()]


def _alike(answers: Sequence[Value]) -> bool:
    return len({quick_bytes(answer) for answer in answers}) == 1


def _vectors_alike(answers: Sequence[Value]) -> bool:
    """Whether state vectors say the same, in whatever order."""
    first = answers[0]
    said = decoded_state_vector(first)
    return said is not None and all(answer == first or decoded_state_vector(answer) == said for answer in answers)


def source_of(program: Program, place: int, demand: Demand) -> int:
    """The place of the step that filled the slot which a demand of structs names."""
    slot = demand.expected[0]["of"]
    return next(at for at in reversed(range(place)) if program.steps[at].get("as") == slot)


class Memory:
    """What was seen of the scripts at hand: outcomes come more or less in the order of the cases."""

    def __init__(self) -> None:
        # The id of the demands, which are kept with what was seen: so it names no others.
        self._seen: dict[int, Seen] = {}

    def of(self, program: Program) -> Seen:
        seen = self._seen.get(id(program.demands))
        if seen is None:
            if len(self._seen) == _SCRIPTS:
                del self._seen[next(iter(self._seen))]
            seen = self._seen[id(program.demands)] = Seen(program)
        return seen
