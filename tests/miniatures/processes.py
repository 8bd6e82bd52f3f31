"""Runners that break as processes do, most of them when they are asked to delete."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

from tests.miniatures.miniature import Miniature, steps, write

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.miniatures.miniature import Answer, Step


def deletes(request: dict[str, Any]) -> bool:
    """The mark of the cases that the process faults strike; all others must come through unharmed."""
    return any(step["op"] == "text.delete" for step in steps(request))


class DiesOfUnknown(Miniature):
    """Dies of a signal over ops that do not exist."""

    def step(self, step: Step, reply: Answer) -> None:  # noqa: ARG002
        if "unsupported" in reply:
            os.abort()


class Crashes(Miniature):
    """Dies of a signal when it is asked to delete."""

    def before(self, request: dict[str, Any]) -> None:
        if deletes(request):
            os.abort()


class Hangs(Miniature):
    """Never answers a line that deletes."""

    def before(self, request: dict[str, Any]) -> None:
        if deletes(request):
            time.sleep(3600)


class EatsMemory(Miniature):
    """Takes memory without end when it is asked to delete."""

    def before(self, request: dict[str, Any]) -> None:
        held = []
        while deletes(request):
            held.append(bytearray(b"x" * (8 << 20)))
            time.sleep(0.005)


class Floods(Miniature):
    """Writes to standard output without end when it is asked to delete."""

    def before(self, request: dict[str, Any]) -> None:
        while deletes(request):
            write(b"x" * (1 << 20))


class PrintsNoise(Miniature):
    """Prints a log line to standard output when it is asked to delete."""

    def before(self, request: dict[str, Any]) -> None:
        if deletes(request):
            write(b"applied a delete\n")


class OutOfOrder(Miniature):
    """Answers a line that deletes with the number of another one."""

    def answered(self, request: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        if deletes(request):
            answer["seq"] += 1
        return answer


class DiesMidLine(Miniature):
    """Dies in the middle of the answer to a line that deletes."""

    def answered(self, request: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        if deletes(request):
            text = json.dumps(answer).encode()
            write(text[: len(text) // 2])
            os._exit(1)
        return answer


class SpoilsMemory(Miniature):
    """Breaks over whatever it is given after a delete, as if that had freed memory that is still read."""

    def answered(self, request: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        answer = super().answered(request, answer)
        sessions = request.get("run", ())
        spoiled = next((place for place, each in enumerate(sessions, 1) if deletes({"run": [each]})), len(sessions))
        if spoiled < len(sessions):
            answer["run"][spoiled]["answers"] = [{"error": {"kind": "panic", "message": "read what was freed"}}]
            del answer["run"][spoiled + 1 :]
            answer["restart"] = True
        return answer


# Fault -> what does it, and the verdict that it deserves.
FAULTS: dict[str, tuple[Callable[[list[str]], Miniature], str]] = {
    "dies-of-unknown": (DiesOfUnknown, "untrusted"),
    "crashes": (Crashes, "crash"),
    "dies-mid-line": (DiesMidLine, "crash"),
    "hangs": (Hangs, "timeout"),
    "eats-memory": (EatsMemory, "memory"),
    "floods": (Floods, "protocol"),
    "prints-noise": (PrintsNoise, "protocol"),
    "out-of-order": (OutOfOrder, "protocol"),
}

# Faults that no case deserves a verdict for, since each comes through alone.
BLAMELESS: dict[str, Callable[[list[str]], Miniature]] = {"spoils-memory": SpoilsMemory}
