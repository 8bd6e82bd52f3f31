"""What a connection can suffer, as a scenario says it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.scenario.model import Step

DIRECTIONS = ("up", "down")
"""From the client to the server, and back."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What one direction of a client's connections suffers.

    Attributes:
        latency: milliseconds that bytes are on their way; `jitter` is added by chance, up to as many. Bytes stay in
            order, and latency alone does not limit how many pass in a second.
        bandwidth: bytes a second, 0 for no limit.
        chunk: bytes that arrive at once at most, 0 for as many as come.
        stall: nothing passes any more; a sender that goes on will have to wait. Healed, all passes.
        drop: bytes are swallowed, and the end of one side is hidden from the other: a half-open connection. It does
            not come back: when this is healed, it is reset.
        reset: the connection is reset.
        messages: WebSocket messages that pass before any of this begins, `after`: bytes that pass then. Both count
            from when the fault is set, or from the beginning of a connection that is opened later.
    """

    latency: float = 0
    jitter: float = 0
    bandwidth: float = 0
    chunk: int = 0
    stall: bool = False
    drop: bool = False
    reset: bool = False
    messages: int = 0
    after: int = 0


SOUND = Fault()


def fault_of(step: Step) -> Fault:
    """The fault that a step describes."""
    return Fault(**{part.name: step[part.name] for part in fields(Fault) if part.name in step})


def means(step: Step, client: str) -> bool:
    """Whether a step is about the connections of a client: `of` names them, and all are meant without it."""
    return client in step.get("of", (client,))


def directions_of(step: Step) -> tuple[str, ...]:
    """Those that a step names by `direction`: `up`, `down` or `both`, which is the default."""
    return DIRECTIONS if step.get("direction", "both") == "both" else (step["direction"],)


class Faults:
    """What connections suffer by what was said so far, also those that are opened later."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, str], Fault] = {}
        """Client, or "" for all, and direction -> what was said last."""

    def say(self, step: Step, fault: Fault) -> None:
        """A step sets `fault` in its directions, for its clients."""
        for direction in directions_of(step):
            if "of" not in step:
                self._said = {key: kept for key, kept in self._said.items() if key[1] != direction}
            for client in step.get("of", ("",)):
                self._said[client, direction] = fault

    def of(self, client: str, direction: str) -> Fault:
        """What a connection of a client suffers."""
        return self._said.get((client, direction), self._said.get(("", direction), SOUND))
