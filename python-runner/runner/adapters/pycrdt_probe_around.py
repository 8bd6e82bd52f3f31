"""What the loaded pycrdt can do around a document: observers, undo scopes, positions, awareness and so on."""

from __future__ import annotations

import sys
from typing import Any, Callable

_EMPTY = b"\x00\x00"
_STEP1 = b"\x00\x01\x00"

_CHANGES: dict[str, Callable[[Any, Any], object]] = {
    "Text": lambda _library, handle: handle.insert(0, "a"),
    "Array": lambda _library, handle: handle.append(1),
    "Map": lambda _library, handle: handle.update({"k": len(handle)}),
    "XmlFragment": lambda library, handle: handle.children.append(library.XmlElement("p")),
}


def attempts(library: Any) -> dict[str, Callable[[], object]]:
    """Feature -> an attempt at it, on documents of its own."""
    return {
        **_undo(library),
        **_observers(library),
        **_subdocuments(library),
        **_awareness(library),
        "map.clear": lambda: _cleared(library),
        "origin": lambda: _origin(library),
        "snapshot": lambda: bytes(library.Snapshot.from_doc(library.Doc()).encode()) == _EMPTY,
        "snapshot.restore": lambda: _restored(library),
        "snapshot.equal": lambda: library.Snapshot.decode(_EMPTY) == library.Snapshot.decode(_EMPTY),
        "position": lambda: bytes(_position(library).encode()) == b"\x00\x01\x01\x00",
        "position.resolve": lambda: _resolved(library),
        "position.json": lambda: "item" in _position(library).to_json(),
        "position.parse": lambda: library.StickyIndex.from_json(_position(library).to_json()).encode(),
        "sync.step1": lambda: bytes(library.create_sync_message(library.Doc())) == b"\x00" + _STEP1,
        "sync.step2": lambda: bytes(library.handle_sync_message(_STEP1, library.Doc())) == b"\x00\x01\x02\x00\x00",
        "sync.update": lambda: bytes(library.create_update_message(_EMPTY)) == b"\x00\x02\x02\x00\x00",
        "sync.read": lambda: bytes(library.handle_sync_message(_STEP1, library.Doc())) == b"\x00\x01\x02\x00\x00",
    }


def _text(library: Any, **options: Any) -> tuple[Any, Any]:
    doc = library.Doc(client_id=1, **options)
    doc["t"] = text = library.Text()
    text.insert(0, "abc")
    return doc, text


def _undo(library: Any) -> dict[str, Callable[[], object]]:
    def after(change: Callable[[Any, Any, Any], object], timeout: int = 0) -> str:
        doc, text = _text(library)
        manager = library.UndoManager(scopes=[text], capture_timeout_millis=timeout)
        change(doc, text, manager)
        manager.undo()
        return str(text)

    def plain(_doc: Any, text: Any, _manager: Any) -> None:
        text.insert(0, "x")

    def two(_doc: Any, text: Any, _manager: Any) -> None:
        text.insert(0, "x")
        text.insert(0, "y")

    def of_origin(doc: Any, text: Any, manager: Any) -> None:
        manager.include_origin("o")
        with doc.transaction(origin="o"):
            text.insert(0, "x")
        text.insert(0, "y")

    def clear(_doc: Any, text: Any, manager: Any) -> None:
        text.insert(0, "x")
        if manager.can_undo() and not manager.can_redo():
            manager.clear()

    def works() -> bool:
        return after(plain) == "abc"

    return {
        **dict.fromkeys(("undo.track", "undo", "redo", "undo.manager"), works),
        "undo.origins": lambda: after(of_origin) == "yabc",
        "undo.timeout": lambda: after(two, 60_000) == "abc",
        "undo.clear": lambda: after(clear) == "xabc",
        "undo.can": lambda: after(clear) == "xabc",
    }


def _observers(library: Any) -> dict[str, Callable[[], object]]:
    def told(kind: str, method: str) -> bool:
        change = _CHANGES[kind]
        doc, other = library.Doc(), library.Doc()
        doc["r"] = handle = getattr(library, kind)()
        other["r"] = remote = getattr(library, kind)()
        change(library, remote)
        seen: list[Any] = []

        def note(events: Any) -> None:
            event = events[0] if method == "observe_deep" else events
            # Old releases have no transaction for what is read here, or leave a dead one behind.
            seen.append((event.path, str(event.target)))

        ends: list[Any] = []
        doc.observe(ends.append)
        getattr(handle, method)(note)
        change(library, handle)
        doc.apply_update(other.get_update())
        change(library, handle)
        return [entry[0] for entry in seen] == [[], [], []] and len(ends) == 3

    def observes(kind: str, method: str = "observe") -> Callable[[], object]:
        return lambda: told(kind, method)

    kinds = {"text": "Text", "array": "Array", "map": "Map", "xml": "XmlFragment"}
    return {
        "observe": observes("Map"),
        "events": observes("Map"),
        "observe.deep": observes("Map", "observe_deep"),
        **{"observe." + kind: observes(name) for kind, name in kinds.items()},
    }


def _subdocuments(library: Any) -> dict[str, Callable[[], object]]:
    def holder() -> tuple[Any, Any]:
        doc = library.Doc(client_id=1)
        doc["m"] = mapping = library.Map()
        return doc, mapping

    def steps_within() -> bool:
        _, mapping = holder()
        mapping["k"] = library.Doc(client_id=1)
        mapping["k"]["t"] = text = library.Text()
        text.insert(0, "abc")
        mapping["k"]["t"] = again = library.Text()
        return str(again) == "abc" and bool(mapping["k"].client_id == 1)

    def told() -> bool:
        doc, mapping = holder()
        seen: list[Any] = []
        subscription = doc.observe_subdocs(lambda event: seen.append((event.added, event.removed, event.loaded)))
        mapping["k"] = library.Doc()
        doc.unobserve(subscription)
        guid = mapping["k"].guid
        return seen == [([guid], [], [guid])]

    return {"doc": steps_within, "subdocs.observe": told, "subdocs.events": told}


def _awareness(library: Any) -> dict[str, Callable[[], object]]:
    def states() -> bool:
        one, other = library.Awareness(library.Doc(client_id=1)), library.Awareness(library.Doc(client_id=2))
        one.set_local_state({"a": 1})
        other.apply_awareness_update(one.encode_awareness_update([1]), "remote")
        known = bool(other.states.get(1) == {"a": 1})
        other.remove_awareness_states([1], "remote")
        return known and 1 not in other.states

    def events() -> bool:
        awareness = library.Awareness(library.Doc(client_id=1))
        topics: list[str] = []
        awareness.observe(lambda topic, _event: topics.append(topic))
        awareness.set_local_state({"a": 1})
        return topics == ["change", "update"]

    def clock() -> bool:
        awareness = library.Awareness(library.Doc(client_id=1))
        module = sys.modules[type(awareness).__module__]
        return all(hasattr(awareness, name) for name in ("_get_time", "_start")) and hasattr(module, "sleep")

    names = ("set", "encode", "apply", "remove", "states")
    return {
        **{"awareness." + name: states for name in names},
        "awareness.events": events,
        "awareness.advance": clock,
    }


def _cleared(library: Any) -> bool:
    doc = library.Doc()
    doc["m"] = mapping = library.Map()
    mapping["k"] = 1
    mapping.clear()
    return len(mapping) == 0


def _origin(library: Any) -> bool:
    doc, text = _text(library)
    with doc.transaction(origin="o"):
        text.insert(0, "x")
    return str(text) == "xabc"


def _restored(library: Any) -> bool:
    doc, text = _text(library, skip_gc=True)
    snapshot = library.Snapshot.decode(library.Snapshot.from_doc(doc).encode())
    text.insert(0, "x")
    library.Doc.from_snapshot(snapshot, doc)["t"] = restored = library.Text()
    return str(restored) == "abc"


def _position(library: Any) -> Any:
    return _text(library)[1].sticky_index(1, library.Assoc(0))


def _resolved(library: Any) -> bool:
    doc, text = _text(library)
    position = library.StickyIndex.decode(text.sticky_index(1, library.Assoc(0)).encode())
    with doc.transaction() as transaction:
        return bool(position.get_index(transaction) == 1)
