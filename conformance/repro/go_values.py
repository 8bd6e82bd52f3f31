"""Values in programs for ygo: what is written into a document, and what is expected to be read from one."""

from __future__ import annotations

import json
from typing import Any

from conformance.repro.source import UntranslatedError, chunks, tagged

_NUMBERS = {"NaN": "math.NaN()", "Infinity": "math.Inf(1)", "-Infinity": "math.Inf(-1)", "-0": "math.Copysign(0, -1)"}
_SEEN = {"NaN": "NaN", "Infinity": "+Inf", "-Infinity": "-Inf", "-0": -0.0}
"""As the programs' `view` shows them: JSON has none of the first three."""


def go_string(text: str) -> str:
    """A string literal of Go.

    Raises:
        UntranslatedError: it holds half of a surrogate pair, which the literal cannot.
    """
    if any(0xD800 <= ord(char) < 0xE000 for char in text):
        raise UntranslatedError("a lone surrogate")
    return json.dumps(text, ensure_ascii=False)


def go(value: Any) -> str:
    """Plain content as an `any`.

    Raises:
        UntranslatedError: the library has no value for it.
    """
    match value:
        case None:
            return "nil"
        case bool():
            return str(value).lower()
        case int() if abs(value) < 2**53:
            return f"int64({value})"
        case int() | float():
            return f"float64({float(value)!r})"
        case str():
            return go_string(value)
        case list():
            return f"[]any{{{', '.join(map(go, value))}}}"
    found = tagged(value)
    if found is None:
        return _map("map[string]any", value)
    tag, content = found
    match tag:
        case "$number":
            return _NUMBERS[content]
        case "$bytes":
            return f'bytes("{content}")'
        case "$object":
            return _map("map[string]any", content)
    raise UntranslatedError(f"{tag} as a value")


def attributes(step: dict[str, Any]) -> str:
    """Those of a step or a chunk; nil when it has none."""
    return _map("crdt.Attributes", step["attributes"]) if "attributes" in step else "nil"


def delta(listed: list[dict[str, Any]]) -> str:
    """A list of `crdt.Delta`."""
    return f"[]crdt.Delta{{{', '.join(map(_chunk, listed))}}}"


def _chunk(chunk: dict[str, Any]) -> str:
    kind = next(key for key in ("insert", "retain", "delete") if key in chunk)
    value = chunk[kind]
    if kind == "insert":
        value = go_string(value) if isinstance(value, str) else go(value["$embed"])
    fields = [f"Op: crdt.DeltaOp{kind.capitalize()}", f"{kind.capitalize()}: {value}"]
    if "attributes" in chunk:
        fields.append(f"Attributes: {attributes(chunk)}")
    return f"{{{', '.join(fields)}}}"


def _map(kind: str, entries: dict[str, Any]) -> str:
    return f"{kind}{{{', '.join(f'{go_string(key)}: {go(item)}' for key, item in entries.items())}}}"


def seen(value: Any, *, rich: bool) -> Any:
    """A typed value as the programs' `view` shows one that is right, as JSON."""
    if isinstance(value, list):
        return [seen(item, rich=rich) for item in value]
    if not isinstance(value, dict):
        return value
    found = tagged(value)
    if found is None:
        return {key: seen(item, rich=rich) for key, item in value.items()}
    tag, content = found
    more = {key: seen(value[key], rich=rich) for key in ("attributes", "children") if value.get(key)}
    match tag:
        case "$text" | "$xmltext":
            text: Any = [_seen_chunk(chunk) for chunk in chunks(content)] if rich else content
            return {"xmltext": text, **more} if tag == "$xmltext" else text
        case "$element":
            return {"element": content, **more}
        case "$number":
            return _SEEN[content]
        case "$bigint":
            return int(content)
        case "$undefined":
            return None
        case "$doc":
            return {"doc": content}
    return content if tag == "$bytes" else seen(content, rich=rich)


def _seen_chunk(chunk: dict[str, Any]) -> dict[str, Any]:
    insert = chunk["insert"]
    shown = {"insert": insert if isinstance(insert, str) else seen(insert["$embed"], rich=True)}
    return {**shown, "attributes": seen(chunk["attributes"], rich=True)} if chunk.get("attributes") else shown
