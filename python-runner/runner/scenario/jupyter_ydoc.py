"""jupyter_ydoc: shared notebooks, files and blobs, on pycrdt.

https://github.com/jupyter-server/jupyter_ydoc
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from ..errors import Unsupported
from . import plain
from .document import Documents
from .nbformat_check import validator

if TYPE_CHECKING:
    from . import Step
    from .document import Document

_KINDS = {"notebook": "YNotebook", "file": "YUnicode", "blob": "YBlob"}
_OPS = frozenset({"ydoc.set", "ydoc.get", "cells.insert", "cells.delete", "cells.set", "nbformat.integers"})
_UNDO = frozenset({"undo", "redo", "undo.clear", "undo.stop", "undo.can"})
_NOT_ITS_OWN = _UNDO | {"undo.track", "undo.origins", "undo.timeout", "undo.manager"}
"""An undo manager belongs to the shared document; those of the library beneath are of no use to whoever has one."""


def load() -> JupyterYdoc:
    return JupyterYdoc("jupyter-ydoc", import_module("jupyter_ydoc"), Documents("pycrdt"))


class JupyterYdoc:
    """The loaded jupyter_ydoc. Which documents and which edits it has is looked for in its classes."""

    def __init__(self, name: str, library: Any, documents: Documents) -> None:
        self.name = name
        self.library = library
        self.version = version("jupyter_ydoc")
        self.lossy = documents.adapter.lossy
        self.validate = validator()
        self._documents = documents
        features = set(_OPS) | {f"document.{kind}" for kind, cls in _KINDS.items() if hasattr(library, cls)}
        notebook = library.YNotebook
        if hasattr(notebook, "undo_manager"):
            features |= _UNDO
        if "source" in notebook.set_cell.__code__.co_varnames:
            features.add("source.set")
        if self.validate is not None:
            features.add("nbformat.validate")
        self.features = frozenset((documents.features - _NOT_ITS_OWN) | features)

    def begin(self, role: str, roots: dict[str, str], options: dict[str, Any]) -> Actor:
        kind = options.get("kind", "notebook")
        if f"document.{kind}" not in self.features:
            raise Unsupported(f"document.{kind}")
        document = self._documents.begin(role, roots, options)
        shared = getattr(self.library, _KINDS[kind])(document.library_document)
        return Actor(self, document, shared)

    def insert(self, shared: Any, index: int, cells: list[Any]) -> None:
        """Inserts new cells, in one transaction."""
        with shared.ydoc.transaction():
            for offset, cell in enumerate(cells):
                shared.ycells.insert(index + offset, shared.create_ycell(cell))

    def delete(self, shared: Any, index: int, count: int) -> None:
        del shared.ycells[index : index + count]


class Actor:
    """One shared document. What is not its own is done to the shared types beneath it."""

    def __init__(self, part: JupyterYdoc, document: Document, shared: Any) -> None:
        self._part = part
        self._document = document
        self._shared = shared
        self._own = {
            "ydoc.set": lambda step: shared.set(plain.decode(step["value"])),
            "ydoc.get": lambda _: plain.encode(shared.get()),
            "cells.insert": lambda step: part.insert(shared, step["index"], plain.decode(step["cells"])),
            "cells.delete": lambda step: part.delete(shared, step["index"], step.get("count", 1)),
            "cells.set": lambda step: shared.set_cell(step["index"], plain.decode(step["cell"])),
            "source.set": lambda step: shared.set_cell(step["index"], source=step["text"]),
            "undo": lambda _: bool(shared.undo_manager.undo()),
            "redo": lambda _: bool(shared.undo_manager.redo()),
            "undo.clear": lambda _: shared.undo_manager.clear() and None,
            # Its manager captures for no time: each change is an entry of its own already.
            "undo.stop": lambda _: None,
            "undo.can": lambda _: [shared.undo_manager.can_undo(), shared.undo_manager.can_redo()],
            "nbformat.validate": self._validate,
        }

    async def perform(self, step: Step) -> Any:
        own = self._own.get(step["op"])
        return self._document.perform(step) if own is None else own(step)

    async def close(self) -> None:
        self._document.close()

    def _validate(self, step: Step) -> list[str]:
        """What nbformat finds wrong with a notebook, and not with the one `but` already."""
        if self._part.validate is None:
            raise Unsupported("nbformat.validate")
        faults = self._part.validate(plain.decode(step["value"]))
        before = self._part.validate(plain.decode(step["but"])) if faults and "but" in step else []
        return [fault for fault in faults if fault not in before]
