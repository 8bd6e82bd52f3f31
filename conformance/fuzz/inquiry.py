"""Who is odd: a failed program is performed by every implementation alone and by every pair, and that says it.

A random cast shows that two sides part, not on which side the fault is. Performed by all pairs, those that behave
alike fail with the same partners. Each symptom is looked at by itself: that one of them dies of the program says
nothing about where the others part.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Cast = tuple[int, ...]
ALONE, AGAINST = " alone", " against "


@dataclass(slots=True)
class Inquiry:
    """The performances that one failed program is tried in: for each symptom, those in which it showed."""

    players: Sequence[int]
    size: int
    waiting: int = 0
    failing: dict[str, set[frozenset[int]]] = field(default_factory=dict)

    def casts(self) -> Iterator[Cast]:
        """Everybody alone, then every two taking turns."""
        for player in self.players:
            yield (player,) * self.size
        for pair in combinations(self.players, 2) if self.size > 1 else ():
            yield tuple(pair[part % 2] for part in range(self.size))

    def showed(self, symptom: str, players: Sequence[int]) -> None:
        """Note a symptom of a performance by one implementation or two."""
        self.failing.setdefault(symptom, set()).add(frozenset(players))

    def sides(self, labels: Sequence[str]) -> dict[str, str]:
        """Symptom -> who is odd."""
        return {symptom: self._odd(failing, labels) for symptom, failing in self.failing.items()}

    def _odd(self, failing: set[frozenset[int]], labels: Sequence[str]) -> str:
        """Those that are odd: `yjs14`, `yrs alone` or `yjs,yjs14 against pycrdt,yrs`; empty if no pair failed."""
        alone = {player for player in self.players if frozenset((player,)) in failing}
        partners = {
            player: frozenset(other for other in self.players if frozenset((player, other)) in failing)
            for player in self.players
        }
        if alone:
            return f"{_named(alone, labels)}{ALONE}"
        groups: dict[frozenset[int], set[int]] = {}
        for player, failing_with in partners.items():
            if failing_with:
                groups.setdefault(failing_with, set()).add(player)
        if not groups:
            return ""
        against, odd = min(groups.items(), key=lambda item: (len(item[1]), -len(item[0]), _named(item[1], labels)))
        is_plain = against == set(self.players) - odd and len(odd) < len(against)
        return _named(odd, labels) + ("" if is_plain else f"{AGAINST}{_named(against, labels)}")


def _named(players: set[int] | frozenset[int], labels: Sequence[str]) -> str:
    return ",".join(sorted(labels[player] for player in players))


def with_everybody(odd: str) -> tuple[str, ...]:
    """Those that fail alone, or with everybody else."""
    return () if not odd or AGAINST in odd else tuple(odd.removesuffix(ALONE).split(","))
