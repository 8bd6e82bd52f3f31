"""Awareness of pycrdt, on a clock that stands still until it is told to advance."""

from __future__ import annotations

import sys
from typing import Any, Generator

_STEP = 10
"""The library looks for silent clients this often in its timeout."""


class _Pause:
    """Awaited in place of the library's sleep: gives control back until it is resumed."""

    def __await__(self) -> Generator[None, None, None]:
        yield


class Awareness:
    """The pycrdt.Awareness of one document."""

    def __init__(self, library: Any, doc: Any) -> None:
        self._library = library
        self._awareness = awareness = library.Awareness(doc)
        self._events: list[dict[str, list[int]]] = []
        if hasattr(awareness, "observe"):
            awareness.observe(self._note)
        self._now = self._begun()
        awareness._get_time = lambda: self._now
        self._period = getattr(awareness, "_outdated_timeout", 30000) // _STEP
        self._due = self._now + self._period

    def set(self, state: Any) -> None:
        self._awareness.set_local_state(state)

    def encode(self, clients: list[int] | None) -> bytes:
        known = list(self._awareness.states) if clients is None else clients
        return bytes(self._awareness.encode_awareness_update(known))

    def apply(self, update: bytes) -> None:
        self._awareness.apply_awareness_update(update, "remote")

    def remove(self, clients: list[int]) -> None:
        self._awareness.remove_awareness_states(clients, "remote")

    def states(self) -> dict[str, Any]:
        return {str(client): state for client, state in self._awareness.states.items()}

    def take(self) -> list[dict[str, list[int]]]:
        taken, self._events = self._events, []
        return taken

    def advance(self, milliseconds: int) -> None:
        """Runs the library's own loop, whose sleeps end when their time has come on this clock."""
        end = self._now + milliseconds
        module: Any = sys.modules[type(self._awareness).__module__]
        sleep = module.sleep
        module.sleep = lambda _seconds: _Pause()
        loop = self._awareness._start()
        try:
            loop.send(None)
            while self._due <= end:
                self._now = self._due
                self._due += self._period
                loop.send(None)
        finally:
            loop.close()
            module.sleep = sleep
        self._now = end

    def _begun(self) -> int:
        """The time at which the library noted its first state."""
        meta = self._awareness.meta.get(self._awareness.client_id, {})
        return int(meta.get("lastUpdated", 0))

    def _note(self, topic: str, told: Any) -> None:
        if topic == "update":
            changes = told[0]
            self._events.append({kind: sorted(changes[kind]) for kind in ("added", "updated", "removed")})
