"""The search: rounds of candidates that are tried together, until no edit of any pass is good any more.

The result does not depend on how fast anything is, unless the time runs out: candidates, their order and what is taken
of the good ones follow from the case alone. Every step makes the case smaller, so the search ends.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from conformance.jsonio import dumps
from conformance.minimize.edit import apply, joined
from conformance.minimize.passes import PASSES
from conformance.minimize.raw import raw_updates, waits_for_nothing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from conformance.minimize.edit import Edit
    from conformance.minimize.passes import Pass
    from conformance.model.vector import Case

Shows: TypeAlias = "Callable[[Sequence[Case]], Sequence[bool]]"
"""Whether each of some cases still shows the failure."""

_BYTES_A_ROUND = 8 << 20  # of JSON, so that a large case does not take all memory many times over


@dataclass(frozen=True, slots=True)
class Budget:
    """Bounds of a search. What is reached when one is met is kept.

    Attributes:
        seconds: of wall time.
        candidates: that are tried.
        width: candidates in a round.
    """

    seconds: float = 120.0
    candidates: int = 50_000
    width: int = 64


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a search stands: the pass, how much it tried, and the best case so far."""

    doing: str
    tried: int
    best: Case


@dataclass(frozen=True, slots=True)
class Minimum:
    """What a search found; `complete` where it is a local minimum, and not what was reached when a bound was met."""

    case: Case
    tried: int
    complete: bool


class OutOfBudgetError(Exception):
    """A bound was met."""


def minimize(
    case: Case,
    shows: Shows,
    budget: Budget | None = None,
    report: Callable[[Progress], None] | None = None,
    passes: Sequence[Pass] = PASSES,
) -> Case:
    """The smallest case that was found which still shows what `case` shows.

    It is a local minimum: no edit of any pass makes it smaller and still shows it, unless the budget ran out. `shows`
    is not asked about `case` itself. An interrupt (KeyboardInterrupt) passes through; `report` has seen the best.
    """
    return search(case, shows, budget, report, passes).case


def search(
    case: Case,
    shows: Shows,
    budget: Budget | None = None,
    report: Callable[[Progress], None] | None = None,
    passes: Sequence[Pass] = PASSES,
) -> Minimum:
    """As `minimize`, and how it ended."""
    state = _Search(case, shows, budget or Budget(), report)
    try:
        while sum(state.run(each) for each in passes):
            pass
    except OutOfBudgetError:
        return Minimum(state.best, state.tried, complete=False)
    return Minimum(state.best, state.tried, complete=True)


def cost(case: Case) -> tuple[Any, ...]:
    """What makes one case smaller than another: ops, peers, bytes of updates, characters, then their order."""
    text = dumps([case.roots, case.peers, case.steps, case.expect])
    ops = sum(1 + len(step.get("steps", ())) for step in case.steps)
    data = [raw.data for raw in raw_updates(case.steps)]
    return ops, len(case.peers), sum(map(len, data)), len(text), data, text


class _Search:
    def __init__(self, case: Case, shows: Shows, budget: Budget, report: Callable[[Progress], None] | None) -> None:
        self.best = case
        self._shows = shows
        self._budget = budget
        self._report = report
        self._started = time.monotonic()
        self.tried = 0
        self._whole = waits_for_nothing(case.steps)
        self._refused: set[bytes] = set()
        self._doing = ""

    def run(self, reduction: Pass) -> bool:
        """One pass over the best case; whether it became smaller."""
        self._doing = reduction.name
        before = self.best
        if reduction.chunks:
            size = len(list(reduction.atoms(self.best))) // 2
            while size > 1:
                atoms = list(reduction.atoms(self.best))
                self._take([joined(atoms[at : at + size]) for at in range(0, len(atoms), size)])
                size //= 2
        self._take(list(reduction.atoms(self.best)))
        return self.best is not before

    def _take(self, edits: Sequence[Edit]) -> None:
        """Try edits of the best case, and make as many of the good ones as go together."""
        base, taken = self.best, dict[tuple[Any, ...], Any]()
        for batch in self._rounds(edits, base):
            good = [edit for edit, shown in self._tries(base, [joined([taken, edit]) for edit in batch]) if shown]
            taken = self._together(base, taken, good)

    def _rounds(self, edits: Sequence[Edit], base: Case) -> Iterator[Sequence[Edit]]:
        width = max(2, min(self._budget.width, _BYTES_A_ROUND // max(1, len(dumps(base.steps)))))
        for at in range(0, len(edits), width):
            yield edits[at : at + width]

    def _together(
        self, base: Case, taken: dict[tuple[Any, ...], Any], good: Sequence[Edit]
    ) -> dict[tuple[Any, ...], Any]:
        """Each of `good` is good by itself: take the longest beginning of them that is good, then of the rest."""
        alone = True
        while good:
            sizes = list(dict.fromkeys((len(good), *(len(good) * part // 8 for part in (6, 4, 2, 1)), 1)))
            unions = [joined([taken, *good[:size]]) for size in sizes if size > 0]
            sizes = [size for size in sizes if size > 0]
            known = alone and len(good) == 1
            shown = [True] if known else [each for _, each in self._tries(base, unions)]
            size = next((size for size, each in zip(sizes, shown, strict=True) if each), 0)
            if size:
                taken = unions[sizes.index(size)]
                self._accept(base, taken)
            good = good[max(size, 1) :]
            alone = False
        return taken

    def _accept(self, base: Case, edit: Edit) -> None:
        case = self._edited(base, edit)
        if case is not None and cost(case) < cost(self.best):
            self.best = case
            self._tell()

    def _edited(self, base: Case, edit: Edit) -> Case | None:
        """The case with an edit. One whose bytes wait for nothing is never cut so that something waits for good.

        Implementations may differ in what they show while something waits, so it would be another failure.
        """
        case = apply(base, edit)
        return case if case is None or not self._whole or waits_for_nothing(case.steps) else None

    def _tries(self, base: Case, edits: Sequence[Edit]) -> list[tuple[Edit, bool]]:
        """Each edit, and whether the case with it is smaller than the best and still shows the failure."""
        least = cost(self.best)
        cases: dict[bytes, Case] = {}
        keys: list[bytes | None] = []
        for edit in edits:
            case = self._edited(base, edit)
            smaller = case is not None and (key := cost(case)) < least
            keys.append(key[-1] if case is not None and smaller else None)
            if case is not None and smaller and key[-1] not in self._refused:
                cases[key[-1]] = case
        good = self._ask(cases)
        return [(edit, key in good) for edit, key in zip(edits, keys, strict=True)]

    def _ask(self, cases: Mapping[bytes, Case]) -> set[bytes]:
        if not cases:
            return set()
        if self.tried + len(cases) > self._budget.candidates:
            raise OutOfBudgetError
        if time.monotonic() - self._started > self._budget.seconds:
            raise OutOfBudgetError
        shown = self._shows(list(cases.values()))
        self.tried += len(cases)
        self._tell()
        good = {key for key, each in zip(cases, shown, strict=True) if each}
        self._refused.update(cases.keys() - good)
        return good

    def _tell(self) -> None:
        if self._report is not None:
            self._report(Progress(self._doing, self.tried, self.best))
