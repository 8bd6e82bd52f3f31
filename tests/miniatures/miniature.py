"""A real runner made wrong in one way: a process that stands between the coordinator and a runner.

It passes lines through and does one thing that an oracle of the kit must notice. `python -m conformance doctor`
runs every fault and checks that the verdict is the one it deserves. Each module with a `__main__` is a program:

    python library.py FAULT RUNNER-COMMAND...

Standard library only.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Session = dict[str, Any]
Answer = dict[str, Any]
Step = dict[str, Any]


@dataclass(frozen=True)
class Wrong:
    """A fault of one who plays in scenarios (tests/miniatures/<layer>.py), and what must catch it.

    `of` is the implementation that is made wrong, `beside` are those that play the other roles. `signature` is a glob
    of the failure of `scenario`.
    """

    make: Callable[[list[str]], Miniature]
    of: str
    beside: tuple[str, ...]
    scenario: str
    signature: str


def serve(faults: Mapping[str, Wrong]) -> None:
    """Be the fault that the command line names, before the runner whose command it has."""
    faults[sys.argv[1]].make(sys.argv[2:]).serve()


class Miniature:
    """Passes requests and answers through; a fault overrides one of the hooks."""

    def __init__(self, command: list[str]) -> None:
        self.runner = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def serve(self) -> None:
        for line in sys.stdin.buffer:
            request = json.loads(line)
            self.before(request)
            self.emit(self.answered(request, self.ask(request)))

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self.runner.stdin and self.runner.stdout
        self.runner.stdin.write(json.dumps(request).encode() + b"\n")
        self.runner.stdin.flush()
        answer: dict[str, Any] = json.loads(self.runner.stdout.readline())
        return answer

    def before(self, request: dict[str, Any]) -> None:
        """See or change a request before the runner does."""

    def answered(self, request: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        """Change an answer. A fault wants every part whole."""
        answer.get("hello", {}).pop("like", None)
        for session, entry in zip(request.get("run", ()), answer.get("run", ()), strict=False):
            entry["answers"] = list(one_each(entry["answers"]))
            for step, reply in zip(session["steps"], entry["answers"], strict=False):
                self.step(step, reply)
        return answer

    def step(self, step: Step, reply: Answer) -> None:
        """Change the answer to one step."""

    def emit(self, answer: dict[str, Any]) -> None:
        write(json.dumps(answer).encode() + b"\n")


class Pretends(Miniature):
    """Says of some steps that it did them, and did not."""

    says: Any = None

    def pretends(self, session: int, step: Step) -> bool:
        """Whether it does nothing for that step."""
        raise NotImplementedError

    def before(self, request: dict[str, Any]) -> None:
        for session in request.get("run", ()):
            session["steps"] = [
                {"op": "state_vector", "peer": step["peer"], "was": step["op"]}
                if self.pretends(session["session"], step)
                else step
                for step in session["steps"]
            ]

    def step(self, step: Step, reply: Answer) -> None:
        if "was" in step and "ok" in reply:
            reply["ok"] = self.says


def one_each(answers: list[Any]) -> Iterator[Answer]:
    """One answer a step: null and N are short for as many that observed nothing."""
    for answer in answers:
        if answer is None or isinstance(answer, int):
            yield from ({"ok": None} for _ in range(answer or 1))
        else:
            yield answer


def write(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def steps(request: dict[str, Any]) -> Iterator[Step]:
    for session in request.get("run", ()):
        for step in session["steps"]:
            yield step
            yield from step.get("steps", ())
