"""Cases that break implementations, and are performed alone: each further break would cost the sessions beside them.

What is said of a case is said of all that are made from the same vector.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from conformance.model.vector import origin_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from conformance.plan.casting import Performance


class Danger:
    """Which implementations broke over which cases, by ids, or are known to."""

    def __init__(self) -> None:
        self._broken: defaultdict[str, set[int]] = defaultdict(set)
        self._hanging: defaultdict[str, set[int]] = defaultdict(set)

    def expect(self, hanging: Mapping[str, Collection[int]]) -> None:
        """Cases that implementations are known not to end."""
        for case, players in hanging.items():
            for player in players:
                self.broke(case, player, hangs=True)

    def broke(self, case: str, implementation: int, *, hangs: bool = False) -> None:
        """Note who broke over a case; `hangs`, if it did not end it."""
        self._broken[origin_of(case)].add(implementation)
        if hangs:
            self._hanging[origin_of(case)].add(implementation)

    def concerns(self, performance: Performance) -> bool:
        """Whether one who plays in it broke over its case before, or will."""
        broken = self._broken.get(performance.program.case.origin)
        return broken is not None and not broken.isdisjoint(performance.players)

    def hangs(self, case: str, implementation: int) -> bool:
        """Whether an implementation did not end a case, or is known not to: it is not waited for as long again."""
        return implementation in self._hanging.get(origin_of(case), ())
