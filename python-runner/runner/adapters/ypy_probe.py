"""What the loaded y_py can do. Nothing is tried here that is known to abort a process, such as a subdocument."""

from __future__ import annotations

from typing import Any, Callable

from .probing import BIG, CLIENT_53, CLIENT_53_STATE, NUMBERS, XML_ATTRIBUTE, Probed, bigints, works
from .ypy_calls import calls_of


def probe(library: Any) -> Probed:
    """Tries every feature on documents of its own."""
    features = {"encode", "apply", "state", "state_vector", "transact", "wrap"}
    features.update(feature for feature, attempt in _attempts(library).items() if works(attempt))
    if "root.xml" in features:
        features.update(["xml.insert", "xml.delete", "xml.set", "xml.unset"])

    def write(number: int) -> bytes:
        doc = library.YDoc()
        array = doc.get_array("a")
        with doc.begin_transaction() as txn:
            calls_of(library).array_insert(array, txn, 0, [number])
        return bytes(library.encode_state_as_update(doc))

    writes_bigint = bigints(write)
    if writes_bigint(BIG):
        features.add("value.bigint")
    lossy = {"undefined", "text.attributes", "text.embeds"}
    if not works(lambda: _tells_bigints(library)):
        lossy.add("bigint")
    if not works(lambda: _reads_attribute(library)):
        lossy.add("xml.attributes.any")
    return Probed(frozenset(features), frozenset(lossy), writes_bigint)


def _attempts(library: Any) -> dict[str, Callable[[], object]]:
    docs: list[Any] = []
    calls = calls_of(library)

    def change(root: str, act: Callable[[Any, Any], object]) -> Any:
        doc = library.YDoc(1, offset_kind="utf16")
        # Old releases do not keep a document alive for the sake of its types.
        docs.append(doc)
        handle = getattr(doc, root)("r")
        with doc.begin_transaction() as txn:
            act(handle, txn)
        return handle

    def text(act: Callable[[Any, Any], object]) -> Any:
        def insert_and_act(handle: Any, txn: Any) -> None:
            handle.insert(txn, 0, "abc")
            act(handle, txn)

        return change("get_text", insert_and_act)

    def nests(kind: str) -> Callable[[], object]:
        def attempt() -> bool:
            holder = change("get_map", lambda handle, txn: handle.set(txn, "k", getattr(library, kind)([])))
            return type(holder["k"]) is getattr(library, kind)

        return attempt

    def nests_text() -> bool:
        holder = change("get_map", lambda handle, txn: handle.set(txn, "k", library.YText("a")))
        return type(holder["k"]) is library.YText

    def nests_map() -> bool:
        holder = change("get_map", lambda handle, txn: handle.set(txn, "k", library.YMap({})))
        return type(holder["k"]) is library.YMap

    def emit() -> bool:
        updates: list[bytes] = []
        doc = library.YDoc()
        handle = doc.get_text("t")
        doc.observe_after_transaction(lambda event: updates.append(event.get_update()))
        with doc.begin_transaction() as txn:
            handle.insert(txn, 0, "abc")
        return len(updates) == 1

    def client() -> bool:
        doc = library.YDoc(CLIENT_53)
        handle = doc.get_text("t")
        with doc.begin_transaction() as txn:
            handle.insert(txn, 0, "a")
        other = library.YDoc()
        library.apply_update(other, bytes(library.encode_state_as_update(doc, b"\x00")))
        return bytes(library.encode_state_vector(other)) == CLIENT_53_STATE

    def byte_value() -> bool:
        holder = change("get_array", lambda handle, txn: calls.array_insert(handle, txn, 0, [b"\x00\xff"]))
        return bytes(holder[0]) == b"\x00\xff"

    def map_deletion() -> bool:
        def act(handle: Any, txn: Any) -> None:
            handle.set(txn, "k", 1)
            if "k" in handle:
                calls.map_delete(handle, txn, "k")

        return len(change("get_map", act)) == 0

    def array_deletion() -> bool:
        def act(handle: Any, txn: Any) -> None:
            calls.array_insert(handle, txn, 0, [1])
            calls.array_delete(handle, txn, 0, 1)

        return len(change("get_array", act)) == 0

    def observes(root: str, act: Callable[[Any, Any], object], method: str = "observe") -> Callable[[], object]:
        def attempt() -> bool:
            doc = library.YDoc(1, offset_kind="utf16")
            docs.append(doc)
            handle = getattr(doc, root)("r")
            paths: list[Any] = []
            ends: list[Any] = []
            doc.observe_after_transaction(ends.append)
            subscription = getattr(handle, method)(
                lambda told: paths.append((told[0] if method == "observe_deep" else told).path())
            )
            with doc.begin_transaction() as txn:
                act(handle, txn)
            handle.unobserve(subscription)
            return paths == [[]] and len(ends) == 1

        return attempt

    def set_entry(handle: Any, txn: Any) -> None:
        handle.set(txn, "k", 1)

    bold = {"b": True}
    return {
        "observe": observes("get_map", set_entry),
        "events": observes("get_map", set_entry),
        "observe.deep": observes("get_map", set_entry, "observe_deep"),
        "observe.text": observes("get_text", lambda handle, txn: handle.insert(txn, 0, "a")),
        "observe.array": observes("get_array", lambda handle, txn: calls.array_insert(handle, txn, 0, [1])),
        "observe.map": observes("get_map", set_entry),
        "observe.xml": observes("get_xml_element", lambda handle, txn: handle.insert_xml_element(txn, 0, "p")),
        "root.text": lambda: change("get_text", lambda _handle, _txn: None) is not None,
        "root.array": lambda: change("get_array", lambda _handle, _txn: None) is not None,
        "root.map": lambda: change("get_map", lambda _handle, _txn: None) is not None,
        "root.xml": lambda: change("get_xml_element", lambda _handle, _txn: None) is not None,
        "value.text": nests_text,
        "value.array": nests("YArray"),
        "value.map": nests_map,
        "value.bytes": byte_value,
        "text.insert": lambda: str(text(lambda _handle, _txn: None)) == "abc",
        "text.insert.attributes": lambda: len(text(lambda h, txn: h.insert(txn, 3, "d", bold))) == 4,
        "text.embed": lambda: len(text(lambda h, txn: h.insert_embed(txn, 3, {"e": 1}, bold))) == 4,
        "text.format": lambda: len(text(lambda h, txn: h.format(txn, 0, 1, bold))) == 3,
        "text.delete": lambda: len(text(lambda h, txn: calls.text_delete(h, txn, 0, 1))) == 2,
        "array.insert": lambda: len(change("get_array", lambda h, txn: calls.array_insert(h, txn, 0, [1]))) == 1,
        "array.delete": array_deletion,
        "map.set": lambda: len(change("get_map", lambda h, txn: h.set(txn, "k", 1))) == 1,
        "map.delete": map_deletion,
        "emit": emit,
        "gc.off": lambda: library.YDoc(1, offset_kind="utf16", skip_gc=True) is not None,
        "client.53": client,
    }


def _tells_bigints(library: Any) -> bool:
    doc = library.YDoc()
    array = doc.get_array("a")
    library.apply_update(doc, NUMBERS)
    return type(array[0]) is float and type(array[1]) is int


def _reads_attribute(library: Any) -> bool:
    doc = library.YDoc()
    root = doc.get_xml_element("x")
    library.apply_update(doc, XML_ATTRIBUTE)
    return type(dict(root.first_child.attributes())["k"]) is not str
