"""What came of a performance: differences, or a fault, or something that is not supported; and the story of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.model.value import digest

if TYPE_CHECKING:
    from conformance.scenario.casting import Cast
    from conformance.scenario.model import Scenario, Step
    from conformance.scenario.participant import Fault

DIFFERS, WAITED, REFUSED, UNDELIVERED, SPLIT = "differs", "waited", "refused", "undelivered", "split"
"""An answer is not as expected; it never became so; a step was refused; documents never got the same updates;
documents with the same updates show different content."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One difference. `place` counts the steps from 0; `who` is the participant that answered, if it was one."""

    place: int
    check: str
    step: Step
    who: str
    expected: Any
    observed: Any

    @property
    def signature(self) -> str:
        """What stays the same when the failure stays the same: the check, whose it is, and a digest of the answer.

        A state vector, an error's words and what an unfinished wait had seen change from run to run: they do not count.
        """
        name = self.step.get("as", self.step["op"])
        about = f"{self.check}:{self.who}.{name}" if self.who else f"{self.check}:{name}"
        return f"{about}:{digest(self.observed)}" if self.check == DIFFERS and "ok" in self.observed else about


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one performance ended.

    Attributes:
        missing: the participant and the feature that it lacks.
        situation: participant -> its state vector and state when something failed, as far as they could be had.
        timeline: see conformance/scenario/timeline.py.
        kept: the folder with logs and data, if it was kept.
    """

    scenario: Scenario
    cast: Cast
    failures: tuple[Failure, ...] = ()
    missing: tuple[str, str] | None = None
    fault: Fault | None = None
    situation: dict[str, Any] = field(default_factory=dict)
    timeline: list[list[object]] = field(default_factory=list)
    seconds: float = 0.0
    kept: str = ""

    @property
    def verdict(self) -> str:
        if self.missing is not None:
            return "unsupported"
        if self.fault is not None:
            return self.fault.kind
        return "fail" if self.failures else "pass"

    @property
    def signature(self) -> str:
        """The signatures of all failures, each once; of a fault its kind and whose it is."""
        parts = {failure.signature for failure in self.failures}
        if self.fault is not None:
            parts.add(f"{self.fault.kind}:{self.fault.participant}")
        return "+".join(sorted(parts))
