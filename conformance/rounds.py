"""Measurements on a machine that does other things too: how often work is repeated, and what is taken of it.

What else a machine does makes work dearer, never cheaper, so the least *cost* of several rounds is the work's own. It
is taken for that once a second round came close to it. For the *ratio* of two works that are done in turns, the least
of each may come from two different moments; what disturbs a turn disturbs both of its works, more or less. So that is
the median of the ratios, and it is steady once its standard error is small.
"""

from __future__ import annotations

import time
from statistics import quantiles
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")

FEWEST = 3
FEWEST_RATIOS = 5
"""Three are alike by chance too often."""
MOST = 12
LONGEST = 75.0
"""Seconds after which no round begins."""
CLOSE = 1.02
"""How near the second least must be to the least."""
STEADY = 0.01
"""The standard error of a median, as a part of it, at which it is sure."""


def rounds(perform: Callable[[], T], is_sure: Callable[[Sequence[T]], bool]) -> list[T]:
    """Perform the work until what came of it is sure, or often or long enough."""
    until = time.monotonic() + LONGEST
    done: list[T] = []
    while len(done) < FEWEST or (len(done) < MOST and time.monotonic() < until and not is_sure(done)):
        done.append(perform())
    return done


def is_least(costs: Sequence[float]) -> bool:
    """Whether the least cost has been seen twice."""
    least, second, *_ = sorted(costs)
    return second <= least * CLOSE


def is_steady(ratios: Sequence[float]) -> bool:
    """Whether the median would not be much another one after more rounds.

    Its standard error is 0.93 of the range of the middle half over the root of the number of rounds (of normally
    distributed ratios).
    """
    if len(ratios) < FEWEST_RATIOS:
        return False
    low, middle, high = quantiles(ratios, n=4, method="inclusive")
    error: float = 0.93 * (high - low) / len(ratios) ** 0.5
    return error <= STEADY * middle
