"""Reading of Ypy's values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..values import Reader


class Values:
    """Turns what Ypy returns into typed values."""

    def __init__(self, library: Any, reader: Reader) -> None:
        self._text, self._array, self._map = library.YText, library.YArray, library.YMap
        self._element, self._xmltext = library.YXmlElement, library.YXmlText
        self._nodes = frozenset([self._text, self._array, self._map, self._element, self._xmltext])
        self._reader = reader
        self.attributes = reader.attributes

    def is_shared(self, value: Any) -> bool:
        return type(value) in self._nodes

    def is_text(self, value: Any) -> bool:
        return type(value) is self._text or type(value) is self._xmltext

    def read(self, value: Any) -> Any:
        kind = type(value)
        if kind not in self._nodes:
            return self._reader.plain(value)
        if kind is self._text:
            return {"$text": str(value)}
        if kind is self._array:
            # Its iterator turns nested shared types into plain values.
            return {"$array": [self.read(value[index]) for index in range(len(value))]}
        if kind is self._map:
            # Views of items break the process when they outlive their document.
            return {"$map": {key: self.read(value[key]) for key in list(value)}}
        if kind is self._element:
            result: dict[str, Any] = {"$element": value.name}
            children = self.children(value)
            if children:
                result["children"] = children
        else:
            result = {"$xmltext": str(value)}
        attributes = self.attributes(value.attributes())
        if attributes:
            result["attributes"] = attributes
        return result

    def children(self, element: Any) -> list[Any]:
        children = []
        child = element.first_child
        while child is not None:
            children.append(self.read(child))
            child = child.next_sibling
        return children
