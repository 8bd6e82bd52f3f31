"""The document of a role: a library of the lower layers, through its adapter and the steps of layers 0 to 3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import adapters
from ..errors import StepError, Unsupported
from ..session import Session
from ..steps import handlers_of

if TYPE_CHECKING:
    from ..adapters import Adapter
    from . import Step

OPTIONS = ("client", "gc", "declare")


class Documents:
    """A loaded library of documents."""

    def __init__(self, name: str, adapter: Adapter | None = None) -> None:
        """`name` is that of an adapter, which is loaded unless it is given. Raises ImportError."""
        self.adapter = adapters.load(name) if adapter is None else adapter
        self._handlers = handlers_of(self.adapter)

    @property
    def features(self) -> frozenset[str]:
        return self.adapter.features

    def begin(self, role: str, roots: dict[str, str], options: dict[str, Any]) -> Document:
        return Document(
            Session(
                self.adapter, self._handlers, roots, {role: {key: options[key] for key in OPTIONS if key in options}}
            ),
            role,
        )


class Document:
    """One document, which performs the steps of layers 0 to 3."""

    def __init__(self, session: Session, role: str) -> None:
        self._session = session
        self._role = role

    @property
    def library_document(self) -> Any:
        """The library's own object."""
        return self._session.peer({"peer": self._role}).document()

    def perform(self, step: Step) -> Any:
        """What a step observed. Raises Unsupported and StepError."""
        (told,) = self._session.run([step])
        if isinstance(told, int):
            return None
        if "unsupported" in told:
            raise Unsupported(str(told["unsupported"]))
        if "error" in told:
            error: Any = told["error"]
            raise StepError(error["kind"], error["message"])
        return told["ok"]

    def close(self) -> None:
        self._session.close()
