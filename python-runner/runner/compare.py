"""Compares what a case showed with what it expects. Only the standalone mode judges."""

from __future__ import annotations

import json
from binascii import a2b_base64
from typing import Any, Dict

from .values import Json, text_chunks

Observed = Dict[str, Dict[str, Json]]
"""Name of a step (`as`) -> its answer."""


def project(value: Json, lossy: frozenset[str]) -> Json:
    """An expected value as a runner with these losses reports it."""
    if type(value) is list:
        return [project(item, lossy) for item in value]
    if type(value) is not dict:
        return value
    for tag in ("$text", "$xmltext"):
        if tag in value:
            result = {tag: _project_text(value[tag], lossy)}
            if "attributes" in value:
                result["attributes"] = _project_attributes(value["attributes"], lossy)
            return result
    if "$undefined" in value:
        return None if "undefined" in lossy else value
    if "$bigint" in value:
        return int(value["$bigint"]) if "bigint" in lossy else value
    if "$element" in value:
        result = dict(value)
        if "attributes" in value:
            result["attributes"] = _project_attributes(value["attributes"], lossy)
        if "children" in value:
            result["children"] = project(value["children"], lossy)
        return result
    items = value.items()
    if "map.undefined" in lossy:
        items = [(key, item) for key, item in items if item != {"$undefined": True}]  # type: ignore[assignment]
    return {key: project(item, lossy) for key, item in items}


def _project_text(content: Json, lossy: frozenset[str]) -> Json:
    if type(content) is str:
        return content
    parts = []
    for chunk in content:
        insert = chunk["insert"]
        if type(insert) is not str:
            if "text.embeds" in lossy:
                continue
            insert = {"$embed": project(insert["$embed"], lossy)}
        attributes = {} if "text.attributes" in lossy else project(chunk.get("attributes", {}), lossy)
        parts.append((insert, attributes))
    return text_chunks(parts)


def _project_attributes(attributes: Json, lossy: frozenset[str]) -> Json:
    if "xml.attributes.any" not in lossy:
        return project(attributes, lossy)
    return {name: _as_string(value) for name, value in attributes.items()}


def _as_string(value: Json) -> Json:
    """An attribute as yrs prints it."""
    if value is True or value is False:
        return "true" if value else "false"
    if value is None:
        return "null"
    if type(value) is dict and "$bigint" in value:
        return value["$bigint"]
    return value if type(value) is str else str(value)


def same(expected: Json, seen: Json) -> bool:
    """Equality of values: numbers by value, never equal to booleans; keys in any order."""
    if type(expected) is dict:
        return (
            type(seen) is dict
            and expected.keys() == seen.keys()
            and all(same(item, seen[key]) for key, item in expected.items())
        )
    if type(expected) is list:
        return type(seen) is list and len(expected) == len(seen) and all(map(same, expected, seen))
    if type(expected) in (int, float) and type(seen) in (int, float):
        return bool(float(expected) == float(seen))
    return type(expected) is type(seen) and bool(expected == seen)


class _Bytes:
    """Reads numbers and strings as lib0 writes them. Raises IndexError at the end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def varuint(self) -> int:
        number = shift = 0
        while True:
            byte = self._data[self._position]
            self._position += 1
            number |= (byte & 127) << shift
            if byte < 128:
                return number
            shift += 7

    def string(self) -> str:
        length = self.varuint()
        start, self._position = self._position, self._position + length
        return self._data[start : self._position].decode()


def read_state_vector(data: bytes) -> dict[str, int]:
    """Client id -> clock of an encoded state vector."""
    read = _Bytes(data)
    # Clients without any clock say nothing.
    pairs = [(str(read.varuint()), read.varuint()) for _ in range(read.varuint())]
    return {client: clock for client, clock in pairs if clock}


def read_awareness(data: bytes) -> dict[str, dict[str, Json]]:
    """Client id -> its clock and state in an awareness update. Raises ValueError or IndexError for anything else."""
    read = _Bytes(data)
    return {
        str(read.varuint()): {"clock": read.varuint(), "state": json.loads(read.string())}
        for _ in range(read.varuint())
    }


class Judge:
    """Collects the complaints about one case."""

    def __init__(self, lossy: frozenset[str], observed: Observed, vectors: dict[str, dict[str, int]]) -> None:
        """`vectors`: name of a step -> the decoded state vector that it observed."""
        self._lossy = lossy
        self._observed = observed
        self._vectors = vectors

    def converged(self, expect: dict[str, Any], peers: list[str]) -> list[str]:
        """Complaints about the peers' views; none when they all show an allowed result."""
        allowed = [expect["converged"]] + [item["converged"] for item in expect.get("acceptable", [])]
        complaints: list[str] = []
        for number, view in enumerate(allowed):
            found = self._views(view, expect.get("delivered", {}), peers)
            if not found:
                return []
            if number == 0:
                complaints = found
        return complaints

    def _views(self, view: dict[str, Any], delivered: dict[str, Any], peers: list[str]) -> list[str]:
        found: list[str] = []
        for peer in peers:
            found += self._view(delivered.get(peer, view), peer, f"@{peer}.state", f"@{peer}.sv")
        if len(peers) > 1:
            for peer in peers:
                found += self._view(view, peer + " resynced", f"@{peer}.state2", f"@{peer}.sv2")
        return found + self._view(view, "relay", "@relay.state", "@relay.sv")

    def _view(self, view: dict[str, Any], who: str, state: str, vector: str) -> list[str]:
        found = []
        if "state" in view and not self._state(view["state"], state):
            found.append(f"{who}: state is {self._observed.get(state)}")
        if "state_vector" in view and view["state_vector"] != self._vectors.get(vector):
            found.append(f"{who}: state vector is {self._vectors.get(vector)}")
        return found

    def _state(self, expected: Json, name: str) -> bool:
        answer = self._observed.get(name, {})
        return "ok" in answer and same(project(expected, self._lossy), answer["ok"])

    def observation(self, expected: dict[str, Any], name: str) -> bool:
        """Whether the step's answer is what an observation allows."""
        if "oneOf" in expected:
            return any(self.observation(option, name) for option in expected["oneOf"])
        answer = self._observed.get(name)
        if answer is None:
            return False
        if "refused" in expected:
            return "error" in answer and answer["error"]["kind"] == "refused"
        if "ok" not in answer:
            return False
        if "state" in expected:
            return self._state(expected["state"], name)
        if "state_vector" in expected:
            return bool(self._vectors.get(name) == expected["state_vector"])
        if "awareness" in expected:
            return self._awareness(expected["awareness"], answer["ok"])
        if "bytes" in expected:
            return bool(answer["ok"] == expected["bytes"])
        return "done" in expected or same(expected.get("value"), answer["ok"])

    def _awareness(self, expected: Json, seen: Json) -> bool:
        try:
            return same(expected, read_awareness(a2b_base64(seen)))
        except (TypeError, ValueError, IndexError):
            return False


def allows_failure(expected: dict[str, Any] | None) -> bool:
    if expected is None:
        return False
    return "refused" in expected or any(allows_failure(option) for option in expected.get("oneOf", []))
