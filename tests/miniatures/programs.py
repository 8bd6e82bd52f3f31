"""Libraries whose faults no case strikes, or not each: random programs find them."""

from __future__ import annotations

import base64
import os
from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.miniatures.answers import OffByOne, RefusesNothing, WrongStateVector
from tests.miniatures.miniature import Miniature, Pretends, steps

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.miniatures.miniature import Answer, Step


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


class LosesSome(Pretends):
    """Says ok to every fourth `apply` of a session and does nothing: seldom enough for short cases."""

    def __init__(self, command: list[str]) -> None:
        super().__init__(command)
        self._seen: Counter[int] = Counter()

    def pretends(self, session: int, step: Step) -> bool:
        self._seen[session] += step["op"] == "apply"
        return step["op"] == "apply" and self._seen[session] % 4 == 0


class ForgetsWhatWaits(Pretends):
    """Says ok to an update that begins behind a gap, as nothing of its client has come yet, and does nothing."""

    def __init__(self, command: list[str]) -> None:
        super().__init__(command)
        self._has: set[tuple[int, str, int]] = set()

    def pretends(self, session: int, step: Step) -> bool:
        if step["op"] != "apply" or not isinstance(step["update"], dict):
            return False
        clients, _, client, clock = varuints(base64.b64decode(step["update"]["base64"]), 4)
        known = (session, step["peer"], client)
        if clients and clock and known not in self._has:
            return True
        if clients:
            self._has.add(known)
        return False


class KeepsTheUndone(Pretends):
    """Says that it took something back, and did not."""

    act = "undo"
    says = True

    def pretends(self, session: int, step: Step) -> bool:  # noqa: ARG002
        return bool(step["op"] == self.act)


class ForgetsToRedo(KeepsTheUndone):
    """Says that it did something again, and did not."""

    act = "redo"


class MergesTheFirst(Miniature):
    """Merges updates into the first of them."""

    def before(self, request: dict[str, Any]) -> None:
        for step in steps(request):
            if step["op"] == "merge":
                del step["updates"][1:]


class ClaimsMore(WrongStateVector):
    """Says of updates that they hold one unit more than they do."""

    of = "update_state_vector"


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

    makes = frozenset({"transact", "text.insert"})

    def step(self, step: Step, reply: Answer) -> None:
        if step["op"] in self.makes and isinstance(reply.get("ok"), str):
            reply["ok"] = base64.b64encode(base64.b64decode(reply["ok"])[:-1]).decode()


class CutsItsSnapshots(CutsWhatItWrites):
    """Gives away its snapshots without their last byte."""

    makes = frozenset({"snapshot"})


class DiesOfOthers(Miniature):
    """Dies of a signal when it is given an update that another one made."""

    def before(self, request: dict[str, Any]) -> None:
        if any(step["op"] == "apply" and isinstance(step["update"], dict) for step in steps(request)):
            os.abort()


# Fault -> what does it, the profile of random programs that finds it, and a glob of the key under which it does.
BY_CHANCE: dict[str, tuple[Callable[[list[str]], Miniature], str, str]] = {
    "loses-some": (LosesSome, "text", "agree:same-state* miniature*"),
    "one-place-too-early": (OffByOne, "text,twins", "agree:same-state* miniature*"),
    "keeps-the-undone": (KeepsTheUndone, "undone", "agree:same-state* miniature*"),
    "forgets-to-redo": (ForgetsToRedo, "undone", "agree:same-state* miniature*"),
    "merges-the-first": (MergesTheFirst, "text,merge", "agree:same-state* miniature*"),
    "claims-more": (ClaimsMore, "text,gaps-stored", "agree:same-update_state_vector* miniature*"),
    "shifted-position": (ShiftedPosition, "positions", "agree:same-position.resolve* miniature*"),
    "restores-the-current": (RestoresTheCurrent, "snapshots", "agree:same-state* miniature*"),
    "cuts-what-it-writes": (CutsWhatItWrites, "text", "refused:apply * miniature <- miniature, unreadable"),
    "cuts-its-snapshots": (CutsItsSnapshots, "snapshots", "refused:snapshot.restore * miniature*"),
    "dies-of-others": (DiesOfOthers, "text", "crash ended with SIGABRT miniature"),
    "takes-anything": (RefusesNothing, "hostile", "agree:same-apply* miniature*"),
}

# Faults that show where the library beside them has not the same: a test says which has not.
BESIDE_SOUND: dict[str, Callable[[list[str]], Miniature]] = {"forgets-what-waits": ForgetsWhatWaits}
