"""What was seen of a case: the parts of its signature, and when two signatures stand for the same failure.

A signature here names checks, implementations and kinds of roots, and no content or names, since these change while a
case is minimised or scrubbed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.execute.session import Outcome
    from conformance.judge.judge import Verdict

_VALUES = ("state", "state_vector", "value", "awareness", "bytes", "agree", "structs")
_STAGES = ("resynced", "delivered", "relay", "steps", "")
_CHANGING = re.compile(r"[\"'`][^\"'`]*[\"'`]|0x[0-9a-f]+|\d+|[^\x20-\x7e]+", re.IGNORECASE)
_LONGEST = 60  # characters of a message that tell one fault from another


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """One thing that is wrong.

    Attributes:
        check: state, state_vector, value, agree, refused, panic, crash, ...
        what: the op and the constant part of a message, where something was refused or broke; what disagrees.
        stage: of the finale, for what was read there.
        who: the implementations at fault in one group, or the groups that disagree, each sorted.
        roots: the kinds of the roots in which states differ, sorted.
    """

    check: str
    what: str
    stage: str
    who: tuple[tuple[str, ...], ...]
    roots: tuple[str, ...] = ()

    def __str__(self) -> str:
        groups = "|".join(",".join(group) for group in self.who)
        roots = f"[{','.join(self.roots)}]" if self.roots else ""
        check = ":".join(filter(None, (self.stage, self.check, self.what)))
        return ":".join(filter(None, (check + roots, groups)))

    @property
    def rank(self) -> tuple[bool, int, int, Part]:
        """What is told first: what broke, then what stays wrong, then what is wrong on the way."""
        if self.check not in _VALUES:
            return False, 0, 0, self
        stage = _STAGES.index(self.stage) if self.stage in _STAGES else len(_STAGES)
        return True, stage, _VALUES.index(self.check), self


@dataclass(frozen=True, slots=True)
class Seen:
    """What all performances of one case showed; `outcomes` and `verdicts` are those of the worlds, in their order."""

    parts: frozenset[Part]
    outcomes: tuple[Outcome, ...] = ()
    verdicts: tuple[Verdict, ...] = ()

    @property
    def signature(self) -> str:
        """All parts in a fixed order; empty when nothing is wrong."""
        return "+".join(map(str, sorted(self.parts)))

    @property
    def main(self) -> Part:
        """The part that must stay. Raises ValueError when nothing is wrong."""
        return min(self.parts, key=lambda part: part.rank)


def alike(wanted: Seen, apart: Sequence[str] = ()) -> Callable[[Seen], bool]:
    """Whether something shows the failure of `wanted`: its main part, and nothing that `wanted` has not.

    Fewer implementations may be left in a group, and groups may be missing while two are left: peers and worlds go. So
    may roots of one kind, when states differ in several. Two implementations that are `apart` stay in two groups.
    """
    main = wanted.main

    def is_main(part: Part) -> bool:
        return part.stage == main.stage and _restricts(part, main) and parted(part, apart)

    def shows(seen: Seen) -> bool:
        return any(map(is_main, seen.parts)) and all(
            any(_restricts(part, other) for other in wanted.parts) for part in seen.parts
        )

    return shows


def parted(part: Part, apart: Sequence[str]) -> bool:
    """Whether two implementations stand in two groups of a part; nobody stands in none."""
    if not apart:
        return True
    one, other = apart
    return any(one in group and other in beside for group, beside in permutations(part.who, 2))


def _restricts(part: Part, whole: Part) -> bool:
    """Whether a part says, of some implementations, what another one says of these and more."""
    if (part.check, part.what) != (whole.check, whole.what) or not set(part.roots) <= set(whole.roots):
        return False
    if len(part.who) == len(whole.who) == 1:
        return set(part.who[0]) <= set(whole.who[0])
    if len(part.who) < 2 or len(part.who) > len(whole.who):
        return False
    groups = [frozenset(group) for group in part.who]
    return any(
        all(group <= frozenset(other) for group, other in zip(groups, chosen, strict=True))
        for chosen in permutations(whole.who, len(groups))
    )


def groups(names: Sequence[tuple[str, bytes]]) -> tuple[tuple[str, ...], ...]:
    """Names that have the same answer, group by group, sorted."""
    found: dict[bytes, set[str]] = {}
    for name, answer in names:
        found.setdefault(answer, set()).add(name)
    return tuple(sorted(tuple(sorted(group)) for group in found.values()))


def constant(message: str) -> str:
    """A message without what changes from case to case: numbers, quotations, what is not ASCII."""
    lines = message.splitlines()
    return " ".join(_CHANGING.sub(" ", lines[0] if lines else "").split())[:_LONGEST].replace(":", "").strip()
