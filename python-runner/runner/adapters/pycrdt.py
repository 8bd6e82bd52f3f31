"""pycrdt: https://github.com/y-crdt/pycrdt

Offsets in its texts are UTF-8 bytes. It keeps null and undefined apart in the document, but reads both as None.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, FrozenSet, List, Optional

from ..errors import StepError, Unsupported
from ..values import Reader, Writer, checked_text, shared_tag, text_chunks, utf16_length
from . import pycrdt_probe
from .version import version_of

_REMOTE = "remote"
"""Origin of applied updates where there is an undo manager, which is not to track them."""


def load() -> PycrdtAdapter:
    import pycrdt

    return PycrdtAdapter(pycrdt)


class PycrdtAdapter:
    """The loaded pycrdt. `kinds` maps its classes to tags; the classes that a release lacks are left out."""

    name = "pycrdt"

    def __init__(self, library: Any) -> None:
        self.library = library
        self.version = version_of(library, "pycrdt")
        probed = pycrdt_probe.probe(library)
        self.features: FrozenSet[str] = probed.features
        self.lossy: FrozenSet[str] = probed.lossy
        self.reader = Reader(int_is_bigint="bigint" not in probed.lossy)
        self.writer = Writer(probed.writes_bigint, probed.features)
        names = {
            "text": "Text",
            "array": "Array",
            "map": "Map",
            "xml": "XmlFragment",
            "element": "XmlElement",
            "xmltext": "XmlText",
        }
        self.types = {kind: getattr(library, name) for kind, name in names.items() if hasattr(library, name)}
        self.kinds = {cls: kind for kind, cls in self.types.items()}

    def create(self, client: int, gc: bool, roots: Dict[str, str]) -> PycrdtPeer:
        options = {} if gc else {"skip_gc": True}
        return PycrdtPeer(self, self.library.Doc(client_id=client, **options), roots)

    def merge(self, updates: List[bytes]) -> bytes:
        return bytes(self.library.merge_updates(*updates))

    def diff(self, update: bytes, since: bytes) -> bytes:
        return bytes(self.library.get_update(update, since))

    def update_state_vector(self, update: bytes) -> bytes:
        return bytes(self.library.get_state(update))


class PycrdtPeer:
    """One pycrdt.Doc."""

    __slots__ = ("_adapter", "_doc", "_handles", "_roots", "_undo")

    def __init__(self, adapter: PycrdtAdapter, doc: Any, roots: Dict[str, str]) -> None:
        self._adapter = adapter
        self._doc = doc
        self._roots = roots
        self._handles: Dict[str, Any] = {}
        self._undo: Any = None

    def declare(self) -> None:
        for name in self._roots:
            self._root(name)

    def perform(self, ops: List[Dict[str, Any]], emit: bool) -> Optional[bytes]:
        doc = self._doc
        if not emit:
            with doc.transaction():
                for op in ops:
                    _OPS[op["op"]](self, op)
            return None
        emitted: List[bytes] = []
        # A subscription and its document keep each other alive until it is dropped.
        subscription = doc.observe(lambda event: emitted.append(event.update))
        try:
            with doc.transaction():
                for op in ops:
                    _OPS[op["op"]](self, op)
        finally:
            doc.unobserve(subscription)
        return emitted[0] if emitted else None

    def apply(self, update: bytes) -> None:
        if self._undo is None:
            self._doc.apply_update(update)
        else:
            with self._doc.transaction(origin=_REMOTE):
                self._doc.apply_update(update)

    def encode(self, since: Optional[bytes]) -> bytes:
        return bytes(self._doc.get_update() if since is None else self._doc.get_update(since))

    def state_vector(self) -> bytes:
        return bytes(self._doc.get_state())

    def state(self) -> Dict[str, Any]:
        with self._doc.transaction():
            return {name: self._read(self._root(name)) for name in self._roots}

    def track(self, paths: List[List[Any]]) -> None:
        self._undo = self._adapter.library.UndoManager(
            scopes=[self._node(path) for path in paths], capture_timeout_millis=0
        )

    def undo(self) -> bool:
        return self._undo is not None and bool(self._undo.undo())

    def redo(self) -> bool:
        return self._undo is not None and bool(self._undo.redo())

    def _root(self, name: str) -> Any:
        handle = self._handles.get(name)
        if handle is None:
            if name not in self._roots:
                raise StepError("runner", "the session has no root {!r}".format(name))
            handle = self._adapter.types[self._roots[name]]()
            self._doc[name] = handle
            self._handles[name] = handle
        return handle

    def _node(self, path: List[Any]) -> Any:
        node = self._root(path[0])
        for part in path[1:]:
            kind = self._adapter.kinds.get(type(node))
            node = node.children[part] if kind in ("xml", "element") else node[part]
        if type(node) not in self._adapter.kinds:
            raise StepError("refused", "no shared type at {!r}".format(path))
        return node

    # Texts

    def _text_insert(self, op: Dict[str, Any]) -> None:
        text = self._node(op["path"])
        index = self._offset(text, op["index"])
        attributes = op.get("attributes")
        if attributes is None:
            text.insert(index, checked_text(op["text"]))
        else:
            text.insert(index, checked_text(op["text"]), self._adapter.writer.attributes(attributes))

    def _text_embed(self, op: Dict[str, Any]) -> None:
        text = self._node(op["path"])
        value = op["value"]
        if shared_tag(value) is not None:
            raise Unsupported("text.embed.type")
        attributes = op.get("attributes")
        text.insert_embed(
            self._offset(text, op["index"]),
            self._adapter.writer.plain(value),
            None if attributes is None else self._adapter.writer.attributes(attributes),
        )

    def _text_format(self, op: Dict[str, Any]) -> None:
        text = self._node(op["path"])
        start = self._offset(text, op["index"])
        stop = self._offset(text, op["index"] + op["length"])
        text.format(start, stop, self._adapter.writer.attributes(op["attributes"]))

    def _text_delete(self, op: Dict[str, Any]) -> None:
        text = self._node(op["path"])
        start = self._offset(text, op["index"])
        del text[start : self._offset(text, op["index"] + op["length"])]

    def _offset(self, text: Any, units: int) -> int:
        """The offset in UTF-8 bytes that is `units` UTF-16 units from the start; an embed counts one in both."""
        if units == 0:
            return 0
        plain = str(text)
        if len(plain) == len(text):
            # As many characters as bytes and embeds: all ASCII, without an embed.
            return units
        parts = [insert for insert, _ in text.diff()] if hasattr(text, "diff") else [plain]
        offset = 0
        for part in parts:
            if type(part) is not str:
                if units == 0:
                    break
                units -= 1
                offset += 1
                continue
            length = utf16_length(part)
            if units > length:
                units -= length
                offset += len(part.encode())
                continue
            try:
                head = part.encode("utf-16-le")[: 2 * units].decode("utf-16-le")
            except UnicodeDecodeError:
                raise Unsupported("text.surrogate-split") from None
            return offset + len(head.encode())
        # Past the end by what is left: for the library to judge.
        return offset + units

    # Arrays and maps

    def _array_insert(self, op: Dict[str, Any]) -> None:
        self._insert_values(self._node(op["path"]), op["index"], op["values"])

    def _array_delete(self, op: Dict[str, Any]) -> None:
        index = op["index"]
        del self._node(op["path"])[index : index + op["length"]]

    def _map_set(self, op: Dict[str, Any]) -> None:
        self._set_value(self._node(op["path"]), checked_text(op["key"]), op["value"])

    def _map_delete(self, op: Dict[str, Any]) -> None:
        # pycrdt raises for a key that is not there; the op asks only that it be gone.
        self._node(op["path"]).pop(op["key"], None)

    def _insert_values(self, array: Any, index: int, values: List[Any]) -> None:
        for position, value in enumerate(values, index):
            tag = shared_tag(value)
            if tag is None:
                array.insert(position, self._adapter.writer.plain(value))
            else:
                shell = self._shell(tag, value)
                array.insert(position, shell)
                self._fill(tag, shell, value)

    def _set_value(self, mapping: Any, key: str, value: Any) -> None:
        tag = shared_tag(value)
        if tag is None:
            mapping[key] = self._adapter.writer.plain(value)
        else:
            shell = self._shell(tag, value)
            mapping[key] = shell
            self._fill(tag, shell, value)

    # XML

    def _xml_insert(self, op: Dict[str, Any]) -> None:
        self._insert_nodes(self._node(op["path"]), op["index"], op["nodes"])

    def _xml_delete(self, op: Dict[str, Any]) -> None:
        index = op["index"]
        del self._node(op["path"]).children[index : index + op["length"]]

    def _xml_set(self, op: Dict[str, Any]) -> None:
        self._set_attributes(self._node(op["path"]), {op["name"]: op["value"]})

    def _xml_unset(self, op: Dict[str, Any]) -> None:
        del self._node(op["path"]).attributes[op["name"]]

    def _insert_nodes(self, parent: Any, index: int, nodes: List[Any]) -> None:
        for position, node in enumerate(nodes, index):
            tag = shared_tag(node)
            if tag not in ("$element", "$xmltext"):
                raise Unsupported("xml.insert." + str(tag))
            # pycrdt builds children from shells of its own; a text of XML may not begin as a shell.
            shell = parent.children.insert(position, self._shell(tag, node))
            self._fill(tag, shell, node)

    def _set_attributes(self, node: Any, attributes: Dict[str, Any]) -> None:
        for name, value in attributes.items():
            if type(value) is not str and "xml.set.any" not in self._adapter.features:
                raise Unsupported("xml.set.any")
            node.attributes[checked_text(name)] = self._adapter.writer.plain(value)

    # Shared types as values: an empty one is inserted, then filled by ordinary operations.

    def _shell(self, tag: str, value: Any) -> Any:
        feature, kind = _TAGS[tag]
        if tag != "$xmltext" and feature not in self._adapter.features:
            raise Unsupported(feature)
        if tag == "$doc":
            return self._adapter.library.Doc(guid=value["$doc"])
        cls = self._adapter.types[kind]
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
        writer = self._adapter.writer
        for chunk in content:
            end, insert = len(text), chunk["insert"]
            # Empty attributes, rather than none, keep a chunk free of its left neighbour's.
            attributes = writer.attributes(chunk.get("attributes", {}))
            if type(insert) is str:
                text.insert(end, checked_text(insert), attributes)
            else:
                text.insert_embed(end, writer.plain(insert["$embed"]), attributes)

    # Reading

    def _read(self, value: Any) -> Any:
        kind = self._adapter.kinds.get(type(value))
        if kind is None:
            if isinstance(value, self._adapter.library.Doc):
                return {"$doc": value.guid} if hasattr(value, "guid") else {"$doc": ""}
            return self._adapter.reader.plain(value)
        if kind == "text":
            return {"$text": self._read_text(value)}
        if kind == "array":
            return {"$array": [self._read(item) for item in value]}
        if kind == "map":
            return {"$map": {key: self._read(value[key]) for key in value.keys()}}  # noqa: SIM118 - not a dict
        if kind == "xml":
            return {"$fragment": [self._read(child) for child in value.children]}
        if kind == "element":
            result: Dict[str, Any] = {"$element": value.tag}
            children = [self._read(child) for child in value.children]
            if children:
                result["children"] = children
        else:
            result = {"$xmltext": self._read_text(value)}
        attributes = self._adapter.reader.attributes(value.attributes)
        if attributes:
            result["attributes"] = attributes
        return result

    def _read_text(self, text: Any) -> Any:
        if not hasattr(text, "diff"):
            return str(text)
        reader = self._adapter.reader
        return text_chunks(
            (
                insert if type(insert) is str else {"$embed": self._read(insert)},
                {} if attributes is None else reader.attributes(attributes.items()),
            )
            for insert, attributes in text.diff()
        )


_TAGS = {
    "$text": ("value.text", "text"),
    "$array": ("value.array", "array"),
    "$map": ("value.map", "map"),
    "$fragment": ("value.xml", "xml"),
    "$element": ("xml.insert", "element"),
    "$xmltext": ("xml.insert", "xmltext"),
    "$doc": ("value.doc", "doc"),
}
"""Tag -> the feature that writing it needs, and the kind of its class."""

_OPS: Dict[str, Callable[[PycrdtPeer, Dict[str, Any]], None]] = {
    "text.insert": PycrdtPeer._text_insert,
    "text.embed": PycrdtPeer._text_embed,
    "text.format": PycrdtPeer._text_format,
    "text.delete": PycrdtPeer._text_delete,
    "array.insert": PycrdtPeer._array_insert,
    "array.delete": PycrdtPeer._array_delete,
    "map.set": PycrdtPeer._map_set,
    "map.delete": PycrdtPeer._map_delete,
    "xml.insert": PycrdtPeer._xml_insert,
    "xml.delete": PycrdtPeer._xml_delete,
    "xml.set": PycrdtPeer._xml_set,
    "xml.unset": PycrdtPeer._xml_unset,
}
