"""Layers 4 to 7: what plays a role of a scenario, beside the libraries of documents.

A part is a module with `load() -> Part`. It imports its packages when called, not before.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Dict, Protocol

PARTS = {
    "jupyter-collaboration": "jupyter_collaboration",
    "jupyter-collaboration1": "jupyter_collaboration1",
    "jupyter-ydoc-client": "jupyter_ydoc_client",
    "jupyter-ydoc": "jupyter_ydoc",
    "jupyter-ydoc1": "jupyter_ydoc1",
    "pycrdt-websocket": "pycrdt_websocket",
    "ypy-websocket": "ypy_websocket",
}
"""Name of the implementation -> its module in this package."""

Step = Dict[str, Any]


class Actor(Protocol):
    """One role of one performance."""

    async def perform(self, step: Step) -> Any:
        """The value that a step observed, or None. Raises Unsupported, StepError, or whatever the packages raise."""

    async def close(self) -> None:
        """Lets go of everything, processes too."""


class Part(Protocol):
    """The loaded packages. `features` has all ops of its actors, and what else a role can need."""

    name: str
    version: str
    features: frozenset[str]
    lossy: frozenset[str]

    def begin(self, role: str, roots: dict[str, str], options: dict[str, Any]) -> Actor:
        """The actor of a role; `options` are those of its peer in the request, `folder` and `home` among them."""


def load(name: str) -> Part:
    """Loads what an implementation needs. Raises ImportError when it cannot be loaded."""
    part: Part = import_module("." + PARTS[name], __name__).load()
    return part
