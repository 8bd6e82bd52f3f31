"""Ypy, y-py on PyPI: https://github.com/y-crdt/ypy

Its texts tell neither attributes nor embeds. A document counts UTF-16 units if created so. Subdocuments break it.
A document may have one open transaction, and reading opens one of its own where none is open.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, FrozenSet, List, Optional

from ..errors import StepError, Unsupported
from ..values import Reader, Writer, checked_text, shared_tag
from . import ypy_probe
from .version import version_of

_NOTHING = b"\x00\x00"
"""The update of a transaction that changed nothing: Ypy announces those too."""

_ROOTS = {"text": "get_text", "array": "get_array", "map": "get_map", "xml": "get_xml_element"}
"""Kind of a root -> its getter. An XML root comes as an element without a name, whatever made it."""


def load() -> YpyAdapter:
    import y_py

    return YpyAdapter(y_py)


class YpyAdapter:
    """The loaded y_py."""

    name = "ypy"

    def __init__(self, library: Any) -> None:
        self.library = library
        self.version = version_of(library, "y-py")
        probed = ypy_probe.probe(library)
        self.features: FrozenSet[str] = probed.features
        self.lossy: FrozenSet[str] = probed.lossy
        self.reader = Reader(int_is_bigint="bigint" not in probed.lossy)
        self.writer = Writer(probed.writes_bigint, probed.features)
        self.text, self.array, self.map = library.YText, library.YArray, library.YMap
        self.element, self.xmltext = library.YXmlElement, library.YXmlText
        self.nodes = frozenset([self.text, self.array, self.map, self.element, self.xmltext])

    def create(self, client: int, gc: bool, roots: Dict[str, str]) -> YpyPeer:
        options = {} if gc else {"skip_gc": True}
        return YpyPeer(self, self.library.YDoc(client, offset_kind="utf16", **options), roots)

    def merge(self, updates: List[bytes]) -> bytes:
        raise Unsupported("merge")

    def diff(self, update: bytes, since: bytes) -> bytes:
        raise Unsupported("diff")

    def update_state_vector(self, update: bytes) -> bytes:
        raise Unsupported("update_state_vector")


class YpyPeer:
    """One y_py.YDoc."""

    __slots__ = ("_adapter", "_doc", "_handles", "_roots", "_sink", "_subscription")

    def __init__(self, adapter: YpyAdapter, doc: Any, roots: Dict[str, str]) -> None:
        self._adapter = adapter
        self._doc = doc
        self._roots = roots
        self._handles: Dict[str, Any] = {}
        self._sink: List[Optional[List[bytes]]] = [None]
        self._subscription: Any = None

    def declare(self) -> None:
        for name in self._roots:
            self._root(name)

    def perform(self, ops: List[Dict[str, Any]], emit: bool) -> Optional[bytes]:
        for op in ops:
            # A root cannot be named while a transaction is open.
            self._root(op["path"][0])
        if not emit:
            with self._doc.begin_transaction() as txn:
                for op in ops:
                    _OPS[op["op"]](self, txn, op)
            return None
        emitted: List[bytes] = []
        self._subscribe()
        self._sink[0] = emitted
        try:
            with self._doc.begin_transaction() as txn:
                for op in ops:
                    _OPS[op["op"]](self, txn, op)
        finally:
            self._sink[0] = None
        return emitted[0] if emitted and emitted[0] != _NOTHING else None

    def _subscribe(self) -> None:
        """Subscribes once: there is no way to end it. The callback knows the sink only, so no cycle is made."""
        if self._subscription is None:
            sink = self._sink

            def collect(event: Any) -> None:
                emitted = sink[0]
                if emitted is not None:
                    emitted.append(bytes(event.get_update()))

            self._subscription = self._doc.observe_after_transaction(collect)

    def apply(self, update: bytes) -> None:
        self._adapter.library.apply_update(self._doc, update)

    def encode(self, since: Optional[bytes]) -> bytes:
        encode = self._adapter.library.encode_state_as_update
        return bytes(encode(self._doc) if since is None else encode(self._doc, since))

    def state_vector(self) -> bytes:
        return bytes(self._adapter.library.encode_state_vector(self._doc))

    def state(self) -> Dict[str, Any]:
        return {name: self._read_root(name, kind) for name, kind in self._roots.items()}

    def track(self, paths: List[List[Any]]) -> None:
        raise Unsupported("undo.track")

    def undo(self) -> bool:
        raise Unsupported("undo")

    def redo(self) -> bool:
        raise Unsupported("redo")

    def _root(self, name: str) -> Any:
        handle = self._handles.get(name)
        if handle is None:
            if name not in self._roots:
                raise StepError("runner", "the session has no root {!r}".format(name))
            handle = self._handles[name] = getattr(self._doc, _ROOTS[self._roots[name]])(name)
        return handle

    def _node(self, path: List[Any]) -> Any:
        node = self._root(path[0])
        for part in path[1:]:
            node = self._child(node, part) if type(node) is self._adapter.element else node[part]
        if type(node) not in self._adapter.nodes:
            raise StepError("refused", "no shared type at {!r}".format(path))
        return node

    def _child(self, element: Any, index: int) -> Any:
        child = element.first_child
        for _ in range(index):
            if child is None:
                break
            child = child.next_sibling
        return child

    # Texts

    def _attributes(self, text: Any, op: Dict[str, Any]) -> List[Dict[str, Any]]:
        """The attributes as further arguments: none, or one."""
        if "attributes" not in op:
            return []
        if type(text) is self._adapter.xmltext:
            raise Unsupported("xml.text.attributes")
        return [self._adapter.writer.attributes(op["attributes"])]

    def _text_insert(self, txn: Any, op: Dict[str, Any]) -> None:
        text = self._node(op["path"])
        text.insert(txn, op["index"], checked_text(op["text"]), *self._attributes(text, op))

    def _text_embed(self, txn: Any, op: Dict[str, Any]) -> None:
        text = self._node(op["path"])
        if shared_tag(op["value"]) is not None:
            raise Unsupported("text.embed.type")
        if type(text) is self._adapter.xmltext:
            raise Unsupported("xml.text.embed")
        text.insert_embed(
            txn, op["index"], self._adapter.writer.plain(op["value"]), *self._attributes(text, op)
        )

    def _text_format(self, txn: Any, op: Dict[str, Any]) -> None:
        text = self._node(op["path"])
        text.format(txn, op["index"], op["length"], *self._attributes(text, op))

    def _text_delete(self, txn: Any, op: Dict[str, Any]) -> None:
        text = self._node(op["path"])
        delete = text.delete if type(text) is self._adapter.xmltext else text.delete_range
        delete(txn, op["index"], op["length"])

    # Arrays and maps

    def _array_insert(self, txn: Any, op: Dict[str, Any]) -> None:
        self._insert_values(txn, self._node(op["path"]), op["index"], op["values"])

    def _array_delete(self, txn: Any, op: Dict[str, Any]) -> None:
        self._node(op["path"]).delete_range(txn, op["index"], op["length"])

    def _map_set(self, txn: Any, op: Dict[str, Any]) -> None:
        self._set_value(txn, self._node(op["path"]), checked_text(op["key"]), op["value"])

    def _map_delete(self, txn: Any, op: Dict[str, Any]) -> None:
        mapping = self._node(op["path"])
        # Ypy raises for a key that is not there; the op asks only that it be gone.
        if op["key"] in mapping:
            mapping.pop(txn, op["key"])

    def _insert_values(self, txn: Any, array: Any, index: int, values: List[Any]) -> None:
        if not any(shared_tag(value) for value in values):
            array.insert_range(txn, index, [self._adapter.writer.plain(value) for value in values])
            return
        for position, value in enumerate(values, index):
            tag = shared_tag(value)
            if tag is None:
                array.insert(txn, position, self._adapter.writer.plain(value))
            else:
                shell = self._shell(tag)
                array.insert(txn, position, shell)
                self._fill(txn, tag, shell, value)

    def _set_value(self, txn: Any, mapping: Any, key: str, value: Any) -> None:
        tag = shared_tag(value)
        if tag is None:
            mapping.set(txn, key, self._adapter.writer.plain(value))
        else:
            shell = self._shell(tag)
            mapping.set(txn, key, shell)
            self._fill(txn, tag, shell, value)

    # Shared types as values: an empty one is inserted, then filled by ordinary operations.

    def _shell(self, tag: str) -> Any:
        if tag == "$text":
            return self._adapter.text("")
        if tag == "$array":
            return self._adapter.array([])
        if tag == "$map":
            return self._adapter.map({})
        raise Unsupported("value.doc" if tag == "$doc" else "value.xml")

    def _fill(self, txn: Any, tag: str, shell: Any, value: Any) -> None:
        if tag == "$text":
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
        if type(text) is self._adapter.xmltext:
            raise Unsupported("xml.text.attributes")
        writer = self._adapter.writer
        for chunk in content:
            end, insert = len(text), chunk["insert"]
            # Empty attributes, rather than none, keep a chunk free of its left neighbour's.
            attributes = writer.attributes(chunk.get("attributes", {}))
            if type(insert) is str:
                text.insert(txn, end, checked_text(insert), attributes)
            else:
                text.insert_embed(txn, end, writer.plain(insert["$embed"]), attributes)

    # XML

    def _xml_insert(self, txn: Any, op: Dict[str, Any]) -> None:
        self._insert_nodes(txn, self._node(op["path"]), op["index"], op["nodes"])

    def _xml_delete(self, txn: Any, op: Dict[str, Any]) -> None:
        self._node(op["path"]).delete(txn, op["index"], op["length"])

    def _xml_set(self, txn: Any, op: Dict[str, Any]) -> None:
        self._set_attributes(txn, self._node(op["path"]), {op["name"]: op["value"]})

    def _xml_unset(self, txn: Any, op: Dict[str, Any]) -> None:
        self._node(op["path"]).remove_attribute(txn, op["name"])

    def _insert_nodes(self, txn: Any, parent: Any, index: int, nodes: List[Any]) -> None:
        for position, node in enumerate(nodes, index):
            tag = shared_tag(node)
            if tag == "$element":
                made = parent.insert_xml_element(txn, position, checked_text(node["$element"]))
                self._set_attributes(txn, made, node.get("attributes", {}))
                self._insert_nodes(txn, made, 0, node.get("children", []))
            elif tag == "$xmltext":
                made = parent.insert_xml_text(txn, position)
                self._set_attributes(txn, made, node.get("attributes", {}))
                self._fill_text(txn, made, node["$xmltext"])
            else:
                raise Unsupported("xml.insert." + str(tag))

    def _set_attributes(self, txn: Any, node: Any, attributes: Dict[str, Any]) -> None:
        for name, value in attributes.items():
            if type(value) is not str:
                raise Unsupported("xml.set.any")
            node.set_attribute(txn, checked_text(name), checked_text(value))

    # Reading

    def _read_root(self, name: str, kind: str) -> Any:
        handle = self._root(name)
        return {"$fragment": self._children(handle)} if kind == "xml" else self._read(handle)

    def _read(self, value: Any) -> Any:
        adapter = self._adapter
        kind = type(value)
        if kind not in adapter.nodes:
            return adapter.reader.plain(value)
        if kind is adapter.text:
            return {"$text": str(value)}
        if kind is adapter.array:
            # Its iterator turns nested shared types into plain values.
            return {"$array": [self._read(value[index]) for index in range(len(value))]}
        if kind is adapter.map:
            # Views of items break the process when they outlive their document.
            return {"$map": {key: self._read(value[key]) for key in list(value)}}
        if kind is adapter.element:
            result: Dict[str, Any] = {"$element": value.name}
            children = self._children(value)
            if children:
                result["children"] = children
        else:
            result = {"$xmltext": str(value)}
        attributes = adapter.reader.attributes(value.attributes())
        if attributes:
            result["attributes"] = attributes
        return result

    def _children(self, element: Any) -> List[Any]:
        children = []
        child = element.first_child
        while child is not None:
            children.append(self._read(child))
            child = child.next_sibling
        return children


_OPS: Dict[str, Callable[[YpyPeer, Any, Dict[str, Any]], None]] = {
    "text.insert": YpyPeer._text_insert,
    "text.embed": YpyPeer._text_embed,
    "text.format": YpyPeer._text_format,
    "text.delete": YpyPeer._text_delete,
    "array.insert": YpyPeer._array_insert,
    "array.delete": YpyPeer._array_delete,
    "map.set": YpyPeer._map_set,
    "map.delete": YpyPeer._map_delete,
    "xml.insert": YpyPeer._xml_insert,
    "xml.delete": YpyPeer._xml_delete,
    "xml.set": YpyPeer._xml_set,
    "xml.unset": YpyPeer._xml_unset,
}
