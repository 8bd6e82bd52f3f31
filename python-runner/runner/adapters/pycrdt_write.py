"""Local operations on pycrdt's shared types."""

from __future__ import annotations

from typing import Any, Callable, Dict

from ..errors import Unsupported
from ..values import Writer, checked_text, shared_tag
from .pycrdt_text import content, utf8_bytes

Step = Dict[str, Any]


class Operations:
    """Operation -> function of the shared type and the step; call them inside a transaction."""

    def __init__(self, library: Any, types: dict[str, Any], features: frozenset[str], writer: Writer) -> None:
        self._doc = library.Doc
        self._types = types
        self._features = features
        self._writer = writer
        self.by_name: dict[str, Callable[[Any, Step], None]] = {
            "text.insert": self._text_insert,
            "text.embed": self._text_embed,
            "text.format": self._text_format,
            "text.delete": self._text_delete,
            "array.insert": self._array_insert,
            "array.delete": self._array_delete,
            "map.set": self._map_set,
            "map.delete": self._map_delete,
            "map.clear": self._map_clear,
            "xml.insert": self._xml_insert,
            "xml.delete": self._xml_delete,
            "xml.set": self._xml_set,
            "xml.unset": self._xml_unset,
        }

    # Texts

    def _text_insert(self, node: Any, op: Step) -> None:
        index = self.offset(node, op["index"])
        attributes = op.get("attributes")
        if attributes is None:
            node.insert(index, checked_text(op["text"]))
        else:
            node.insert(index, checked_text(op["text"]), self._writer.attributes(attributes))

    def _text_embed(self, node: Any, op: Step) -> None:
        value = op["value"]
        if shared_tag(value) is not None:
            raise Unsupported("text.embed.type")
        attributes = op.get("attributes")
        node.insert_embed(
            self.offset(node, op["index"]),
            self._writer.plain(value),
            None if attributes is None else self._writer.attributes(attributes),
        )

    def _text_format(self, node: Any, op: Step) -> None:
        start = self.offset(node, op["index"])
        stop = self.offset(node, op["index"] + op["length"])
        node.format(start, stop, self._writer.attributes(op["attributes"]))

    def _text_delete(self, node: Any, op: Step) -> None:
        start = self.offset(node, op["index"])
        del node[start : self.offset(node, op["index"] + op["length"])]

    def offset(self, text: Any, units: int) -> int:
        """The offset in UTF-8 bytes that is `units` UTF-16 units from the start; an embed counts one in both."""
        if units == 0:
            return 0
        try:
            return utf8_bytes(content(text), units)
        except UnicodeDecodeError:
            raise Unsupported("text.surrogate-split") from None

    # Arrays and maps

    def _array_insert(self, node: Any, op: Step) -> None:
        self._insert_values(node, op["index"], op["values"])

    def _array_delete(self, node: Any, op: Step) -> None:
        index = op["index"]
        del node[index : index + op["length"]]

    def _map_set(self, node: Any, op: Step) -> None:
        self._set_value(node, checked_text(op["key"]), op["value"])

    def _map_delete(self, node: Any, op: Step) -> None:
        # pycrdt raises for a key that is not there; the op asks only that it be gone.
        node.pop(op["key"], None)

    def _map_clear(self, node: Any, _op: Step) -> None:
        node.clear()

    def _insert_values(self, array: Any, index: int, values: list[Any]) -> None:
        for position, value in enumerate(values, index):
            tag = shared_tag(value)
            if tag is None:
                array.insert(position, self._writer.plain(value))
            else:
                shell = self._value_shell(array, tag, value)
                array.insert(position, shell)
                self._fill(tag, shell, value)

    def _set_value(self, mapping: Any, key: str, value: Any) -> None:
        tag = shared_tag(value)
        if tag is None:
            mapping[key] = self._writer.plain(value)
        else:
            shell = self._value_shell(mapping, tag, value)
            mapping[key] = shell
            self._fill(tag, shell, value)

    # XML

    def _xml_insert(self, node: Any, op: Step) -> None:
        self._insert_nodes(node, op["index"], op["nodes"])

    def _xml_delete(self, node: Any, op: Step) -> None:
        index = op["index"]
        del node.children[index : index + op["length"]]

    def _xml_set(self, node: Any, op: Step) -> None:
        self._set_attributes(node, {op["name"]: op["value"]})

    def _xml_unset(self, node: Any, op: Step) -> None:
        del node.attributes[op["name"]]

    def _insert_nodes(self, parent: Any, index: int, nodes: list[Any]) -> None:
        for position, child in enumerate(nodes, index):
            tag = shared_tag(child)
            if tag not in ("$element", "$xmltext"):
                raise Unsupported("xml.insert." + str(tag))
            # pycrdt builds children from shells of its own; a text of XML may not begin as a shell.
            shell = parent.children.insert(position, self._shell(tag, child))
            self._fill(tag, shell, child)

    def _set_attributes(self, node: Any, attributes: dict[str, Any]) -> None:
        for name, value in attributes.items():
            if type(value) is not str and "xml.set.any" not in self._features:
                raise Unsupported("xml.set.any")
            if shared_tag(value) is not None:
                raise Unsupported("xml.set.type")
            node.attributes[checked_text(name)] = self._writer.plain(value)

    # Shared types as values: an empty one is inserted, then filled by ordinary operations.

    def _value_shell(self, holder: Any, tag: str, value: Any) -> Any:
        if tag in ("$element", "$xmltext"):
            # Only a fragment stands in an array or a map, and nodes in it.
            raise Unsupported("value.xml.node")
        if tag == "$doc":
            if "value.doc" not in self._features:
                raise Unsupported("value.doc")
            return self._doc(guid=value["$doc"], client_id=holder.doc.client_id)
        return self._shell(tag, value)

    def _shell(self, tag: str, value: Any) -> Any:
        feature, kind = _TAGS[tag]
        if feature not in self._features:
            raise Unsupported(feature)
        cls = self._types[kind]
        return cls(checked_text(value["$element"])) if tag == "$element" else cls()

    def _fill(self, tag: str, shell: Any, value: Any) -> None:
        if tag in ("$text", "$xmltext"):
            if value.get("attributes"):
                self._set_attributes(shell, value["attributes"])
            self._fill_text(shell, value[tag])
        elif tag == "$array":
            self._insert_values(shell, 0, value["$array"])
        elif tag == "$map":
            for key, item in value["$map"].items():
                self._set_value(shell, checked_text(key), item)
        elif tag == "$fragment":
            self._insert_nodes(shell, 0, value["$fragment"])
        elif tag == "$element":
            self._set_attributes(shell, value.get("attributes", {}))
            self._insert_nodes(shell, 0, value.get("children", []))

    def _fill_text(self, text: Any, content: Any) -> None:
        if type(content) is str:
            if content:
                text.insert(0, checked_text(content))
            return
        writer = self._writer
        for chunk in content:
            end, insert = len(text), chunk["insert"]
            # Empty attributes, rather than none, keep a chunk free of its left neighbour's.
            attributes = writer.attributes(chunk.get("attributes", {}))
            if type(insert) is str:
                text.insert(end, checked_text(insert), attributes)
            else:
                text.insert_embed(end, writer.plain(insert["$embed"]), attributes)


_TAGS = {
    "$text": ("value.text", "text"),
    "$array": ("value.array", "array"),
    "$map": ("value.map", "map"),
    "$fragment": ("value.xml", "xml"),
    "$element": ("xml.insert", "element"),
    "$xmltext": ("xml.insert", "xmltext"),
}
"""Tag -> the feature that writing it needs, and the kind of its class."""
