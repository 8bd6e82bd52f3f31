"""Reading of pycrdt's values."""

from __future__ import annotations

from typing import Any, Iterable

from ..values import Reader, text_chunks


class Values:
    """Turns what pycrdt returns into typed values. `kinds` maps its classes to their kind."""

    def __init__(self, library: Any, kinds: dict[Any, str], reader: Reader) -> None:
        self._doc = library.Doc
        self._kinds = kinds
        self._reader = reader
        self.attributes = reader.attributes

    def kind(self, value: Any) -> str | None:
        """The kind of a shared type, None for any other value."""
        return self._kinds.get(type(value))

    def is_shared(self, value: Any) -> bool:
        return type(value) in self._kinds or isinstance(value, self._doc)

    def children(self, kind: str, node: Any) -> Iterable[tuple[Any, Any]]:
        """The parts of a shared type that is no text, with the key or the index that leads to each."""
        if kind == "map":
            return [(key, node[key]) for key in node.keys()]  # noqa: SIM118 - not a dict
        return enumerate(node if kind == "array" else node.children)

    def read(self, value: Any) -> Any:
        kind = self._kinds.get(type(value))
        if kind is None:
            if isinstance(value, self._doc):
                return {"$doc": value.guid} if hasattr(value, "guid") else {"$doc": ""}
            return self._reader.plain(value)
        if kind == "text":
            return {"$text": self._text(value)}
        if kind == "array":
            return {"$array": [self.read(item) for item in value]}
        if kind == "map":
            return {"$map": {key: self.read(value[key]) for key in value.keys()}}  # noqa: SIM118 - not a dict
        if kind == "xml":
            return {"$fragment": [self.read(child) for child in value.children]}
        if kind == "element":
            result: dict[str, Any] = {"$element": value.tag}
            children = [self.read(child) for child in value.children]
            if children:
                result["children"] = children
        else:
            result = {"$xmltext": self._text(value)}
        # A shared type comes as the inner object that pycrdt wraps everywhere else.
        wrapped = value._maybe_as_type_or_doc
        attributes = {name: self.read(wrapped(item)) for name, item in value.attributes}
        if attributes:
            result["attributes"] = attributes
        return result

    def _text(self, text: Any) -> Any:
        if not hasattr(text, "diff"):
            return str(text)
        parts = text.diff()
        if len(parts) == 1 and type(parts[0][0]) is str and parts[0][1] is None:
            return parts[0][0]
        reader = self._reader
        return text_chunks(
            (
                insert if type(insert) is str else {"$embed": self.read(insert)},
                {} if attributes is None else reader.attributes(attributes.items()),
            )
            for insert, attributes in parts
        )
