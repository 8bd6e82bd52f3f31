"""One attempt at one performance: where it stands, and what was answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.plan.program import Chunk, closing, fill

if TYPE_CHECKING:
    from conformance.execute.worker import Worker
    from conformance.plan.casting import Performance

Answer = dict[str, Any]

DONE: Answer = {"ok": None}
"""What `null` is short for in a line of answers."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a performance could not be finished: the verdict, the number of the implementation at fault, its words."""

    kind: str
    implementation: int
    message: str
    stderr: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a performance showed.

    Attributes:
        answers: place of a step -> its answer; None where it was not reached.
        done: every step was reached and answered ok, so that no answer needs to be looked at for its kind.
    """

    performance: Performance
    answers: list[Answer | None]
    fault: Fault | None
    done: bool = False


def _ends_session(answer: Answer) -> bool:
    return "unsupported" in answer or ("error" in answer and answer["error"].get("kind") in ("panic", "runner"))


class Session:
    """The state of one attempt; `workers` plays the actors of the program, in their order."""

    __slots__ = (
        "alone",
        "answers",
        "dropped",
        "number",
        "performance",
        "phase",
        "reached",
        "slots",
        "unanswered",
        "workers",
    )

    def __init__(self, number: int, performance: Performance, workers: tuple[Worker, ...], *, alone: bool) -> None:
        self.number = number
        self.performance = performance
        self.workers = workers
        self.alone = alone
        self.dropped = False
        self.phase = -1
        self.unanswered = 0
        self.reached = 0  # steps that were answered ok
        self.slots: dict[str, str] = {}
        self.answers: list[Answer | None] = [None] * len(performance.program.steps)

    def advance(self) -> bool:
        """Queue the chunks of the next phase. False when there is none, or when bytes that it needs were never made."""
        phases = self.performance.program.phases
        self.phase += 1
        if self.phase == len(phases):
            return False
        chunks = phases[self.phase]
        if any(slot not in self.slots for chunk in chunks for slot in chunk.pieces[1::2]):
            return False
        for chunk in chunks:
            self.workers[chunk.actor].queue.append((self, chunk))
        self.unanswered = len(chunks)
        return True

    def text(self, chunk: Chunk) -> bytes:
        return fill(chunk, self.number, self.slots)

    @staticmethod
    def size(chunk: Chunk) -> int:
        return sum(map(len, chunk.pieces[::2]))

    @property
    def is_done(self) -> bool:
        """Whether every step of the program was answered ok."""
        return self.reached == len(self.answers)

    def take(self, actor_worker: Worker, answers: list[Answer | None]) -> bool:
        """Store the answers of a chunk. False when they end early, so that nothing more can be asked.

        Raises:
            ValueError: more answers than steps, or an answer of no known shape.
        """
        program = self.performance.program
        chunk = next(chunk for chunk in program.phases[self.phase] if self.workers[chunk.actor] is actor_worker)
        if len(answers) > len(chunk.positions):
            raise ValueError(f"gave {len(answers)} answers to {len(chunk.positions)} steps")
        stored = self.answers
        exported = program.exported
        for position, answer in zip(chunk.positions, answers, strict=False):
            if answer is None:
                stored[position] = DONE
            elif type(answer) is dict and len(answer) == 1:
                stored[position] = answer
                if "ok" not in answer:
                    self.reached -= 1
                elif position in exported and isinstance(answer["ok"], str):
                    self.slots[exported[position]] = answer["ok"]
            else:
                raise ValueError(f"gave an answer of no known shape: {answer!r:.120}")
        self.reached += len(answers)
        self.unanswered -= 1
        if answers and answers[-1] is not None and _ends_session(answers[-1]):
            return False
        if len(answers) < len(chunk.positions):
            raise ValueError(f"gave {len(answers)} answers to {len(chunk.positions)} steps without saying why")
        return True

    def drop(self, failed: Worker | None = None) -> None:
        """Give the attempt up; tell the runners that still hold its documents, except the one that failed."""
        self.dropped = True
        for worker in self.workers:
            if worker.open.pop(self.number, None) is not None and worker is not failed:
                worker.closings.append(closing(self.number))
