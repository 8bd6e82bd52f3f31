"""What the loaded pycrdt can do."""

from __future__ import annotations

from typing import Any, Callable

from . import pycrdt_probe_around
from .probing import BIG, CLIENT_53, CLIENT_53_STATE, NUMBERS, XML_ATTRIBUTE, Probed, bigints, works


def probe(library: Any) -> Probed:
    """Tries every feature on documents of its own."""
    features = {"encode", "apply", "state", "state_vector", "transact", "wrap"}
    features.update(feature for feature, attempt in _attempts(library).items() if works(attempt))
    if "root.xml" in features and hasattr(library, "XmlElement"):
        features.update(["xml.insert", "xml.delete", "xml.set", "xml.unset"])

    def write(number: int) -> bytes:
        doc = library.Doc()
        doc["a"] = array = library.Array()
        array.append(number)
        return bytes(doc.get_update())

    writes_bigint = bigints(write)
    if writes_bigint(BIG):
        features.add("value.bigint")
    lossy = {"undefined"}
    if not works(lambda: _tells_bigints(library)):
        lossy.add("bigint")
    if "text.format" not in features:
        lossy.update(["text.attributes", "text.embeds"])
    if "xml.insert" in features and not works(lambda: _reads_attribute(library)):
        lossy.add("xml.attributes.any")
    return Probed(frozenset(features), frozenset(lossy), writes_bigint)


def applies_alone(library: Any) -> bool:
    """Whether updates are applied in a transaction of their own: these releases wait for ever inside another."""
    try:
        library.Doc()._doc.apply_update(b"\x00\x00")
    except TypeError:
        return False
    return True


def _attempts(library: Any) -> dict[str, Callable[[], object]]:
    def root(kind: str) -> Any:
        doc = library.Doc()
        handle = getattr(library, kind)()
        doc["r"] = handle
        return handle

    def text() -> Any:
        handle = root("Text")
        handle.insert(0, "abc")
        return handle

    def array() -> Any:
        handle = root("Array")
        handle.insert(0, 1)
        return handle

    def mapping() -> Any:
        handle = root("Map")
        handle["k"] = 1
        return handle

    def nests(kind: str) -> Callable[[], object]:
        def attempt() -> bool:
            holder = root("Map")
            holder["k"] = getattr(library, kind)()
            return type(holder["k"]) is getattr(library, kind)

        return attempt

    def attributes() -> bool:
        handle = text()
        handle.insert(3, "d", {"b": True})
        return [tuple(part) for part in handle.diff()] == [("abc", None), ("d", {"b": True})]

    def embed() -> bool:
        handle = text()
        handle.insert_embed(3, {"e": True}, None)
        return bool(handle.diff()[1][0] == {"e": True})

    def form() -> bool:
        handle = text()
        handle.format(0, 1, {"b": True})
        return bool(handle.diff()[0][1] == {"b": True})

    def deletion() -> bool:
        handle = text()
        del handle[0:3]
        return str(handle) == ""

    def array_deletion() -> bool:
        handle = array()
        del handle[0:1]
        return len(handle) == 0

    def map_deletion() -> bool:
        handle = mapping()
        handle.pop("k", None)
        handle.pop("k", None)
        return len(handle) == 0

    def emit() -> bool:
        updates: list[bytes] = []
        doc = library.Doc()
        doc["t"] = handle = library.Text()
        subscription = doc.observe(lambda event: updates.append(event.update))
        handle.insert(0, "abc")
        doc.unobserve(subscription)
        handle.insert(0, "abc")
        return len(updates) == 1

    def byte_value() -> bool:
        handle = root("Array")
        handle.append(b"\x00\xff")
        return bytes(handle[0]) == b"\x00\xff"

    def subdocument() -> bool:
        handle = root("Map")
        handle["k"] = library.Doc(guid="g")
        return bool(handle["k"].guid == "g")

    def client() -> bool:
        doc = library.Doc(client_id=CLIENT_53)
        doc["t"] = handle = library.Text()
        handle.insert(0, "a")
        other = library.Doc()
        other.apply_update(doc.get_update())
        return bytes(other.get_state()) == CLIENT_53_STATE

    def any_attribute() -> bool:
        fragment = root("XmlFragment")
        element = fragment.children.insert(0, library.XmlElement("p"))
        element.attributes["k"] = 5
        return bool(element.attributes["k"] == 5)

    empty = b"\x00\x00"
    return {
        "root.text": lambda: root("Text") is not None,
        "root.array": lambda: root("Array") is not None,
        "root.map": lambda: root("Map") is not None,
        "root.xml": lambda: root("XmlFragment") is not None,
        "value.text": nests("Text"),
        "value.array": nests("Array"),
        "value.map": nests("Map"),
        "value.xml": nests("XmlFragment"),
        "value.bytes": byte_value,
        "value.doc": subdocument,
        "text.insert": lambda: str(text()) == "abc",
        "text.insert.attributes": attributes,
        "text.embed": embed,
        "text.format": form,
        "text.delete": deletion,
        "array.insert": lambda: len(array()) == 1,
        "array.delete": array_deletion,
        "map.set": lambda: len(mapping()) == 1,
        "map.delete": map_deletion,
        "xml.set.any": any_attribute,
        "emit": emit,
        "gc.off": lambda: library.Doc(skip_gc=True) is not None,
        "client.53": client,
        "merge": lambda: library.merge_updates(empty, empty) is not None,
        "diff": lambda: library.get_update(empty, b"\x00") is not None,
        "update_state_vector": lambda: library.get_state(empty) is not None,
        **pycrdt_probe_around.attempts(library),
    }


def _tells_bigints(library: Any) -> bool:
    doc = library.Doc()
    doc["a"] = array = library.Array()
    doc.apply_update(NUMBERS)
    return type(array[0]) is float and type(array[1]) is int


def _reads_attribute(library: Any) -> bool:
    doc = library.Doc()
    doc["x"] = fragment = library.XmlFragment()
    doc.apply_update(XML_ATTRIBUTE)
    return type(fragment.children[0].attributes["k"]) is not str
