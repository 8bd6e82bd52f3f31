"""jupyter_ydoc 1, on Ypy: what jupyter-collaboration 1 shares documents with."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..adapters.ypy import YpyAdapter, YpyPeer
from .document import Documents
from .jupyter_ydoc import JupyterYdoc


def load() -> JupyterYdoc:
    documents = Documents("ypy", _Adapter(import_module("y_py")))
    return _JupyterYdoc("jupyter-ydoc1", import_module("jupyter_ydoc"), documents)


class _Adapter(YpyAdapter):
    """Documents are made as jupyter_ydoc and ypy-websocket make them: the offsets of their texts count bytes."""

    def create(self, client: int, _gc: bool, roots: dict[str, str]) -> YpyPeer:
        return YpyPeer(self, self.library.YDoc(client), roots)


class _JupyterYdoc(JupyterYdoc):
    """Ypy's types change within a transaction that they are given."""

    def insert(self, shared: Any, index: int, cells: list[Any]) -> None:
        with shared.ydoc.begin_transaction() as transaction:
            for offset, cell in enumerate(cells):
                shared.ycells.insert(transaction, index + offset, shared.create_ycell(cell))

    def delete(self, shared: Any, index: int, count: int) -> None:
        with shared.ydoc.begin_transaction() as transaction:
            shared.ycells.delete_range(transaction, index, count)
