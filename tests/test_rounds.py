"""Rounds of a measurement: until the least is sure, and no longer than that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.rounds import MOST, rounds

if TYPE_CHECKING:
    from collections.abc import Sequence


@pytest.mark.parametrize(
    ("costs", "performed"),
    [
        ([1.0, 1.01, 9.0, 1.0], 3),
        ([3.0, 1.0, 2.0, 1.5, 1.01, 1.0], 5),
        ([2.0**-place for place in range(2 * MOST)], MOST),
    ],
    ids=["at-once", "a-second-one-came-close", "never"],
)
def test_rounds_end_when_the_least_has_been_seen_twice(costs: Sequence[float], performed: int) -> None:
    left = iter(costs)
    assert len(rounds(lambda: next(left), lambda cost: (cost,))) == performed
