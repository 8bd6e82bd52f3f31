"""A real runner of shared notebooks made wrong in one way, as those of miniature.py.

python document.py FAULT RUNNER-COMMAND...
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[2]))  # it is started as a program

from tests.miniatures.miniature import Miniature, Wrong, serve, steps

if TYPE_CHECKING:
    from tests.miniatures.miniature import Answer, Step


class _Wrong(Miniature):
    """Changes the notebook that is loaded."""

    def before(self, request: dict[str, Any]) -> None:
        for step in steps(request):
            if step["op"] == "ydoc.set" and "cells" in step["value"]:
                self.loaded(step["value"])

    def loaded(self, notebook: dict[str, Any]) -> None:
        raise NotImplementedError


class SortsMetadata(_Wrong):
    """Sorts the keys of a notebook's metadata, and leaves the values where they were."""

    def loaded(self, notebook: dict[str, Any]) -> None:
        metadata = notebook["metadata"]
        notebook["metadata"] = dict(zip(sorted(metadata), metadata.values(), strict=True))


class DropsAttachments(_Wrong):
    """Loads cells without their attachments."""

    def loaded(self, notebook: dict[str, Any]) -> None:
        for cell in notebook["cells"]:
            cell.pop("attachments", None)


class AppendsSource(Miniature):
    """Sets the source of a cell behind what was there."""

    def before(self, request: dict[str, Any]) -> None:
        for step in steps(request):
            if step["op"] == "source.set":
                step["text"] = "old" + step["text"]


class HidesOutputs(Miniature):
    """Has what the others have, and shows cells without their outputs."""

    def step(self, step: Step, reply: Answer) -> None:
        if step["op"] == "ydoc.get" and isinstance(reply.get("ok"), dict):
            for cell in reply["ok"]["cells"]:
                if "outputs" in cell:
                    cell["outputs"] = []


_OF = "jupyter-ydoc"

FAULTS = {
    "sorts-metadata": Wrong(
        SortsMetadata, _OF, (), "ydoc/metadata", "*differs:reader.ydoc.get:metadata/kernelspec/name changed*"
    ),
    "drops-attachments": Wrong(
        DropsAttachments, _OF, (), "ydoc/attachments", "*differs:reader.ydoc.get:cells/#/attachments lost*"
    ),
    "appends-source": Wrong(AppendsSource, _OF, (), "ydoc/set-source-replaces", "*differs:reader.ydoc.get:*"),
    "hides-outputs": Wrong(HidesOutputs, _OF, (_OF,), "ydoc/output-types", "*split:agree:cells/#/outputs length*"),
}

if __name__ == "__main__":
    serve(FAULTS)
