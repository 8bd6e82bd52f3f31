"""The least cost of some work, on a machine that does other things too.

What else a machine does makes work dearer, never cheaper, so the least of several rounds is the work's own cost. It is
taken for that once a second round came close to it: a machine that was disturbed in all rounds says so by going on.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")

FEWEST = 3
MOST = 12
LONGEST = 75.0
"""Seconds after which no round begins."""
CLOSE = 1.02
"""How near the second least must be to the least."""


def rounds(perform: Callable[[], T], costs: Callable[[T], Sequence[float]]) -> list[T]:
    """Perform the work until each of its costs has been seen at its least twice, or often or long enough."""
    until = time.monotonic() + LONGEST
    done: list[T] = []
    while len(done) < FEWEST or (
        len(done) < MOST and time.monotonic() < until and not _is_steady([costs(each) for each in done])
    ):
        done.append(perform())
    return done


def _is_steady(seen: Sequence[Sequence[float]]) -> bool:
    for cost in zip(*seen, strict=True):
        least, second, *_ = sorted(cost)
        if second > least * CLOSE:
            return False
    return True
