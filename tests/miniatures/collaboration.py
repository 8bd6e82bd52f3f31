"""A real Jupyter Server, or a real client of one, made wrong in one way: what the oracles of layer 7 must notice.

python jupyter.py FAULT RUNNER-COMMAND...
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.miniatures.miniature import Answer, Miniature, Step, Wrong, serve, steps


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


_SERVER, _CLIENT = "jupyter-collaboration", "jupyter-ydoc-client"

FAULTS = {
    "saves-in-an-hour": Wrong(
        SavesInAnHour, _SERVER, (_CLIENT,), "collaboration/open-edit-save", "*waited:disk.file.read*"
    ),
    "forgets-its-store": Wrong(
        ForgetsItsStore, _SERVER, (_CLIENT,), "collaboration/offline-edit-after-restart", "*split:agree*"
    ),
    "acknowledges-saves": Wrong(
        AcknowledgesSaves,
        _CLIENT,
        (_SERVER,),
        "collaboration/acknowledged-save-is-on-disk",
        "*differs:disk.file.read*",
    ),
    "shows-another-document": Wrong(
        ShowsAnotherDocument, _CLIENT, (_SERVER,), "collaboration/open-edit-save", "*split:agree*"
    ),
}

if __name__ == "__main__":
    serve(FAULTS)
