"""How many sessions are open at the same time."""

from __future__ import annotations

_LEAST = 16
_GROWTH = 1 / 3


class Room:
    """As many as keep all runners busy; fewer while runners break, since a break costs every session that one holds.

    Halved at a break and one more for every three sessions that ended, as TCP finds its window (RFC 5681, 3.1): if one
    session in a hundred breaks a runner, from 33 to 67 are open, so each is begun less than twice on average.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.size: float = most

    def narrow(self, held: int) -> None:
        """A runner broke when so many sessions were open."""
        self.size = max(_LEAST, min(self.size, held) / 2)

    def widen(self, ended: int) -> None:
        """So many sessions ended."""
        self.size = min(self._most, self.size + _GROWTH * ended)
