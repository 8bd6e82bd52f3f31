"""Local operations on Ypy's shared types."""

from __future__ import annotations

from typing import Any, Callable, Dict

from ..errors import Unsupported
from ..values import Writer, checked_text, shared_tag
from .ypy_calls import calls_of

Step = Dict[str, Any]

_NESTED = {"$text": "value.text", "$array": "value.array", "$map": "value.map"}


class Operations:
    """Operation -> function of the shared type, the open transaction and the step."""

    def __init__(self, library: Any, features: frozenset[str], writer: Writer) -> None:
        self._text_type, self._array_type, self._map_type = library.YText, library.YArray, library.YMap
        self._xmltext = library.YXmlText
        self._calls = calls_of(library)
        self._features = features
        self._writer = writer
        self.by_name: dict[str, Callable[[Any, Any, Step], None]] = {
            "text.insert": self._text_insert,
            "text.embed": self._text_embed,
            "text.format": self._text_format,
            "text.delete": self._text_delete,
            "array.insert": self._array_insert,
            "array.delete": self._array_delete,
            "map.set": self._map_set,
            "map.delete": self._map_delete,
            "xml.insert": self._xml_insert,
            "xml.delete": self._xml_delete,
            "xml.set": self._xml_set,
            "xml.unset": self._xml_unset,
        }

    # Texts

    def _attributes(self, text: Any, op: dict[str, Any]) -> list[dict[str, Any]]:
        """The attributes as further arguments: none, or one."""
        if "attributes" not in op:
            return []
        if type(text) is self._xmltext:
            raise Unsupported("xml.text.attributes")
        return [self._writer.attributes(op["attributes"])]

    def _text_insert(self, node: Any, txn: Any, op: Step) -> None:
        node.insert(txn, op["index"], checked_text(op["text"]), *self._attributes(node, op))

    def _text_embed(self, node: Any, txn: Any, op: Step) -> None:
        if shared_tag(op["value"]) is not None:
            raise Unsupported("text.embed.type")
        if type(node) is self._xmltext:
            raise Unsupported("xml.text.embed")
        node.insert_embed(txn, op["index"], self._writer.plain(op["value"]), *self._attributes(node, op))

    def _text_format(self, node: Any, txn: Any, op: Step) -> None:
        attributes = self._attributes(node, op)
        node.format(txn, op["index"], op["length"], *attributes)

    def _text_delete(self, node: Any, txn: Any, op: Step) -> None:
        if type(node) is self._xmltext:
            node.delete(txn, op["index"], op["length"])
        else:
            self._calls.text_delete(node, txn, op["index"], op["length"])

    # Arrays and maps

    def _array_insert(self, node: Any, txn: Any, op: Step) -> None:
        self._insert_values(txn, node, op["index"], op["values"])

    def _array_delete(self, node: Any, txn: Any, op: Step) -> None:
        self._calls.array_delete(node, txn, op["index"], op["length"])

    def _map_set(self, node: Any, txn: Any, op: Step) -> None:
        self._set_value(txn, node, checked_text(op["key"]), op["value"])

    def _map_delete(self, node: Any, txn: Any, op: Step) -> None:
        # Ypy raises for a key that is not there; the op asks only that it be gone.
        if op["key"] in node:
            self._calls.map_delete(node, txn, op["key"])

    def _insert_values(self, txn: Any, array: Any, index: int, values: list[Any]) -> None:
        insert = self._calls.array_insert
        if not any(shared_tag(value) for value in values):
            insert(array, txn, index, [self._writer.plain(value) for value in values])
            return
        for position, value in enumerate(values, index):
            tag = shared_tag(value)
            if tag is None:
                insert(array, txn, position, [self._writer.plain(value)])
            else:
                shell = self._shell(tag, value)
                insert(array, txn, position, [shell])
                self._fill(txn, tag, shell, value)

    def _set_value(self, txn: Any, mapping: Any, key: str, value: Any) -> None:
        tag = shared_tag(value)
        if tag is None:
            mapping.set(txn, key, self._writer.plain(value))
        else:
            shell = self._shell(tag, value)
            mapping.set(txn, key, shell)
            self._fill(txn, tag, shell, value)

    # Shared types as values: an empty one is inserted, then filled by ordinary operations.

    def _shell(self, tag: str, value: Any) -> Any:
        if tag in _NESTED and _NESTED[tag] not in self._features:
            raise Unsupported(_NESTED[tag])
        if tag == "$text":
            # Old releases break on an empty nested text, so a plain one takes its content along.
            content = value["$text"]
            return self._text_type(checked_text(content) if type(content) is str else "")
        if tag == "$array":
            return self._array_type([])
        if tag == "$map":
            return self._map_type({})
        raise Unsupported("value.doc" if tag == "$doc" else "value.xml")

    def _fill(self, txn: Any, tag: str, shell: Any, value: Any) -> None:
        if tag == "$text":
            if type(value["$text"]) is not str:
                self._fill_text(txn, shell, value["$text"])
        elif tag == "$array":
            self._insert_values(txn, shell, 0, value["$array"])
        else:
            for key, item in value["$map"].items():
                self._set_value(txn, shell, checked_text(key), item)

    def _fill_text(self, txn: Any, text: Any, content: Any) -> None:
        if type(content) is str:
            if content:
                text.insert(txn, 0, checked_text(content))
            return
        if type(text) is self._xmltext:
            raise Unsupported("xml.text.attributes")
        if "text.insert.attributes" not in self._features:
            raise Unsupported("text.insert.attributes")
        writer = self._writer
        for chunk in content:
            end, insert = len(text), chunk["insert"]
            # Empty attributes, rather than none, keep a chunk free of its left neighbour's.
            attributes = writer.attributes(chunk.get("attributes", {}))
            if type(insert) is str:
                text.insert(txn, end, checked_text(insert), attributes)
            else:
                text.insert_embed(txn, end, writer.plain(insert["$embed"]), attributes)

    # XML

    def _xml_insert(self, node: Any, txn: Any, op: Step) -> None:
        self._insert_nodes(txn, node, op["index"], op["nodes"])

    def _xml_delete(self, node: Any, txn: Any, op: Step) -> None:
        node.delete(txn, op["index"], op["length"])

    def _xml_set(self, node: Any, txn: Any, op: Step) -> None:
        self._set_attributes(txn, node, {op["name"]: op["value"]})

    def _xml_unset(self, node: Any, txn: Any, op: Step) -> None:
        node.remove_attribute(txn, op["name"])

    def _insert_nodes(self, txn: Any, parent: Any, index: int, nodes: list[Any]) -> None:
        for position, child in enumerate(nodes, index):
            tag = shared_tag(child)
            if tag == "$element":
                made = parent.insert_xml_element(txn, position, checked_text(child["$element"]))
                self._set_attributes(txn, made, child.get("attributes", {}))
                self._insert_nodes(txn, made, 0, child.get("children", []))
            elif tag == "$xmltext":
                made = parent.insert_xml_text(txn, position)
                self._set_attributes(txn, made, child.get("attributes", {}))
                self._fill_text(txn, made, child["$xmltext"])
            else:
                raise Unsupported("xml.insert." + str(tag))

    def _set_attributes(self, txn: Any, node: Any, attributes: dict[str, Any]) -> None:
        for name, value in attributes.items():
            if type(value) is not str:
                raise Unsupported("xml.set.any")
            node.set_attribute(txn, checked_text(name), checked_text(value))
