"""Typed values as source of a language: what a step writes, and what is expected as a program sees it."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any

from conformance.repro.source import UntranslatedError, tagged

if TYPE_CHECKING:
    from collections.abc import Callable

_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
_PYTHON_NUMBERS = {"NaN": "float('nan')", "Infinity": "float('inf')", "-Infinity": "float('-inf')", "-0": "-0.0"}


def javascript(value: Any, shared: Callable[[dict[str, Any]], str]) -> str:
    """A value in JavaScript; `shared` writes shared types."""
    if isinstance(value, list):
        return "[" + ", ".join(javascript(item, shared) for item in value) + "]"
    if not isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    found = tagged(value)
    if found is None:
        return javascript_object(value, shared)
    tag, content = found
    match tag:
        case "$undefined":
            return "undefined"
        case "$bigint":
            return f"{content}n"
        case "$number":
            return str(content)
        case "$bytes":
            return f"bytes({json.dumps(content)})"
        case "$object":
            return javascript_object(content, shared)
    return shared(value)


def javascript_object(entries: dict[str, Any], shared: Callable[[dict[str, Any]], str]) -> str:
    """An object in JavaScript; the key `__proto__` is an own property."""
    if not entries:
        return "{}"
    return (
        "{ " + ", ".join(f"{javascript_key(key)}: {javascript(value, shared)}" for key, value in entries.items()) + " }"
    )


def javascript_key(key: str) -> str:
    """A key of an object in JavaScript; `__proto__` as it is would set the prototype."""
    if key == "__proto__":
        return "['__proto__']"
    return key if _IDENTIFIER.fullmatch(key) and key.isascii() else json.dumps(key, ensure_ascii=False)


def python(value: Any, shared: Callable[[dict[str, Any]], str], *, floats: bool = False) -> str:
    """A value in Python; `shared` writes shared types. Python has one None for null and undefined.

    Args:
        floats: numbers as the libraries read them: an int would be a bigint.
    """
    if isinstance(value, list):
        return "[" + ", ".join(python(item, shared, floats=floats) for item in value) + "]"
    if not isinstance(value, dict):
        if isinstance(value, int) and not isinstance(value, bool) and (floats or abs(value) >= 2**53):
            return repr(float(value))
        return repr(value)
    found = tagged(value)
    if found is None:
        return python_dict(value, shared, floats=floats)
    tag, content = found
    match tag:
        case "$undefined":
            return "None"
        case "$bigint":
            return str(content)
        case "$number":
            return _PYTHON_NUMBERS[content]
        case "$bytes":
            return repr(base64.b64decode(content))
        case "$object":
            return python_dict(content, shared, floats=floats)
    return shared(value)


def python_dict(entries: dict[str, Any], shared: Callable[[dict[str, Any]], str], *, floats: bool = False) -> str:
    """A dict in Python."""
    return "{" + ", ".join(f"{key!r}: {python(value, shared, floats=floats)}" for key, value in entries.items()) + "}"


def rust_string(text: str) -> str:
    """A string literal of Rust.

    Raises:
        UntranslatedError: it holds half of a surrogate pair, which a str cannot.
    """
    if any(0xD800 <= ord(char) < 0xE000 for char in text):
        raise UntranslatedError("a lone surrogate")
    escaped = "".join(
        f"\\{char}" if char in '"\\' else char if char.isprintable() else f"\\u{{{ord(char):x}}}" for char in text
    )
    return f'"{escaped}"'


_RUST_NUMBERS = {"NaN": "f64::NAN", "Infinity": "f64::INFINITY", "-Infinity": "f64::NEG_INFINITY", "-0": "-0.0f64"}


def rust(value: Any) -> str:
    """Plain content as an `Any` of Yrs.

    Raises:
        UntranslatedError: a shared type stands in it.
    """
    match value:
        case None:
            return "Any::Null"
        case bool():
            return f"Any::from({str(value).lower()})"
        case int() if abs(value) < 2**53:
            return f"Any::from({value}i64)"
        case int() | float():
            return f"Any::from({float(value)!r}f64)"
        case str():
            return f"Any::from({rust_string(value)})"
        case list():
            return f"Any::from(vec![{', '.join(map(rust, value))}])" if value else "Any::from(Vec::<Any>::new())"
    found = tagged(value)
    if found is None:
        return rust_map(value)
    tag, content = found
    match tag:
        case "$undefined":
            return "Any::Undefined"
        case "$bigint":
            return f"Any::from({content}i64)"
        case "$number":
            return f"Any::from({_RUST_NUMBERS[content]})"
        case "$bytes":
            return f'Any::from(bytes("{content}"))'
        case "$object":
            return rust_map(content)
    raise UntranslatedError(f"{tag} as a value")


def rust_map(entries: dict[str, Any]) -> str:
    """A map as an `Any` of Yrs."""
    if not entries:
        return "Any::from(HashMap::<String, Any>::new())"
    pairs = ", ".join(f"({rust_string(key)}.to_string(), {rust(value)})" for key, value in entries.items())
    return f"Any::from(HashMap::from([{pairs}]))"
