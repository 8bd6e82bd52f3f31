"""What observers are told, in the protocol's form. An adapter's observers are built on these."""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, Iterable, List, Mapping, Tuple

Delta = List[Dict[str, Any]]
Path = Tuple[Any, ...]


class Watch:
    """An observed type. Its path follows the elements before it as they come and go."""

    __slots__ = ("path",)

    def __init__(self, path: Iterable[Any]) -> None:
        self.path = list(path)

    def shift(self, depth: int, delta: Iterable[Mapping[str, Any]]) -> None:
        """`delta` is that of the sequence in which the path has an index at `depth`."""
        old = new = self.path[depth]
        position = 0
        for part in delta:
            if "insert" in part:
                if position <= old:
                    new += len(part["insert"])
            elif "delete" in part:
                new -= min(part["delete"], max(0, old - position))
                position += part["delete"]
            else:
                position += part["retain"]
        self.path[depth] = new


def index_before(index: int, delta: Iterable[Mapping[str, Any]]) -> int:
    """Where the element that is now at `index` was before the delta; -1 for a new one."""
    old = new = 0
    for part in delta:
        if "insert" in part:
            new += len(part["insert"])
            if index < new:
                return -1
        elif "delete" in part:
            old += part["delete"]
        else:
            if index < new + part["retain"]:
                break
            old += part["retain"]
            new += part["retain"]
    return old + index - new


def path_before(path: Path, deltas: Mapping[Path, Iterable[Mapping[str, Any]]]) -> Path:
    """The path that a type had before a transaction; `deltas` are those of the sequences by their path after it."""
    return tuple(
        index_before(part, deltas[path[:depth]]) if type(part) is int and path[:depth] in deltas else part
        for depth, part in enumerate(path)
    )


class Log:
    """The events of the transactions since they were last taken."""

    def __init__(self) -> None:
        self._open: list[tuple[Watch, list[Any], dict[str, Any]]] = []
        self._closed: list[list[dict[str, Any]]] = []
        self._failure: BaseException | None = None

    def guard(self, callback: Callable[[Any], None]) -> Callable[[Any], None]:
        """The callback, which then never raises into a transaction; `take` raises instead."""

        def guarded(told: Any) -> None:
            try:
                callback(told)
            except BaseException as error:
                self._failure = error

        return guarded

    def tell(self, watch: Watch, path: Iterable[Any], delta: Delta, keys: dict[str, Any]) -> None:
        """Notes an event of a type at `path` from the observed one."""
        parts = {name: value for name, value in (("delta", delta), ("keys", keys)) if value}
        if parts:
            self._open.append((watch, list(path), parts))

    def close(self) -> None:
        """The transaction is over: only now are the paths known."""
        # What several observers are told of one type is one event.
        events: dict[tuple[int, str, str], dict[str, Any]] = {}
        for watch, path, parts in self._open:
            full = watch.path + path
            events[len(full), _text(full), _text(parts)] = {"path": full, **parts}
        self._open = []
        if events:
            self._closed.append([events[key] for key in sorted(events)])

    def take(self) -> list[list[dict[str, Any]]]:
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure
        taken, self._closed = self._closed, []
        return taken


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def list_delta(parts: Iterable[Mapping[str, Any]], read: Callable[[Any], Any]) -> Delta:
    """The delta of an array or an XML node."""
    delta: Delta = []
    for part in parts:
        delta.append({"insert": [read(item) for item in part["insert"]]} if "insert" in part else dict(part))
    return _trimmed(delta)


def text_delta(
    parts: Iterable[Mapping[str, Any]],
    read: Callable[[Any], Any],
    attributes_of: Callable[[Iterable[tuple[str, Any]]], dict[str, Any]],
    units: Callable[[int], int],
) -> Delta:
    """The delta of a text. `units` is asked for each retained or deleted length in turn, in UTF-16 units."""
    delta: Delta = []
    for part in parts:
        attributes = attributes_of((part.get("attributes") or {}).items())
        formatted = {"attributes": attributes} if attributes else {}
        if "insert" in part:
            insert = part["insert"]
            if type(insert) is not str:
                insert = {"$embed": read(insert)}
            elif delta and type(delta[-1].get("insert")) is str and delta[-1].get("attributes", {}) == attributes:
                delta[-1]["insert"] += insert
                continue
            delta.append({"insert": insert, **formatted})
        elif "delete" in part:
            delta.append({"delete": units(part["delete"])})
        else:
            delta.append({"retain": units(part["retain"]), **formatted})
    return _trimmed(delta)


def _trimmed(delta: Delta) -> Delta:
    while delta and "retain" in delta[-1] and "attributes" not in delta[-1]:
        delta.pop()
    return delta


def key_changes(
    keys: Mapping[str, Mapping[str, Any]], read: Callable[[Any], Any], is_shared: Callable[[Any], bool]
) -> dict[str, Any]:
    """The changes of a map's entries or of an XML node's attributes."""
    changes: dict[str, Any] = {}
    for key, change in keys.items():
        made = changes[key] = {"action": change["action"]}
        if change["action"] != "add" and not is_shared(change["oldValue"]):
            made["old"] = read(change["oldValue"])
        if change["action"] != "delete":
            made["new"] = read(change["newValue"])
    return changes
