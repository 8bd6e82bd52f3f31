"""Relative positions: pycrdt calls them sticky indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterator

from ..errors import StepError, Unsupported
from .pycrdt_text import content, utf16_units

if TYPE_CHECKING:
    from .pycrdt_read import Values


class Positions:
    """Makes relative positions, and finds where they are."""

    def __init__(self, library: Any, values: Values) -> None:
        self._library = library
        self._values = values

    def make(self, node: Any, offset: int, assoc: int) -> bytes:
        """`offset` as the library counts."""
        kind = self._values.kind(node)
        if not hasattr(node, "sticky_index"):
            if kind == "map":
                raise StepError("refused", "a map has no positions")
            raise Unsupported("position.xml")
        return bytes(node.sticky_index(offset, self._library.Assoc(assoc)).encode())

    def resolve(self, doc: Any, roots: dict[str, Any], data: bytes) -> int:
        """The index in UTF-16 units of a position in one of the roots or within."""
        position = self._library.StickyIndex.decode(data)
        with doc.transaction() as transaction:
            offset = int(position.get_index(transaction))
            name = position.to_json().get("tname")
            nodes = [roots[name]] if name in roots else list(roots.values())
            # The library does not tell in which type it found the position.
            answers = {index for node in nodes for index in self._indexes(node, offset, deep=name is None)}
        if len(answers) > 1:
            raise Unsupported("position.resolve.units")
        return answers.pop() if answers else offset

    def to_json(self, data: bytes) -> Any:
        return self._library.StickyIndex.decode(data).to_json()

    def parse(self, json: Any) -> bytes:
        return bytes(self._library.StickyIndex.from_json(json).encode())

    def _indexes(self, node: Any, offset: int, deep: bool) -> Iterator[int]:
        """What an offset in a sequence, or in one within if `deep`, is as an index."""
        kind = self._values.kind(node)
        if kind in ("text", "xmltext"):
            counted = content(node)
            if offset <= len(counted):
                yield utf16_units(counted, offset)
            return
        if kind == "array" and offset <= len(node):
            yield offset
        if kind is not None and deep:
            for _, child in self._values.children(kind, node):
                yield from self._indexes(child, offset, deep)
