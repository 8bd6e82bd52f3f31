"""A real runner made wrong in one way: a process that stands between the coordinator and a runner.

    python miniature.py FAULT RUNNER-COMMAND...

It passes lines through and does one thing that an oracle of the kit must notice. `python -m conformance doctor`
runs every fault and checks that the verdict is the one it deserves. Standard library only.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
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


def varuints(data: bytes, count: int) -> list[int]:
    """The first numbers of an update in v1: of clients, of structs, the first client, its clock. Missing ones are 0."""
    found = [0] * count
    place = 0
    for number in range(count):
        shift = 0
        while place < len(data):
            byte = data[place]
            place += 1
            found[number] |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
    return found


def deletes(request: dict[str, Any]) -> bool:
    """The mark of the cases that the process faults strike; all others must come through unharmed."""
    return any(step["op"] == "text.delete" for step in steps(request))


class WrongState(Miniature):
    """Reports texts without their last character."""

    def step(self, step: Step, reply: Answer) -> None:
        if step["op"] == "state" and "ok" in reply:
            for root in reply["ok"].values():
                if isinstance(root.get("$text"), str):
                    root["$text"] = root["$text"][:-1]


class WrongStateVector(Miniature):
    """Reports the clock of the first client one too high."""

    def step(self, step: Step, reply: Answer) -> None:
        if step["op"] == "state_vector" and "ok" in reply:
            data = bytearray(base64.b64decode(reply["ok"]))
            if data[0] and data[-1] < 0x7F:
                data[-1] += 1
            reply["ok"] = base64.b64encode(bytes(data)).decode()


class DroppedUpdate(Miniature):
    """Says ok to `apply` and does nothing."""

    def before(self, request: dict[str, Any]) -> None:
        for session in request.get("run", ()):
            session["steps"] = [
                {"op": "state_vector", "peer": step["peer"]} if step["op"] == "apply" else step
                for step in session["steps"]
            ]


class OffByOne(Miniature):
    """Inserts and deletes one unit too early."""

    def before(self, request: dict[str, Any]) -> None:
        for step in steps(request):
            if step["op"] in ("text.insert", "text.delete") and step["index"] > 0:
                step["index"] -= 1


class ShiftedClock(Miniature):
    """Encodes the first struct of every update with a clock one too high."""

    def step(self, step: Step, reply: Answer) -> None:
        if step["op"] == "encode" and isinstance(reply.get("ok"), str) and step.get("format", "v1") == "v1":
            data = bytearray(base64.b64decode(reply["ok"]))
            if data[0] == 1 and data[2] < 0x80 and data[3] < 0x7F:
                data[3] += 1
            reply["ok"] = base64.b64encode(bytes(data)).decode()


class ForgetfulRelay(Miniature):
    """Shows the document that it was given, but does not pass its structs on."""

    def step(self, step: Step, reply: Answer) -> None:
        if step["op"] == "encode" and step["peer"] == "@relay" and step.get("format", "v1") == "v1" and "ok" in reply:
            reply["ok"] = "AAA="


class RefusesNothing(Miniature):
    """Says ok where the library refused."""

    def step(self, step: Step, reply: Answer) -> None:  # noqa: ARG002
        if "error" in reply:
            reply.clear()
            reply["ok"] = None


class OkToUnknown(Miniature):
    """Says ok to ops that do not exist."""

    def step(self, step: Step, reply: Answer) -> None:  # noqa: ARG002
        if "unsupported" in reply:
            reply.clear()
            reply["ok"] = None


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


class LosesSome(Miniature):
    """Says ok to every fourth `apply` of a session and does nothing: seldom enough for short cases."""

    def __init__(self, command: list[str]) -> None:
        super().__init__(command)
        self._seen: dict[int, int] = {}

    def before(self, request: dict[str, Any]) -> None:
        for session in request.get("run", ()):
            for place, step in enumerate(session["steps"]):
                if step["op"] == "apply":
                    seen = self._seen[session["session"]] = self._seen.get(session["session"], 0) + 1
                    if seen % 4 == 0:
                        session["steps"][place] = {"op": "state_vector", "peer": step["peer"], "was": "apply"}

    def step(self, step: Step, reply: Answer) -> None:
        if "was" in step and "ok" in reply:
            reply["ok"] = None


class ForgetsWhatWaits(Miniature):
    """Says ok to an update that begins behind a gap, as nothing of its client has come yet, and does nothing."""

    def __init__(self, command: list[str]) -> None:
        super().__init__(command)
        self._has: set[tuple[int, str, int]] = set()

    def before(self, request: dict[str, Any]) -> None:
        for session in request.get("run", ()):
            for place, step in enumerate(session["steps"]):
                if step["op"] != "apply" or not isinstance(step["update"], dict):
                    continue
                clients, _, client, clock = varuints(base64.b64decode(step["update"]["base64"]), 4)
                peer = (session["session"], step["peer"], client)
                if clients and clock and peer not in self._has:
                    session["steps"][place] = {"op": "state_vector", "peer": step["peer"], "was": "apply"}
                elif clients:
                    self._has.add(peer)

    def step(self, step: Step, reply: Answer) -> None:
        if "was" in step and "ok" in reply:
            reply["ok"] = None


class KeepsTheUndone(Miniature):
    """Says that it took something back, and did not."""

    act = "undo"

    def before(self, request: dict[str, Any]) -> None:
        for session in request.get("run", ()):
            session["steps"] = [
                {"op": "undo.can", "peer": step["peer"], "was": self.act} if step["op"] == self.act else step
                for step in session["steps"]
            ]

    def step(self, step: Step, reply: Answer) -> None:
        if "was" in step and "ok" in reply:
            reply["ok"] = True


class ForgetsToRedo(KeepsTheUndone):
    """Says that it did something again, and did not."""

    act = "redo"


class MergesTheFirst(Miniature):
    """Merges updates into the first of them."""

    def before(self, request: dict[str, Any]) -> None:
        for step in steps(request):
            if step["op"] == "merge":
                del step["updates"][1:]


class ShiftedPosition(Miniature):
    """Resolves relative positions one too far."""

    def step(self, step: Step, reply: Answer) -> None:
        if step["op"] == "position.resolve" and isinstance(reply.get("ok"), int):
            reply["ok"] += 1


class RestoresTheCurrent(Miniature):
    """Gives the document as it is for the document as it was."""

    def before(self, request: dict[str, Any]) -> None:
        for session in request.get("run", ()):
            session["steps"] = [
                {"op": "encode", "peer": step["peer"], "as": step["as"]} if step["op"] == "snapshot.restore" else step
                for step in session["steps"]
            ]


class CutsWhatItWrites(Miniature):
    """Gives away its updates without their last byte; its own peers get them whole."""

    def step(self, step: Step, reply: Answer) -> None:
        if step["op"] in ("transact", "text.insert") and isinstance(reply.get("ok"), str):
            reply["ok"] = base64.b64encode(base64.b64decode(reply["ok"])[:-1]).decode()


class CutsItsSnapshots(Miniature):
    """Gives away its snapshots without their last byte."""

    def step(self, step: Step, reply: Answer) -> None:
        if step["op"] == "snapshot" and isinstance(reply.get("ok"), str):
            reply["ok"] = base64.b64encode(base64.b64decode(reply["ok"])[:-1]).decode()


class DiesOfOthers(Miniature):
    """Dies of a signal when it is given an update that another one made."""

    def before(self, request: dict[str, Any]) -> None:
        if any(step["op"] == "apply" and isinstance(step["update"], dict) for step in steps(request)):
            os.abort()


# Fault -> what does it, the profile of random programs that finds it, and a glob of the key under which it does.
BY_CHANCE: dict[str, tuple[Callable[[list[str]], Miniature], str, str]] = {
    "loses-some": (LosesSome, "text", "agree:same-state* miniature*"),
    "keeps-the-undone": (KeepsTheUndone, "undone", "agree:same-state* miniature*"),
    "forgets-to-redo": (ForgetsToRedo, "undone", "agree:same-state* miniature*"),
    "merges-the-first": (MergesTheFirst, "text,merge", "agree:same-state* miniature*"),
    "shifted-position": (ShiftedPosition, "positions", "agree:same-position.resolve* miniature*"),
    "restores-the-current": (RestoresTheCurrent, "snapshots", "agree:same-state* miniature*"),
    "cuts-what-it-writes": (CutsWhatItWrites, "text", "refused:apply * miniature <- miniature, unreadable"),
    "cuts-its-snapshots": (CutsItsSnapshots, "snapshots", "refused:snapshot.restore * miniature*"),
    "dies-of-others": (DiesOfOthers, "text", "crash ended with SIGABRT miniature"),
    "takes-anything": (RefusesNothing, "hostile", "agree:same-apply* miniature*"),
}

# Fault -> what does it, and the verdict that it deserves.
FAULTS: dict[str, tuple[Callable[[list[str]], Miniature], str]] = {
    "wrong-state": (WrongState, "fail"),
    "wrong-state-vector": (WrongStateVector, "fail"),
    "dropped-update": (DroppedUpdate, "fail"),
    "off-by-one": (OffByOne, "fail"),
    "shifted-clock": (ShiftedClock, "fail"),
    "forgetful-relay": (ForgetfulRelay, "fail"),
    "refuses-nothing": (RefusesNothing, "fail"),
    "ok-to-unknown": (OkToUnknown, "untrusted"),
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

# Faults that show where the library beside them has not the same: a test says which has not.
BESIDE_SOUND: dict[str, Callable[[list[str]], Miniature]] = {"forgets-what-waits": ForgetsWhatWaits}

if __name__ == "__main__":
    makers = BLAMELESS | BESIDE_SOUND | {name: row[0] for name, row in (FAULTS | BY_CHANCE).items()}
    makers[sys.argv[1]](sys.argv[2:]).serve()
