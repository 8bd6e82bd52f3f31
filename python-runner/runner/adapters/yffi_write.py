"""Local operations by yffi's C interface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator

from ..errors import StepError, Unsupported
from ..values import shared_tag, utf16_length
from . import yffi_api as api
from .yffi_values import Given

if TYPE_CHECKING:
    from .yffi_api import Api

Step = Dict[str, Any]

_TAGS = {
    "$text": api.TEXT,
    "$array": api.ARRAY,
    "$map": api.MAP,
    "$fragment": api.XML_FRAG,
    "$element": api.XML_ELEM,
    "$xmltext": api.XML_TEXT,
}
_SUITED = {
    "text": (api.TEXT, api.XML_TEXT),
    "array": (api.ARRAY,),
    "map": (api.MAP,),
    "xml": (api.XML_FRAG, api.XML_ELEM),
    "xml.set": (api.XML_ELEM, api.XML_TEXT),
    "xml.unset": (api.XML_ELEM, api.XML_TEXT),
}
"""Op, or family of ops -> the kinds of types that it works on: the library does not check."""


class Operations:
    """Performs local ops on shared types, within an open transaction."""

    def __init__(self, library: Api) -> None:
        self._ffi, self._lib, self._api = library.ffi, library.lib, library
        self.by_name: dict[str, Callable[[Any, Any, Step, Given], None]] = {
            "text.insert": self._text_insert,
            "text.embed": self._text_embed,
            "text.format": self._text_format,
            "text.delete": self._text_delete,
            "text.delta": self._text_delta,
            "array.insert": self._array_insert,
            "array.delete": self._array_delete,
            "map.set": self._map_set,
            "map.delete": self._map_delete,
            "map.clear": lambda node, txn, _op, _given: self._lib.ymap_remove_all(node, txn),
            "xml.insert": self._xml_insert,
            "xml.delete": self._xml_delete,
            "xml.set": self._xml_set,
            "xml.unset": self._xml_unset,
        }

    def perform(self, node: Any, txn: Any, op: Step) -> None:
        name = op["op"]
        if self._lib.ytype_kind(node) not in _SUITED.get(name, _SUITED[name.partition(".")[0]]):
            raise StepError("refused", "the path does not lead to a type of the op")
        self.by_name[name](node, txn, op, Given(self._api))

    def _is_xml(self, node: Any) -> bool:
        return bool(self._lib.ytype_kind(node) == api.XML_TEXT)

    def _attributes(self, op: Step, given: Given) -> Any:
        return given.entries(op["attributes"]) if "attributes" in op else self._ffi.NULL

    def _text_insert(self, node: Any, txn: Any, op: Step, given: Given) -> None:
        insert = self._lib.yxmltext_insert if self._is_xml(node) else self._lib.ytext_insert
        insert(node, txn, op["index"], given.text(op["text"]), self._attributes(op, given))

    def _text_embed(self, node: Any, txn: Any, op: Step, given: Given) -> None:
        if shared_tag(op["value"]) is not None:
            raise Unsupported("text.embed.type")
        embed = self._lib.yxmltext_insert_embed if self._is_xml(node) else self._lib.ytext_insert_embed
        embed(node, txn, op["index"], given.value(op["value"]), self._attributes(op, given))

    def _text_format(self, node: Any, txn: Any, op: Step, given: Given) -> None:
        form = self._lib.yxmltext_format if self._is_xml(node) else self._lib.ytext_format
        form(node, txn, op["index"], op["length"], self._attributes(op, given))

    def _text_delete(self, node: Any, txn: Any, op: Step, _given: Given) -> None:
        remove = self._lib.yxmltext_remove_range if self._is_xml(node) else self._lib.ytext_remove_range
        remove(node, txn, op["index"], op["length"])

    def _text_delta(self, node: Any, txn: Any, op: Step, given: Given) -> None:
        if self._is_xml(node):
            raise Unsupported("text.delta.xml")
        delta = self._ffi.new("YDeltaIn[]", len(op["delta"]))
        for made, chunk in zip(delta, op["delta"]):
            made.len = chunk.get("retain", chunk.get("delete", 1))
            made.attributes = self._attributes(chunk, given)
            made.tag = api.DELTA_RETAIN if "retain" in chunk else api.DELTA_DELETE
            if "insert" in chunk:
                made.tag, made.insert = api.DELTA_INSERT, self._inserted(chunk["insert"], given)
        self._lib.ytext_insert_delta(node, txn, delta, len(op["delta"]))

    def _inserted(self, insert: Any, given: Given) -> Any:
        if type(insert) is not str:
            insert = insert["$embed"]
            if type(insert) is str:
                raise Unsupported("text.delta.embed.string")  # It would go in as text.
            if shared_tag(insert) is not None:
                raise Unsupported("text.delta.embed.type")
        return given.value(insert)

    # Arrays and maps

    def _array_insert(self, node: Any, txn: Any, op: Step, given: Given) -> None:
        self._insert_values(node, txn, op["index"], op["values"], given)

    def _array_delete(self, node: Any, txn: Any, op: Step, _given: Given) -> None:
        self._lib.yarray_remove_range(node, txn, op["index"], op["length"])

    def _map_set(self, node: Any, txn: Any, op: Step, given: Given) -> None:
        self._set_value(node, txn, op["key"], op["value"], given)

    def _map_delete(self, node: Any, txn: Any, op: Step, given: Given) -> None:
        self._lib.ymap_remove(node, txn, given.text(op["key"]))

    def _insert_values(self, node: Any, txn: Any, index: int, values: list[Any], given: Given) -> None:
        """Neighbouring plain values go in together, as one item."""
        for run in _runs(values):
            if shared_tag(run[0]) is None:
                self._lib.yarray_insert_range(node, txn, index, given.values(run), len(run))
            else:
                self._lib.yarray_insert_range(node, txn, index, self._shell(run[0], given), 1)
                self._fill(self._lib.yarray_get(node, txn, index), txn, run[0], given)
            index += len(run)

    def _set_value(self, node: Any, txn: Any, key: str, value: Any, given: Given) -> None:
        name = given.text(key)
        if shared_tag(value) is None:
            self._lib.ymap_insert(node, txn, name, given.value(value))
        else:
            self._lib.ymap_insert(node, txn, name, self._shell(value, given))
            self._fill(self._lib.ymap_get(node, txn, name), txn, value, given)

    # Shared types as values: an empty one is inserted, then filled by ordinary operations.

    def _shell(self, value: Any, given: Given) -> Any:
        tag = shared_tag(value) or ""
        if tag == "$doc":
            options = self._ffi.new("YOptions *")
            options.guid = given.text(value["$doc"])
            options.flags = api.OFFSET_UTF16 | api.SHOULD_LOAD
            made = self._lib.ydoc_new_with_options(options[0])
            return given.subdocument(self._ffi.gc(made, self._lib.ydoc_destroy))
        return given.shell(_TAGS[tag], value[tag] if tag == "$element" else "")

    def _fill(self, output: Any, txn: Any, value: Any, given: Given) -> None:
        branch = output.value.y_type
        self._lib.youtput_destroy(output)
        tag = shared_tag(value)
        if tag == "$array":
            self._insert_values(branch, txn, 0, value["$array"], given)
        elif tag == "$map":
            for key, item in value["$map"].items():
                self._set_value(branch, txn, key, item, given)
        elif tag == "$fragment":
            self._insert_nodes(branch, txn, 0, value["$fragment"], given)
        elif tag == "$element":
            self._fill_element(branch, txn, value, given)
        elif tag == "$xmltext":
            self._fill_xml_text(branch, txn, value, given)
        elif tag == "$text":
            self._fill_text(branch, txn, value["$text"], given)

    def _fill_text(self, branch: Any, txn: Any, content: Any, given: Given) -> None:
        xml = self._is_xml(branch)
        insert = self._lib.yxmltext_insert if xml else self._lib.ytext_insert
        if type(content) is str:
            if content:
                insert(branch, txn, 0, given.text(content), self._ffi.NULL)
            return
        embed = self._lib.yxmltext_insert_embed if xml else self._lib.ytext_insert_embed
        end = 0
        for chunk in content:
            # Empty attributes, rather than none, keep a chunk free of its left neighbour's.
            attributes = given.entries(chunk.get("attributes", {}))
            if type(chunk["insert"]) is str:
                insert(branch, txn, end, given.text(chunk["insert"]), attributes)
                end += utf16_length(chunk["insert"])
            elif shared_tag(chunk["insert"]["$embed"]) is not None:
                raise Unsupported("text.embed.type")
            else:
                embed(branch, txn, end, given.value(chunk["insert"]["$embed"]), attributes)
                end += 1

    # XML

    def _xml_insert(self, node: Any, txn: Any, op: Step, given: Given) -> None:
        self._insert_nodes(node, txn, op["index"], op["nodes"], given)

    def _xml_delete(self, node: Any, txn: Any, op: Step, _given: Given) -> None:
        self._lib.yxmlelem_remove_range(node, txn, op["index"], op["length"])

    def _xml_set(self, node: Any, txn: Any, op: Step, given: Given) -> None:
        self._set_attributes(node, txn, {op["name"]: op["value"]}, given)

    def _xml_unset(self, node: Any, txn: Any, op: Step, given: Given) -> None:
        remove = self._lib.yxmltext_remove_attr if self._is_xml(node) else self._lib.yxmlelem_remove_attr
        remove(node, txn, given.text(op["name"]))

    def _set_attributes(self, node: Any, txn: Any, attributes: dict[str, Any], given: Given) -> None:
        insert = self._lib.yxmltext_insert_attr if self._is_xml(node) else self._lib.yxmlelem_insert_attr
        for name, value in attributes.items():
            if shared_tag(value) is not None:
                raise Unsupported("xml.set.type")
            insert(node, txn, given.text(name), given.value(value))

    def _insert_nodes(self, parent: Any, txn: Any, index: int, nodes: list[Any], given: Given) -> None:
        for place, node in enumerate(nodes, index):
            if "$element" in node:
                made = self._lib.yxmlelem_insert_elem(parent, txn, place, given.text(node["$element"]))
                self._fill_element(made, txn, node, given)
            else:
                made = self._lib.yxmlelem_insert_text(parent, txn, place)
                self._fill_xml_text(made, txn, node, given)

    def _fill_element(self, made: Any, txn: Any, node: Any, given: Given) -> None:
        self._set_attributes(made, txn, node.get("attributes", {}), given)
        self._insert_nodes(made, txn, 0, node.get("children", []), given)

    def _fill_xml_text(self, made: Any, txn: Any, node: Any, given: Given) -> None:
        self._set_attributes(made, txn, node.get("attributes", {}), given)
        self._fill_text(made, txn, node["$xmltext"], given)


def _runs(values: list[Any]) -> Iterator[list[Any]]:
    """Plain values together, each shared type by itself."""
    run: list[Any] = []
    for value in values:
        if shared_tag(value) is None:
            run.append(value)
            continue
        if run:
            yield run
        yield [value]
        run = []
    if run:
        yield run
