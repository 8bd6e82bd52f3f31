"""One attempt at one performance: where it stands, and what was answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.execute.room import places
from conformance.plan.program import closing, fill

if TYPE_CHECKING:
    from conformance.execute.worker import Worker
    from conformance.plan.casting import Performance
    from conformance.plan.program import Chunk

Answer = dict[str, Any]

DONE: Answer = {"ok": None}
"""What `null` is short for in a line of answers, and N for that many of them."""


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
        "_answers",
        "_out",
        "_taken",
        "alone",
        "head",
        "number",
        "over",
        "performance",
        "places",
        "reached",
        "slots",
        "turn",
        "workers",
    )

    def __init__(self, number: int, performance: Performance, workers: tuple[Worker, ...], *, alone: bool) -> None:
        self.number = number
        self.head = b'{"session":%d,' % number
        self.performance = performance
        self.workers = workers
        self.alone = alone
        self.places = places(len(performance.program.steps))
        self.over = False  # finished, or given up
        self._out: set[int] = set()  # actors of whom nothing more can be asked
        self.turn = -1
        self.reached = 0  # steps that were answered, and answered ok
        self.slots: dict[str, bytes] = {}  # base64
        # Most steps of most sessions are done and observe nothing: those need no look at each.
        self._answers: list[Answer | None] = [DONE] * len(performance.program.steps)
        self._taken: list[tuple[Chunk, int]] = []

    def advance(self) -> bool:
        """Queue the next turn of one who can go on. False when there is none, or bytes that it needs were never made.

        Where one lacks a feature, the others go on until they need what it would have made: what they show is theirs.
        """
        turns = self.performance.program.turns
        for turn in range(self.turn + 1, len(turns)):
            self.turn = turn
            chunk = turns[turn]
            if chunk.actor in self._out:
                continue
            try:
                text = fill(chunk, self.slots)
            except KeyError:
                if not self.ended:
                    return False
                self._out.add(chunk.actor)
                continue
            self.workers[chunk.actor].queue.append((self, chunk, text))
            return True
        self.turn = len(turns)
        return False

    @property
    def ended(self) -> bool:
        """Whether a runner ended it early, for itself or for all."""
        return bool(self._out)

    @property
    def is_done(self) -> bool:
        """Whether every step of the program was answered ok."""
        return self.reached == len(self._answers)

    @property
    def answers(self) -> list[Answer | None]:
        """Place of a step -> its answer; None where it was not reached."""
        if not self.is_done:
            reached = {place for chunk, count in self._taken for place in chunk.positions[:count]}
            return [answer if place in reached else None for place, answer in enumerate(self._answers)]
        return self._answers

    def take(self, chunk: Chunk, answers: list[Answer | int | None]) -> None:
        """Store the answers of a chunk.

        Raises:
            ValueError: more answers than steps, or an answer of no known shape.
        """
        positions, stored = chunk.positions, self._answers
        exported = self.performance.program.exported
        asked = len(positions)
        count = bad = 0
        answer: Answer | int | None = None
        for answer in answers:
            if type(answer) is dict and len(answer) == 1:
                if count >= asked:
                    raise ValueError(f"gave more answers than {asked} steps")
                place = positions[count]
                stored[place] = answer
                count += 1
                if "ok" not in answer:
                    bad += 1
                elif place in exported and type(data := answer["ok"]) is str:
                    self.slots[exported[place]] = data.encode()
            elif answer is None:
                count += 1
            elif type(answer) is int and answer > 0:
                count += answer
            else:
                raise ValueError(f"gave an answer of no known shape: {answer!r:.120}")
        if count > asked:
            raise ValueError(f"gave more answers than {asked} steps")
        self._taken.append((chunk, count))
        self.reached += count - bad
        if bad and type(answer) is dict and _ends_session(answer):
            self._out |= {chunk.actor} if "unsupported" in answer else set(range(len(self.workers)))
        elif count < asked:
            raise ValueError(f"gave {count} answers to {asked} steps without saying why")

    def drop(self, failed: Worker | None = None) -> None:
        """Give the attempt up; tell the runners that still hold its documents, except the one that failed."""
        self.over = True
        for worker in self.workers:
            if worker.open.pop(self.number, None) is not None and worker is not failed:
                worker.closings.append(closing(self.number))
