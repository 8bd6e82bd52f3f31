"""Cases as short programs: a line per step.

    a: text.insert t 0 "hi"          a step of peer a; its arguments stand in the order of `ARGUMENTS`
    a: text.insert t 0 hi {"b": true}
    a: map.set m/k/0 key [1, 2]      a path is a root, keys and indices, joined by /; or a JSON list
    a: encode since=s as u           any key of a step can be given by name; `as` names its slot or observation
    a: { text.delete t 0 1; text.insert t 0 x }
    a -> b                           b applies all that a knows
    a -> b, c
    # a comment

A word is a JSON value where it is one, else a string.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from conformance.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Step = dict[str, Any]

ARGUMENTS = {
    "text.insert": ("path", "index", "text", "attributes"),
    "text.embed": ("path", "index", "value", "attributes"),
    "text.format": ("path", "index", "length", "attributes"),
    "text.delete": ("path", "index", "length"),
    "text.delta": ("path", "delta"),
    "array.insert": ("path", "index", "values"),
    "array.delete": ("path", "index", "length"),
    "map.set": ("path", "key", "value"),
    "map.delete": ("path", "key"),
    "map.clear": ("path",),
    "xml.insert": ("path", "index", "nodes"),
    "xml.delete": ("path", "index", "length"),
    "xml.set": ("path", "name", "value"),
    "xml.unset": ("path", "name"),
    "encode": ("since",),
    "apply": ("update",),
    "merge": ("updates",),
    "diff": ("update", "since"),
    "update_state_vector": ("update",),
    "convert": ("update", "from", "to"),
    "undo.track": ("paths",),
    "observe": ("path",),
}
"""Op -> the keys of its step, in the order in which a line gives them; keys of other ops are given by name."""

_TEXTS = frozenset({"text", "key", "name", "from", "to", "update", "since"})  # keys whose value is a string by nature
_EXCHANGE = re.compile(r"(\w+)\s*->\s*(\w+(?:\s*,\s*\w+)*)")
_STEP = re.compile(r"(@?\w+)\s*:\s*(.+)")
_CLOSING = {"[": "]", "{": "}"}


def steps(lines: Iterable[str]) -> list[Step]:
    """The steps of a program.

    Raises:
        UsageError: a line is none of the forms above; it says which and why.
    """
    found: list[Step] = []
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        try:
            found += _line(text, len(found))
        except ValueError as error:
            raise UsageError(f"line {number} of the program, {text!r}: {error}") from None
    return found


def roots(found: Iterable[Step]) -> dict[str, str]:
    """The kinds of the roots that local ops work on, as far as the op on the root itself shows them."""
    kinds: dict[str, str] = {}
    for step in found:
        path, kind = step.get("path"), step["op"].split(".")[0]
        if path and len(path) == 1 and kind in ("text", "array", "map", "xml"):
            kinds.setdefault(path[0], kind)
        kinds = {**roots(step.get("steps", ())), **kinds}
    return kinds


def _line(text: str, place: int) -> Iterator[Step]:
    if exchange := _EXCHANGE.fullmatch(text):
        sender, receivers = exchange[1], [name.strip() for name in exchange[2].split(",")]
        slot = f"{sender}{place}"
        yield {"op": "encode", "peer": sender, "as": slot}
        yield from ({"op": "apply", "peer": receiver, "update": slot} for receiver in receivers)
        return
    found = _STEP.fullmatch(text)
    if found is None:
        raise ValueError("write PEER: OP ARGUMENTS, or PEER -> PEER")
    peer, rest = found[1], found[2].strip()
    if not rest.startswith("{"):
        yield _step(peer, _words(rest))
        return
    words = _words(rest)
    inner = _parts(words[0][1:-1])
    if not words[0].endswith("}") or not inner:
        raise ValueError("a transaction is written { OP ...; OP ... }")
    step: Step = {"op": "transact", "peer": peer}
    _named(step, words[1:], ())
    yield {**step, "steps": [_step(peer, _words(part)) for part in inner]}


def _step(peer: str, words: list[str]) -> Step:
    op, *arguments = words
    step: Step = {"op": op, "peer": peer}
    _named(step, arguments, ARGUMENTS.get(op, ()))
    return step


def _named(step: Step, words: list[str], keys: tuple[str, ...]) -> None:
    """Put arguments into a step: `as` first, as in the vectors."""
    if len(words) > 1 and words[-2] == "as":
        step["as"] = words[-1]
        words = words[:-2]
    left = list(keys)
    for word in words:
        key, equals, value = word.partition("=")
        if equals and re.fullmatch(r"[a-z_]+", key):
            step[key] = _value(key, value)
        elif left:
            key = left.pop(0)
            step[key] = _value(key, word)
        else:
            raise ValueError(f"{word!r} is one argument too many for {step['op']}; others are given as KEY=VALUE")


def _value(key: str, word: str) -> Any:
    if key == "path" and not word.startswith("["):
        root, *rest = word.split("/")
        return [root, *(int(part) if part.isdecimal() else part for part in rest)]
    if key in _TEXTS and word[0] not in '"{':
        return word
    try:
        return json.loads(word)
    except json.JSONDecodeError:
        if word[0] in '"[{':
            raise ValueError(f"{word!r} is not JSON") from None
        return word


def _words(text: str) -> list[str]:
    """Words between white space that stands in no string and no bracket."""
    return [text[start:end] for start, end in _spans(text, lambda char: char.isspace())]


def _parts(text: str) -> list[str]:
    return [part for start, end in _spans(text, lambda char: char == ";") if (part := text[start:end].strip())]


def _spans(text: str, splits: Any) -> Iterator[tuple[int, int]]:
    start, closing, quoted, escaped = 0, "", False, False
    for place, char in enumerate(text):
        if quoted:
            quoted = escaped or char != '"'
            escaped = char == "\\" and not escaped
        elif char == '"':
            quoted = True
        elif char in _CLOSING:
            closing += _CLOSING[char]
        elif closing and char == closing[-1]:
            closing = closing[:-1]
        elif not closing and splits(char):
            if place > start:
                yield start, place
            start = place + 1
    if quoted or closing:
        raise ValueError(f"there is no {closing[-1] if closing else 'closing quote'} for it")
    if start < len(text):
        yield start, len(text)
