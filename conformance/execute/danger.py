"""Cases that break implementations, and are performed alone: each further break would cost the sessions beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from conformance.plan.casting import Performance


class Danger:
    """Which implementations broke over which cases, by ids, or are known to."""

    def __init__(self) -> None:
        self._broken: dict[str, set[int]] = {}
        self._hanging: Mapping[str, Collection[int]] = {}

    def expect(self, hanging: Mapping[str, Collection[int]]) -> None:
        """Cases that implementations are known not to end."""
        self._hanging = hanging
        for case, players in hanging.items():
            self._broken.setdefault(case, set()).update(players)

    def broke(self, case: str, implementation: int) -> None:
        self._broken.setdefault(case, set()).add(implementation)

    def concerns(self, performance: Performance) -> bool:
        """Whether one who plays in it broke over its case before, or will."""
        broken = self._broken.get(performance.program.case.id)
        return broken is not None and not broken.isdisjoint(performance.players)

    def hangs(self, case: str, implementation: int) -> bool:
        """Whether an implementation is known not to end a case."""
        return implementation in self._hanging.get(case, ())
