"""Typed values of a document, as the protocol writes them: equality and projections.

A value is parsed JSON in which `$` keys tag what JSON cannot say; runners/PROTOCOL.md lists them. Two values
are the same when their canonical forms are: keys have no order, `1` and `1.0` are one number, `true` and `1`
are not.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from conformance.jsonio import dumps

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

Value = Any  # parsed JSON

_TEXT_TAGS = ("$text", "$xmltext")


def quick_bytes(value: Value) -> bytes:
    """The value as JSON with sorted keys. Equal bytes mean equal values; unequal ones may differ in a number's form."""
    return dumps(value, sort_keys=True)


def canonical_bytes(value: Value) -> bytes:
    """The one byte string of a value: equal if and only if the values are."""
    return dumps(_normal_numbers(value), sort_keys=True)


def same(a: Value, b: Value) -> bool:
    """Whether two values are equal in kind and content."""
    return quick_bytes(a) == quick_bytes(b) or canonical_bytes(a) == canonical_bytes(b)


def digest(value: Value) -> str:
    """Eight hexadecimal digits that stand for a value in a signature."""
    return hashlib.sha256(canonical_bytes(value)).hexdigest()[:8]


def _normal_numbers(value: Value) -> Value:
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) < 2**53 else _double(value)  # a number, so a double; bigints are tagged
    if isinstance(value, list):
        return [_normal_numbers(item) for item in value]
    if isinstance(value, dict):
        return {key: _normal_numbers(item) for key, item in value.items()}
    return value


def _double(value: int) -> Value:
    try:
        return float(value)
    except OverflowError:  # a bigint seen as a number
        return {"$number": "Infinity" if value > 0 else "-Infinity"}


# --- projections -------------------------------------------------------------------------------------------


def project(state: Value, lossy: Collection[str]) -> Value:
    """The state as a library sees it whose API cannot report the distinctions in `lossy`.

    Args:
        state: root name -> typed value.
        lossy: names from the table of projections in runners/PROTOCOL.md.
    """
    if not lossy:
        return state
    text = quick_bytes(state)
    for name in sorted(lossy):
        if _MARKS.get(name, b"") in text:
            state = _PROJECTIONS[name](state)
    return state


def _rewrite(value: Value, rule: Callable[[dict[str, Value]], Value]) -> Value:
    """Apply `rule` to every object of a value, innermost first."""
    if isinstance(value, list):
        return [_rewrite(item, rule) for item in value]
    if isinstance(value, dict):
        return rule({key: _rewrite(item, rule) for key, item in value.items()})
    return value


def _undefined_as_null(state: Value) -> Value:
    return _rewrite(state, lambda node: None if node == {"$undefined": True} else node)


def _bigint_as_number(state: Value) -> Value:
    return _rewrite(state, lambda node: int(node["$bigint"]) if "$bigint" in node else node)


def _without_undefined_keys(state: Value) -> Value:
    def rule(node: dict[str, Value]) -> Value:
        if "$undefined" in node:
            return node
        return {key: item for key, item in node.items() if item != {"$undefined": True}}

    return _rewrite(state, rule)


def _without_text_attributes(state: Value) -> Value:
    return _rewrite_texts(state, lambda chunk: {"insert": chunk["insert"]})


def _without_embeds(state: Value) -> Value:
    return _rewrite_texts(state, lambda chunk: chunk if isinstance(chunk["insert"], str) else None)


def _rewrite_texts(state: Value, rule: Callable[[dict[str, Value]], dict[str, Value] | None]) -> Value:
    def text_rule(node: dict[str, Value]) -> Value:
        for tag in _TEXT_TAGS:
            if isinstance(node.get(tag), list):
                chunks = [kept for chunk in node[tag] if (kept := rule(chunk)) is not None]
                return {**node, tag: join_chunks(chunks)}
        return node

    return _rewrite(state, text_rule)


def join_chunks(chunks: list[dict[str, Value]]) -> str | list[dict[str, Value]]:
    """A text's shortest form: adjacent strings with equal attributes joined; a plain string when that is all."""
    joined: list[dict[str, Value]] = []
    for chunk in chunks:
        last = joined[-1] if joined else None
        if (
            last is not None
            and isinstance(last["insert"], str)
            and isinstance(chunk["insert"], str)
            and last.get("attributes") == chunk.get("attributes")
        ):
            joined[-1] = {**last, "insert": last["insert"] + chunk["insert"]}
        else:
            joined.append(chunk)
    if not joined:
        return ""
    if len(joined) == 1 and isinstance(joined[0]["insert"], str) and "attributes" not in joined[0]:
        return str(joined[0]["insert"])
    return joined


def _xml_attributes_as_strings(state: Value) -> Value:
    def text_of(value: Value) -> Value:
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float):
            return f"{value:g}" if isinstance(value, float) else str(value)
        return value

    def rule(node: dict[str, Value]) -> Value:
        if ("$element" in node or "$xmltext" in node) and "attributes" in node:
            return {**node, "attributes": {key: text_of(item) for key, item in node["attributes"].items()}}
        return node

    return _rewrite(state, rule)


def _roots_without_kind(state: Value) -> Value:
    def bare(root: Value) -> Value:
        if isinstance(root, dict):
            for tag in ("$text", "$array", "$map", "$fragment"):
                if tag in root:
                    return root[tag]
            if "$element" in root:
                return root.get("children", [])
        return root

    return {name: bare(root) for name, root in state.items()}


_PROJECTIONS: dict[str, Callable[[Value], Value]] = {
    "undefined": _undefined_as_null,
    "bigint": _bigint_as_number,
    "map.undefined": _without_undefined_keys,
    "text.attributes": _without_text_attributes,
    "text.embeds": _without_embeds,
    "xml.attributes.any": _xml_attributes_as_strings,
    "root.kind": _roots_without_kind,
}

# What a state that a projection changes has in its JSON, so that most need not be walked through.
_MARKS = {
    "undefined": b'"$undefined"',
    "bigint": b'"$bigint"',
    "map.undefined": b'"$undefined"',
    "text.attributes": b'"attributes"',
    "text.embeds": b'"$embed"',
    "xml.attributes.any": b'"attributes"',
}
