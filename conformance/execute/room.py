"""How much is open at the same time."""

from __future__ import annotations

_LEAST = 16
_GROWTH = 1 / 3
_STEPS = 256  # of a session that takes one place: most have fewer, and long ones hold large documents


def places(steps: int) -> int:
    """The places that a session of so many steps takes."""
    return 1 + steps // _STEPS


class Room:
    """Places for as many sessions as keep all runners busy; fewer while runners break, which costs all that they hold.

    Halved at a break and one more for every three sessions that ended, as TCP finds its window (RFC 5681, 3.1): if one
    session in a hundred breaks a runner, from 33 to 67 are open, so each is begun less than twice on average.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0
        self.size: float = most

    @property
    def is_free(self) -> bool:
        """Whether one more session may begin."""
        return self._taken < self.size

    def take(self, places: int) -> None:
        self._taken += places

    def leave(self, places: int) -> None:
        self._taken -= places

    def narrow(self) -> None:
        """A runner broke, with all that is open now."""
        self.size = max(_LEAST, min(self.size, self._taken) / 2)

    def widen(self, ended: int) -> None:
        """So many sessions ended."""
        self.size = min(self._most, self.size + _GROWTH * ended)
