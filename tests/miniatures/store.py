"""A real store made wrong in one way, as miniature.py does for libraries: what the oracles of layer 4 must notice.

python store.py FAULT RUNNER-COMMAND...
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.miniatures.miniature import Answer, Miniature, Step, Wrong, serve, steps

DONE: Answer = {"ok": None}


class ForgetsAWrite(Miniature):
    """Acknowledges each second write and does not perform it."""

    def __init__(self, command: list[str]) -> None:
        super().__init__(command)
        self.writes = 0

    def before(self, request: dict[str, Any]) -> None:
        for step in steps(request):
            if step["op"] == "store.write":
                self.writes += 1
                if self.writes % 2 == 0:
                    _nothing(step)


class AcknowledgesEarly(Miniature):
    """Acknowledges writes at once, and performs them when the store is read or closed."""

    READS = ("store.close", "store.load", "store.read", "store.replay", "store.open")

    def __init__(self, command: list[str]) -> None:
        super().__init__(command)
        self.held: list[Step] = []
        self.home = Path()

    def before(self, request: dict[str, Any]) -> None:
        for session in request.get("run", ()):
            for options in session.get("peers", {}).values():
                self.home = Path(options.get("home", ""))  # the coordinator's first question is of no scenario
            for step in session["steps"]:
                if step["op"] == "store.write":
                    self.hold(step)
                elif step["op"] in self.READS:
                    held, self.held = self.held, []
                    if held:
                        self.ask({"seq": 0, "run": [{**session, "steps": held, "end": False}]})

    def hold(self, step: Step) -> None:
        self.held.append({key: value for key, value in step.items() if key != "mark"})
        with (self.home / "acknowledged").open("a") as file:
            file.write(step.get("mark", ""))
        _nothing(step)


class ReadsBackwards(Miniature):
    """Gives the history from its end to its beginning."""

    def step(self, step: Step, reply: Answer) -> None:
        if step["op"] == "store.read" and isinstance(reply.get("ok"), list):
            reply["ok"].reverse()


class SwapsMetadata(Miniature):
    """Gives each update the metadata of another one."""

    def step(self, step: Step, reply: Answer) -> None:
        if step["op"] == "store.read" and isinstance(reply.get("ok"), list):
            found = [entry["metadata"] for entry in reply["ok"]]
            for entry, metadata in zip(reply["ok"], [*found[1:], *found[:1]], strict=True):
                entry["metadata"] = metadata


class FindsAll(Miniature):
    """Has every document, the empty one when it has none."""

    def step(self, step: Step, reply: Answer) -> None:
        if step["op"] == "store.load" and reply == {"ok": "missing"}:
            reply["ok"] = "loaded"


class MixesDocuments(Miniature):
    """Keeps all documents of a database under one name."""

    def before(self, request: dict[str, Any]) -> None:
        for step in steps(request):
            if step["op"] == "store.open":
                step.pop("name", None)


def _nothing(step: Step) -> None:
    """Leaves a step that observes nothing in the place of another one."""
    peer = step["peer"]
    step.clear()
    step.update({"op": "clock.set", "at": None, "peer": peer})


_OF = "pycrdt-store-sqlite"

FAULTS = {
    "forgets-a-write": Wrong(ForgetsAWrite, _OF, (), "store/write-and-read-back", "undelivered:agree"),
    "acknowledges-early": Wrong(AcknowledgesEarly, _OF, (), "store/kill-in-a-write", "differs:reader.state:*"),
    "reads-backwards": Wrong(ReadsBackwards, _OF, (), "store/history-in-order", "differs:reader.store.read:*"),
    "swaps-metadata": Wrong(SwapsMetadata, _OF, (), "store/history-in-order", "differs:reader.store.read:*"),
    "finds-all": Wrong(FindsAll, _OF, (), "store/nothing-there", "differs:reader.store.load:*"),
    "mixes-documents": Wrong(MixesDocuments, _OF, (), "store/many-documents", "undelivered:agree"),
}

if __name__ == "__main__":
    serve(FAULTS)
