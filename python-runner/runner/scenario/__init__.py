"""Layers 4 to 7: what plays a role of a scenario, beside the libraries of documents.

A part is a module with `load() -> Part`, or such a function for each of several. It imports its packages when called,
not before.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Dict, Protocol

PARTS = {
    "jupyter-collaboration": "jupyter_collaboration",
    "jupyter-collaboration1": "jupyter_collaboration1",
    "jupyter-ydoc": "jupyter_ydoc",
    "jupyter-ydoc-client": "jupyter_ydoc_client",
    "jupyter-ydoc1": "jupyter_ydoc1",
    "pycrdt-store-file": "stores.pycrdt:load_file",
    "pycrdt-store-sqlite": "stores.pycrdt:load_sqlite",
    "pycrdt-store-temp": "stores.pycrdt:load_temporary",
    "pycrdt-websocket": "pycrdt_websocket",
    "ypy-store-file": "stores.ypy:load_file",
    "ypy-store-sqlite": "stores.ypy:load_sqlite",
    "ypy-store-temp": "stores.ypy:load_temporary",
    "ypy-websocket": "ypy_websocket",
}
"""Name of the implementation -> its module in this package, and the function if it is not `load`."""

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
    module, _, function = PARTS[name].partition(":")
    part: Part = getattr(import_module("." + module, __name__), function or "load")()
    return part
