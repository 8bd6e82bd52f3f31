"""The seam between the protocol and a library.

An adapter is a module with `load() -> Adapter`. It imports the library when called, not before, and probes on
throwaway documents what the loaded release can do. A step reaches an adapter only if its features name it, so what
the base classes here refuse need not be written anew.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Protocol

from ..errors import Unsupported

ADAPTERS = {"pycrdt": "pycrdt", "yffi": "yffi", "ypy": "ypy"}
"""Name of the implementation -> its module in this package."""


class Awareness(Protocol):
    """The awareness of a document."""

    def set(self, state: Any) -> None: ...

    def encode(self, clients: list[int] | None) -> bytes:
        """The awareness update of these clients, or of all with a state."""

    def apply(self, update: bytes) -> None: ...

    def remove(self, clients: list[int]) -> None: ...

    def states(self) -> dict[str, Any]: ...

    def take(self) -> list[dict[str, list[int]]]:
        """The events since they were last taken."""

    def advance(self, milliseconds: int) -> None: ...


class UndoManager(Protocol):
    def undo(self) -> bool: ...

    def redo(self) -> bool: ...

    def stop(self) -> None:
        """Ends the entry of the stack."""

    def clear(self) -> None: ...

    def can_undo(self) -> bool: ...

    def can_redo(self) -> bool: ...


class Peer:
    """One document. Whatever the library raises passes through; the session knows what it means."""

    __slots__ = ()

    def document(self) -> Any:
        """The library's own object."""
        raise NotImplementedError

    def declare(self) -> None:
        """Names all roots of the session on the document."""
        raise NotImplementedError

    def perform(
        self, ops: list[dict[str, Any]], emit: bool, origin: str | None = None, wrap: bool = False
    ) -> bytes | None:
        """Performs local ops in one transaction, up to the first that fails; `wrap` takes numbers modulo what is there.

        Returns the update that the transaction emitted if `emit`, None when it emitted none.
        """
        raise NotImplementedError

    def wrapped(self, op: dict[str, Any]) -> dict[str, Any] | None:
        """A local op as `perform` with `wrap` performs it; None when it does nothing."""
        raise NotImplementedError

    def root(self, name: str) -> Any:
        """The handle of a root."""
        raise NotImplementedError

    def child(self, node: Any, part: Any) -> Any:
        """What stands in a shared type. KeyError for a key that is not there."""
        raise NotImplementedError

    def kind(self, node: Any) -> str | None:
        """text, array, map, xml (a fragment), element or xmltext; None for what is no shared type."""
        raise NotImplementedError

    def length(self, node: Any, kind: str) -> int:
        """Of a text in UTF-16 units, an embed counting one; of the others in values or nodes."""
        raise NotImplementedError

    def apply(self, update: bytes) -> None:
        raise NotImplementedError

    def encode(self, since: bytes | None) -> bytes:
        """The update of all that a state vector lacks, or of everything."""
        raise NotImplementedError

    def state_vector(self) -> bytes:
        raise NotImplementedError

    def state(self) -> dict[str, Any]:
        """Root name -> typed value, as in the protocol."""
        raise NotImplementedError

    def pending(self) -> bool:
        """Whether structs or deletes wait for something missing."""
        raise Unsupported("pending")

    def close(self) -> None:
        """Lets go of what would keep the document alive. Called on peers that observe."""

    def within(self, _path: list[Any]) -> Peer:
        """The subdocument at a path."""
        raise Unsupported("doc")

    def track(self, _name: str | None, _paths: list[list[Any]], _origins: list[str] | None, _timeout: int) -> None:
        """Starts an undo manager over the types at the paths."""
        raise Unsupported("undo.track")

    def manager(self, _name: str | None) -> UndoManager:
        """The undo manager of this name; without one, the first."""
        raise Unsupported("undo.track")

    def snapshot(self) -> bytes:
        raise Unsupported("snapshot")

    def restore(self, _snapshot: bytes) -> bytes:
        """The update of the document as it was."""
        raise Unsupported("snapshot.restore")

    def position(self, _path: list[Any], _index: int, _assoc: int) -> bytes:
        raise Unsupported("position")

    def resolve(self, _position: bytes) -> int | None:
        raise Unsupported("position.resolve")

    def observe(self, _path: list[Any], _deep: bool) -> None:
        raise Unsupported("observe")

    def events(self) -> list[Any]:
        """The transactions since the last call, as in the protocol."""
        raise Unsupported("events")

    def observe_subdocs(self) -> None:
        raise Unsupported("subdocs.observe")

    def subdocs_events(self) -> list[Any]:
        raise Unsupported("subdocs.events")

    def awareness(self) -> Awareness:
        raise Unsupported("awareness")

    def sync_step1(self) -> bytes:
        raise Unsupported("sync.step1")

    def sync_step2(self, _since: bytes | None) -> bytes:
        raise Unsupported("sync.step2")

    def sync_read(self, _message: bytes) -> bytes | None:
        """The reply to a message."""
        raise Unsupported("sync.read")


class Adapter:
    """A loaded library."""

    name: str
    version: str
    features: frozenset[str]
    lossy: frozenset[str]

    def create(self, client: int, gc: bool, roots: dict[str, str]) -> Peer:
        """A new document; `roots` are the kinds of the session's roots by name."""
        raise NotImplementedError

    def merge(self, _updates: list[bytes]) -> bytes:
        raise Unsupported("merge")

    def diff(self, _update: bytes, _since: bytes) -> bytes:
        raise Unsupported("diff")

    def update_state_vector(self, _update: bytes) -> bytes:
        raise Unsupported("update_state_vector")

    def position_json(self, _position: bytes) -> Any:
        raise Unsupported("position.json")

    def position_parse(self, _json: Any) -> bytes:
        raise Unsupported("position.parse")

    def snapshots_equal(self, _one: bytes, _other: bytes) -> bool:
        raise Unsupported("snapshot.equal")

    def sync_update(self, _update: bytes) -> bytes:
        """The message of an update."""
        raise Unsupported("sync.update")


def load(name: str) -> Adapter:
    """Loads the library of an implementation. Raises ImportError when it cannot be loaded."""
    adapter: Adapter = import_module("." + ADAPTERS[name], __name__).load()
    return adapter
