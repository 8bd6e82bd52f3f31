"""Values of the C interface: what a call is given, and what it returns."""

from __future__ import annotations

from binascii import a2b_base64
from typing import TYPE_CHECKING, Any

from ..errors import StepError, Unsupported
from ..values import MAX_SAFE_INTEGER, SHARED_TAGS, base64, checked_text, number, text_chunks
from . import yffi_api as api

if TYPE_CHECKING:
    from .yffi_api import Api

_NUMBERS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf"), "-0": -0.0}


class Given:
    """The memory that a call is given. It must live until the call returns."""

    def __init__(self, library: Api) -> None:
        self._ffi = library.ffi
        self._alive: list[Any] = []

    def text(self, text: str) -> Any:
        """A string of C, which ends at a NUL."""
        if "\0" in text:
            raise Unsupported("text.nul")
        return self._keep(self._ffi.new("char[]", checked_text(text).encode()))

    def value(self, value: Any) -> Any:
        """A pointer to a plain value."""
        made = self._keep(self._ffi.new("YInput *"))
        self.fill(made, value)
        return made

    def values(self, values: list[Any]) -> Any:
        made = self._keep(self._ffi.new("YInput[]", len(values)))
        for place, value in enumerate(values):
            self.fill(self._ffi.addressof(made, place), value)
        return made

    def entries(self, entries: dict[str, Any]) -> Any:
        """A pointer to a plain object, such as attributes."""
        made = self._keep(self._ffi.new("YInput *"))
        self._object(made, entries)
        return made

    def shell(self, tag: int, name: str = "") -> Any:
        """A pointer to an empty shared type."""
        made = self._keep(self._ffi.new("YInput *"))
        made.tag = tag
        if tag in (api.TEXT, api.XML_TEXT, api.XML_ELEM):
            made.len, made.value.str = 1, self.text(name)
        return made

    def subdocument(self, doc: Any) -> Any:
        made = self._keep(self._ffi.new("YInput *"))
        made.tag, made.len, made.value.doc = api.DOC, 1, doc
        self._keep(doc)
        return made

    def fill(self, made: Any, value: Any) -> None:
        kind = type(value)
        made.len = 1
        if value is None:
            made.tag, made.len = api.JSON_NULL, 0
        elif kind is bool:
            made.tag, made.value.flag = api.JSON_BOOL, value
        elif kind is int or kind is float:
            self._number(made, float(value))
        elif kind is str:
            made.tag, made.value.str = api.JSON_STR, self.text(value)
        elif kind is list:
            made.tag, made.len, made.value.values = api.JSON_ARR, len(value), self.values(value)
        else:
            tag = next((key for key in value if key.startswith("$")), None)
            if tag is None:
                self._object(made, value)
            else:
                self._tagged(made, tag, value[tag])

    def _number(self, made: Any, value: float) -> None:
        # Integral ones are given as the library's integer, as an application would. -0 is none.
        if value.is_integer() and abs(value) <= MAX_SAFE_INTEGER and str(value) != "-0.0":
            made.tag, made.value.integer = api.JSON_INT, int(value)
        else:
            made.tag, made.value.num = api.JSON_NUM, value

    def _object(self, made: Any, entries: dict[str, Any]) -> None:
        keys = self._keep(self._ffi.new("char *[]", [self.text(key) for key in entries]))
        made.tag, made.len = api.JSON_MAP, len(entries)
        made.value.map.keys, made.value.map.values = keys, self.values(list(entries.values()))

    def _tagged(self, made: Any, tag: str, content: Any) -> None:
        if tag == "$undefined":
            made.tag, made.len = api.JSON_UNDEF, 0
        elif tag == "$number":
            self._number(made, _NUMBERS[content])
        elif tag == "$bigint":
            made.tag, made.value.integer = api.JSON_INT, int(content)
        elif tag == "$bytes":
            data = a2b_base64(content)
            made.tag, made.len = api.JSON_BUF, len(data)
            made.value.buf = self._keep(self._ffi.new("char[]", data))
        elif tag == "$object":
            self._object(made, content)
        elif tag in SHARED_TAGS:
            raise Unsupported("value.plain." + tag[1:])
        else:
            raise StepError("runner", "unknown tag " + tag)

    def _keep(self, made: Any) -> Any:
        self._alive.append(made)
        return made


class Reading:
    """Reads what a document holds, within a transaction."""

    def __init__(self, library: Api) -> None:
        self._ffi, self._lib, self._api = library.ffi, library.lib, library

    def state(self, branch: Any, txn: Any) -> Any:
        """The typed state of a shared type."""
        return self._shared(self._lib.ytype_kind(branch), branch, txn)

    def take(self, output: Any, txn: Any) -> Any:
        """The typed state of a value that the library returned, which is given back."""
        try:
            return self.value(output, txn)
        finally:
            self._lib.youtput_destroy(output)

    def value(self, output: Any, txn: Any) -> Any:
        """The typed state of a value that the library keeps."""
        tag, value = output.tag, output.value
        if tag == api.JSON_STR:
            return self._ffi.string(value.str).decode()
        if tag == api.JSON_INT:
            return {"$bigint": str(value.integer)} if abs(value.integer) > MAX_SAFE_INTEGER else value.integer
        if tag == api.JSON_NUM:
            return number(value.num)
        if tag == api.JSON_BOOL:
            return bool(value.flag)
        if tag == api.JSON_NULL:
            return None
        if tag == api.JSON_UNDEF:
            return {"$undefined": True}
        if tag == api.JSON_BUF:
            return {"$bytes": base64(bytes(self._ffi.buffer(value.buf, output.len)))}
        if tag == api.JSON_ARR:
            return [self.value(value.array[place], txn) for place in range(output.len)]
        if tag == api.JSON_MAP:
            entries = self._entries(value.map, output.len, txn)
            return {"$object": entries} if any(key.startswith("$") for key in entries) else entries
        if tag == api.DOC:
            return {"$doc": self._api.take_text(self._lib.ydoc_guid(value.y_doc))}
        return self._shared(tag, value.y_type, txn)

    def _shared(self, tag: int, branch: Any, txn: Any) -> Any:
        if tag == api.TEXT:
            return {"$text": self._text(branch, txn)}
        if tag == api.ARRAY:
            return {"$array": self._array(branch, txn)}
        if tag == api.MAP:
            return {"$map": self._map(branch, txn)}
        if tag == api.XML_FRAG:
            return {"$fragment": self._children(branch, txn)}
        if tag == api.XML_TEXT:
            made = {"$xmltext": self._text(branch, txn)}
            attributes = self._attributes(self._lib.yxmltext_attr_iter(branch, txn), txn)
            return {**made, "attributes": attributes} if attributes else made
        if tag == api.XML_ELEM:
            made = {"$element": self._api.take_text(self._lib.yxmlelem_tag(branch))}
            attributes = self._attributes(self._lib.yxmlelem_attr_iter(branch, txn), txn)
            children = self._children(branch, txn)
            if attributes:
                made["attributes"] = attributes
            if children:
                made["children"] = children
            return made
        # Each type has a kind on the wire: such a one comes of a document that is broken, and of no lack of a feature.
        raise StepError("refused", "the library shows a type of no kind")

    def _entries(self, entries: Any, count: int, txn: Any) -> dict[str, Any]:
        text = self._ffi.string
        return {text(entries[i].key).decode(): self.value(entries[i].value, txn) for i in range(count)}

    def _text(self, branch: Any, txn: Any) -> Any:
        count = self._ffi.new("uint32_t *")
        chunks = self._lib.ytext_chunks(branch, txn, count)
        try:
            return text_chunks(self._parts(chunks, count[0], txn))
        finally:
            self._lib.ychunks_destroy(chunks, count[0])

    def _parts(self, chunks: Any, count: int, txn: Any) -> list[tuple[Any, dict[str, Any]]]:
        parts = []
        for place in range(count):
            chunk = chunks[place]
            insert = self.value(chunk.data, txn)
            attributes = self._entries(chunk.fmt, chunk.fmt_len, txn)
            parts.append((insert if chunk.data.tag == api.JSON_STR else {"$embed": insert}, attributes))
        return parts

    def _array(self, branch: Any, txn: Any) -> list[Any]:
        values = []
        iterator = self._lib.yarray_iter(branch, txn)
        try:
            while (found := self._lib.yarray_iter_next(iterator)) != self._ffi.NULL:
                values.append(self.take(found, txn))
        finally:
            self._lib.yarray_iter_destroy(iterator)
        return values

    def _map(self, branch: Any, txn: Any) -> dict[str, Any]:
        values = {}
        iterator = self._lib.ymap_iter(branch, txn)
        try:
            while (entry := self._lib.ymap_iter_next(iterator)) != self._ffi.NULL:
                values[self._ffi.string(entry.key).decode()] = self.value(entry.value, txn)
                self._lib.ymap_entry_destroy(entry)
        finally:
            self._lib.ymap_iter_destroy(iterator)
        return values

    def _attributes(self, iterator: Any, txn: Any) -> dict[str, Any]:
        values = {}
        try:
            while (found := self._lib.yxmlattr_iter_next(iterator)) != self._ffi.NULL:
                values[self._ffi.string(found.name).decode()] = self.value(found.value, txn)
                self._lib.yxmlattr_destroy(found)
        finally:
            self._lib.yxmlattr_iter_destroy(iterator)
        return values

    def _children(self, branch: Any, txn: Any) -> list[Any]:
        count = self._lib.yxmlelem_child_len(branch, txn)
        found = [self._lib.yxmlelem_get(branch, txn, place) for place in range(count)]
        return [self.take(child, txn) for child in found if child != self._ffi.NULL]  # NULL: a type that is no XML
