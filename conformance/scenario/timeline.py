"""What each participant did, sent, received and saw, in the order in which it happened."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.scenario.model import Step
    from conformance.scenario.participant import Answer

MOST = 400  # events that a record keeps: the first half and the last


@dataclass(frozen=True, slots=True)
class Event:
    """`at` is in milliseconds since the performance began; `kind` is did, saw, sent, received or note."""

    at: float
    who: str
    kind: str
    what: str

    def as_json(self) -> list[object]:
        return [round(self.at, 1), self.who, self.kind, self.what]


@dataclass(slots=True)
class Timeline:
    """The events of one performance."""

    started: float = field(default_factory=time.monotonic)
    events: list[Event] = field(default_factory=list)

    def add(self, who: str, kind: str, what: str) -> None:
        self.events.append(Event((time.monotonic() - self.started) * 1000, who, kind, what))

    def as_json(self) -> list[list[object]]:
        """All events; of a long story the beginning and the end."""
        events = [event.as_json() for event in self.events]
        if len(events) <= MOST:
            return events
        left_out = [events[MOST // 2][0], "", "note", f"{len(events) - MOST} events are left out"]
        return [*events[: MOST // 2], left_out, *events[-MOST // 2 :]]


def short(value: object, widest: int = 160) -> str:
    """A value as one line of JSON, cut."""
    from conformance.jsonio import dumps

    text = dumps(value).decode()
    return text if len(text) <= widest else text[: widest - 3] + "..."


def told(step: Step, answer: Answer) -> tuple[str, str]:
    """A step and its answer as an event."""
    named = {key: value for key, value in step.items() if key not in ("by", "op", "expect", "until", "as", "title")}
    did = f"{step['op']} {short(named)}" if named else str(step["op"])
    if answer.get("ok") is not None:
        return "saw", f"{did}: {short(answer['ok'])}"
    if "error" in answer:
        return "did", f"{did}: {answer['error']['kind']}: {answer['error']['message'][:160]}"
    return "did", did
