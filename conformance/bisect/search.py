"""The search: where in a row of releases something changes. Knows nothing about libraries.

A release may be no use (it cannot be installed, or lacks what the case needs); such are passed over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    IsLow = Callable[[int], bool | None]
    """Whether the release at that place is like the one at the lower end; None when it is no use."""


def boundary(low: int, high: int, is_low: IsLow) -> tuple[int, int]:
    """Two places between `low` and `high` of which the first is like `low` and the second is not.

    Between them are only places that are no use. `low` is taken to be so and `high` not; neither is looked at. Where
    the row changes more than once, one of the changes is found. Looks at about log2(high - low) places.
    """
    useless: set[int] = set()
    while open_places := [place for place in range(low + 1, high) if place not in useless]:
        place = min(open_places, key=lambda each: (abs(2 * each - low - high), each))
        answer = is_low(place)
        if answer is None:
            useless.add(place)
        elif answer:
            low = place
        else:
            high = place
    return low, high


def lowest_useful(low: int, high: int, is_useful: Callable[[int], bool]) -> int:
    """The first place that is of use, when all before it are not: old releases cannot be installed, or lack a feature.

    `high` is taken to be of use.
    """
    if is_useful(low):
        return low
    return boundary(low, high, lambda place: not is_useful(place))[1]
