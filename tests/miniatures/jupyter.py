"""A real Jupyter Server, or a real client of one, made wrong in one way: what the oracles of layer 7 must notice.

python jupyter.py FAULT RUNNER-COMMAND...
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.miniatures.miniature import Answer, Miniature, Step, steps

if TYPE_CHECKING:
    from collections.abc import Callable


class SavesInAnHour(Miniature):
    """A server that is started with a save delay of an hour, whatever it is asked for."""

    def before(self, request: dict[str, Any]) -> None:
        for step in steps(request):
            if step["op"] == "start":
                step["save_delay"] = 3600


class ForgetsItsStore(Miniature):
    """A server whose store is empty after each start."""

    def before(self, request: dict[str, Any]) -> None:
        for step in steps(request):
            if step["op"] == "start":
                step["store"] = "temp"


class AcknowledgesSaves(Miniature):
    """A client that says of every save that it is on disk, and asks for none."""

    def before(self, request: dict[str, Any]) -> None:
        for step in steps(request):
            if step["op"] == "save":
                step["op"] = "status"
                step["was"] = "save"

    def step(self, step: Step, reply: Answer) -> None:
        if step.get("was") == "save":
            reply["ok"] = "success"


class ShowsAnotherDocument(Miniature):
    """A client, in the role b, that shows one cell less than its state vector stands for."""

    def step(self, step: Step, reply: Answer) -> None:
        if step["op"] == "state" and step["peer"] == "b":
            reply["ok"]["cells"]["$array"].pop()


FAULTS: dict[str, Callable[[list[str]], Miniature]] = {
    "saves-in-an-hour": SavesInAnHour,
    "forgets-its-store": ForgetsItsStore,
    "acknowledges-saves": AcknowledgesSaves,
    "shows-another-document": ShowsAnotherDocument,
}

if __name__ == "__main__":
    FAULTS[sys.argv[1]](sys.argv[2:]).serve()
