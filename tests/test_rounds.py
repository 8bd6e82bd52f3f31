"""Rounds of a measurement: until what is measured is sure, and no longer than that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.rounds import MOST, is_least, is_steady, rounds

if TYPE_CHECKING:
    from collections.abc import Sequence


def performed(costs: Sequence[float]) -> int:
    """How many of the costs are measured."""
    left = iter(costs)
    return len(rounds(lambda: next(left), is_least))


@pytest.mark.parametrize(
    ("costs", "expected"),
    [
        ([1.0, 1.01, 9.0, 1.0], 3),
        ([3.0, 1.0, 2.0, 1.5, 1.01, 1.0], 5),
        ([2.0**-place for place in range(2 * MOST)], MOST),
    ],
    ids=["at-once", "a-second-one-came-close", "never"],
)
def test_a_cost_is_sure_when_its_least_has_been_seen_twice(costs: Sequence[float], expected: int) -> None:
    assert performed(costs) == expected


def test_a_ratio_is_sure_when_most_turns_say_the_same() -> None:
    assert is_steady([1.20, 1.21, 1.20, 1.21, 1.19])
    assert not is_steady([1.20, 1.21, 1.20])
    assert not is_steady([1.20, 1.30, 1.25, 1.19, 1.33])
    assert is_steady([1.20, 1.21, 1.20, 1.19, 1.90, 1.21, 1.20])
