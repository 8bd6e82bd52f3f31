"""Chance that is the same on every machine.

`random.Random.random` and its seeding by text are the two that Python promises to keep
(https://docs.python.org/3/library/random.html#notes-on-reproducibility); everything here is made of them.
"""

from __future__ import annotations

import random
from bisect import bisect
from itertools import accumulate
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

T = TypeVar("T")


class Chance:
    """Draws from one seed."""

    __slots__ = ("draw",)

    def __init__(self, seed: str) -> None:
        self.draw = random.Random(seed).random
        """A float from 0 up to 1."""

    def below(self, count: int) -> int:
        """A whole number from 0 up to `count`, which is at most 2^32."""
        return int(self.draw() * count)

    def pick(self, items: Sequence[T]) -> T:
        return items[int(self.draw() * len(items))]

    def happens(self, probability: float) -> bool:
        return self.draw() < probability


class Weighted(Generic[T]):
    """Items that come as often as their weights say."""

    __slots__ = ("_bounds", "_items", "_total")

    def __init__(self, weights: Mapping[T, float]) -> None:
        """`weights` are above 0; at least one."""
        self._items = tuple(weights)
        *self._bounds, self._total = accumulate(weights.values())

    def pick(self, chance: Chance) -> T:
        return self._items[bisect(self._bounds, chance.draw() * self._total)]
