"""Libraries that answer wrongly, which the cases of the vectors notice."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from tests.miniatures.miniature import Miniature, Pretends, steps

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.miniatures.miniature import Answer, Step


class WrongState(Miniature):
    """Reports texts without their last character."""

    def step(self, step: Step, reply: Answer) -> None:
        if step["op"] == "state" and "ok" in reply:
            for root in reply["ok"].values():
                if isinstance(root.get("$text"), str):
                    root["$text"] = root["$text"][:-1]


class WrongStateVector(Miniature):
    """Reports the clock of the first client one too high."""

    of = "state_vector"

    def step(self, step: Step, reply: Answer) -> None:
        if step["op"] == self.of and "ok" in reply:
            data = bytearray(base64.b64decode(reply["ok"]))
            if data[0] and data[-1] < 0x7F:
                data[-1] += 1
            reply["ok"] = base64.b64encode(bytes(data)).decode()


class DroppedUpdate(Pretends):
    """Says ok to `apply` and does nothing."""

    def pretends(self, session: int, step: Step) -> bool:  # noqa: ARG002
        return bool(step["op"] == "apply")


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
}
