"""The seam between the protocol and a library.

An adapter is a module with `load() -> Adapter`. It imports the library when called, not before, and probes on
throwaway documents what the loaded release can do.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Protocol

ADAPTERS = {"pycrdt": "pycrdt", "ypy": "ypy"}
"""Name of the implementation -> its module in this package."""


class Peer(Protocol):
    """One document. Whatever the library raises passes through; the session knows what it means."""

    def declare(self) -> None:
        """Names all roots of the session on the document."""

    def perform(self, ops: list[dict[str, Any]], emit: bool) -> bytes | None:
        """Performs local ops in one transaction, up to the first that fails.

        Returns the update that the transaction emitted if `emit`, None when it emitted none.
        """

    def apply(self, update: bytes) -> None: ...

    def encode(self, since: bytes | None) -> bytes:
        """The update of all that a state vector lacks, or of everything."""

    def state_vector(self) -> bytes: ...

    def state(self) -> dict[str, Any]:
        """Root name -> typed value, as in the protocol."""

    def track(self, paths: list[list[Any]], /) -> None:
        """Starts one undo manager over the types at `paths`."""

    def undo(self) -> bool: ...

    def redo(self) -> bool: ...


class Adapter(Protocol):
    """A loaded library."""

    name: str
    version: str
    features: frozenset[str]
    lossy: frozenset[str]

    def create(self, client: int, gc: bool, roots: dict[str, str]) -> Peer:
        """A new document; `roots` are the kinds of the session's roots by name."""

    def merge(self, updates: list[bytes], /) -> bytes: ...

    def diff(self, update: bytes, since: bytes, /) -> bytes: ...

    def update_state_vector(self, update: bytes, /) -> bytes: ...


def load(name: str) -> Adapter:
    """Loads the library of an implementation. Raises ImportError when it cannot be loaded."""
    adapter: Adapter = import_module("." + ADAPTERS[name], __name__).load()
    return adapter
