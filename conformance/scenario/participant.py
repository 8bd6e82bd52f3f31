"""Participants: who performs the steps of a scenario."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.scenario.model import Step
    from conformance.scenario.network import MakeNet
    from conformance.scenario.pool import Runners
    from conformance.scenario.timeline import Timeline

Answer = dict[str, Any]
"""`{"ok": value}`, `{"error": {"kind", "message"}}` or `{"unsupported": feature}`, as in runners/PROTOCOL.md."""

TIMEOUT = "timeout"
"""The kind of an error of a part that waited in vain for what it is made of, such as a browser."""


class Fault(Exception):  # noqa: N818 - a result
    """A participant broke its contract. `kind` is the verdict: crash, timeout or protocol."""

    def __init__(self, participant: str, kind: str, message: str, stderr: str = "") -> None:
        super().__init__(f"{participant}: {message}")
        self.participant = participant
        self.kind = kind
        self.message = message
        self.stderr = stderr


class Missing(Exception):  # noqa: N818 - a result
    """A participant lacks a feature that the scenario needs."""

    def __init__(self, participant: str, feature: str) -> None:
        super().__init__(participant, feature)
        self.participant = participant
        self.feature = feature


class Participant(Protocol):
    """One role of one performance, as it is played."""

    async def perform(self, step: Step) -> Answer:
        """Perform a step whose slots are filled. Raises Fault."""

    async def close(self) -> None:
        """Let go of everything; called once, also after a Fault."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What the participants of a performance share.

    Attributes:
        folder: theirs alone; relative paths in steps start here. A role's own files are in the folder of its name.
        roots: root name -> kind, of all documents.
        deadline: seconds in which a step must be answered.
        seed: of what happens by chance, such as when a process is killed.
        runners: the processes that play roles.
        net: makes the network.
    """

    folder: Path
    roots: dict[str, str]
    timeline: Timeline
    deadline: float
    seed: int
    runners: Runners
    net: MakeNet


def ok(value: Any = None) -> Answer:
    return {"ok": value}


def failed(kind: str, message: str) -> Answer:
    return {"error": {"kind": kind, "message": message}}
