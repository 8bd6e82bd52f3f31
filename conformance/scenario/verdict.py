"""What came of a performance: differences, or a fault, or something that is not supported; and the story of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.model.value import digest
from conformance.scenario.notebook import differences
from conformance.scenario.timeline import short

if TYPE_CHECKING:
    from conformance.scenario.casting import Cast
    from conformance.scenario.model import Scenario, Step
    from conformance.scenario.participant import Fault

DIFFERS, WAITED, REFUSED, UNDELIVERED, SPLIT = "differs", "waited", "refused", "undelivered", "split"
"""An answer is not as expected; it never became so; a step was refused; documents never got the same updates;
documents with the same updates show different content."""

_SHOWN = 20  # differences of a notebook that are shown


@dataclass(frozen=True, slots=True)
class Failure:
    """One difference. `place` counts the steps from 0; `who` is the participant that answered, if it was one.

    `differs_in` tells the differences of a value of which more can be said than that it is another one.
    """

    place: int
    check: str
    step: Step
    who: str
    expected: Any
    observed: Any
    differs_in: tuple[str, ...] = ()

    @property
    def signatures(self) -> tuple[str, ...]:
        """What stays the same when the failure stays the same: the check, whose it is, and a digest of the answer.

        A state vector, an error's words and what an unfinished wait had seen change from run to run: they do not count.
        """
        name = self.step.get("as", self.step["op"])
        about = f"{self.check}:{self.who}.{name}" if self.who else f"{self.check}:{name}"
        if self.differs_in:
            return tuple(f"{about}:{difference}" for difference in self.differs_in)
        return (f"{about}:{digest(self.observed)}",) if self.check == DIFFERS and "ok" in self.observed else (about,)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one performance ended.

    Attributes:
        missing: the participant and the feature that it lacks.
        situation: participant -> its state vector and state when something failed, as far as they could be had.
        timeline: see conformance/scenario/timeline.py.
        kept: the folder with logs and data, if it was kept.
        item: which one of the corpus that the scenario is performed with; empty when there is none.
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
    item: str = ""

    @property
    def waited_in_vain(self) -> bool:
        """Whether nothing is wrong but that something did not come about in time, which a slow machine explains too."""
        if self.fault is not None:
            return self.fault.kind == "timeout" and not self.failures
        return all(failure.check in (WAITED, UNDELIVERED) for failure in self.failures)

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
        parts = {signature for failure in self.failures for signature in failure.signatures}
        if self.fault is not None:
            parts.add(f"{self.fault.kind}:{self.fault.participant}")
        return "+".join(sorted(parts))


def _is_notebook(demand: Any, answer: Any) -> bool:
    return "notebook" in demand and "at" not in demand and "ok" in answer


def difference(place: int, step: Step, who: str, demand: Any, answer: Any) -> Failure:
    """The failure of an answer that is not as demanded. Of notebooks it tells where they differ, and shows no more."""
    found = differences(demand["notebook"], answer["ok"]) if _is_notebook(demand, answer) else ()
    if not found:
        return Failure(place, DIFFERS, step, who, demand, answer)
    named = tuple(difference.what for difference in found)
    wanted = {difference.what: short(difference.wanted) for difference in found[:_SHOWN]}
    seen = {difference.what: short(difference.seen) for difference in found[:_SHOWN]}
    return Failure(place, DIFFERS, step, who, wanted, {"ok": seen}, named)
