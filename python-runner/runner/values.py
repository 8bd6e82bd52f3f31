"""Values of the protocol (tagged JSON) and their Python form.

A *plain* value is what Yjs calls any content: None, bool, int, float, str, bytes, list, dict. A *shared* value names
a shared type by its tag, `$text`, `$map` and so on; the adapters build and read those.
"""

from __future__ import annotations

import math
from binascii import a2b_base64, b2a_base64
from typing import Any, Callable, Iterable

from .errors import StepError, Unsupported

Json = Any
"""What the json module reads and writes."""

MAX_SAFE_INTEGER = 2**53 - 1

SHARED_TAGS = frozenset(["$text", "$array", "$map", "$fragment", "$element", "$xmltext", "$doc"])
_NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf, "-0": -0.0}


def shared_tag(value: Json) -> str | None:
    """The tag of a shared value, or None for a plain one."""
    if type(value) is dict:
        for key in value:
            if key in SHARED_TAGS:
                return str(key)
    return None


def checked_text(text: str) -> str:
    """The text, unless UTF-8 cannot hold it: the libraries take UTF-8 and break on a lone surrogate."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise Unsupported("text.lone-surrogate") from None
    return text


class Writer:
    """Turns a plain value of a vector into the Python value that the library writes as that value."""

    def __init__(self, bigint: Callable[[int], bool], features: frozenset[str]) -> None:
        """`bigint` says whether the library takes this int for a bigint."""
        self._bigint = bigint
        # A library that takes large ints for bigints may have no way to write small ones.
        self._bigint_feature = "value.bigint.range" if "value.bigint" in features else "value.bigint"
        # Some releases take every int for a bigint: there a number is written as a float.
        self._int_is_number = not bigint(1)
        self._has_bytes = "value.bytes" in features

    def plain(self, value: Json) -> Any:
        """Raises Unsupported for a value that the library cannot write, StepError for a malformed one."""
        kind = type(value)
        if kind is str:
            return checked_text(value)
        if kind is int:
            # A vector's number is a JavaScript number; past this bound the libraries would make it a bigint.
            safe = -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER
            return value if safe and self._int_is_number else float(value)
        if kind is list:
            return [self.plain(item) for item in value]
        if kind is dict:
            for key in value:
                if key.startswith("$"):
                    return self._tagged(key, value[key])
            return {checked_text(key): self.plain(item) for key, item in value.items()}
        return value

    def attributes(self, value: Json) -> dict[str, Any]:
        """Attributes of a text or of an XML node: names are free of tags."""
        return {checked_text(key): self.plain(item) for key, item in value.items()}

    def _tagged(self, tag: str, content: Json) -> Any:
        if tag == "$number":
            return _NUMBERS[content]
        if tag == "$bigint":
            number = int(content)
            if not self._bigint(number):
                raise Unsupported(self._bigint_feature)
            return number
        if tag == "$bytes":
            if not self._has_bytes:
                raise Unsupported("value.bytes")
            return a2b_base64(content)
        if tag == "$object":
            return {checked_text(key): self.plain(item) for key, item in content.items()}
        if tag == "$undefined":
            # Python has one None, which both libraries write as null.
            raise Unsupported("value.undefined")
        if tag in SHARED_TAGS:
            raise StepError("runner", "a shared type where only a plain value can stand: " + tag)
        raise StepError("runner", "unknown tag " + tag)


class Reader:
    """Turns what the library returns for a plain value into the protocol's form."""

    def __init__(self, int_is_bigint: bool) -> None:
        """`int_is_bigint`: the library returns numbers as float and only bigints as int."""
        self._int_is_bigint = int_is_bigint

    def plain(self, value: Any) -> Json:
        kind = type(value)
        if kind is str or kind is bool or value is None:
            return value
        if kind is float:
            return number(value)
        if kind is int:
            return {"$bigint": str(value)} if self._int_is_bigint else value
        if kind is list or kind is tuple:
            return [self.plain(item) for item in value]
        if kind is dict:
            result = {key: self.plain(item) for key, item in value.items()}
            return {"$object": result} if any(key.startswith("$") for key in result) else result
        if kind is bytearray or kind is bytes:
            return {"$bytes": base64(value)}
        raise StepError("runner", "no value is known that reads as " + kind.__name__)

    def attributes(self, pairs: Iterable[tuple[str, Any]]) -> dict[str, Json]:
        return {key: self.plain(item) for key, item in pairs}


def number(value: float) -> Json:
    """A float in the protocol's form; a whole number as a JSON integer."""
    if value != value:
        return {"$number": "NaN"}
    if value in (math.inf, -math.inf):
        return {"$number": "Infinity" if value > 0 else "-Infinity"}
    if value == 0 and math.copysign(1, value) < 0:
        return {"$number": "-0"}
    if value.is_integer() and -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
        return int(value)
    return value


def text_chunks(parts: Iterable[tuple[Json, dict[str, Json]]]) -> Json:
    """What stands behind `$text`: a plain string, or the list of chunks with equal neighbours joined.

    `parts` are pairs of an insert (a string, or an embed as `{"$embed": value}`) and attributes.
    """
    chunks: list[dict[str, Json]] = []
    formatted = False
    for insert, attributes in parts:
        is_text = type(insert) is str
        if is_text and chunks and type(chunks[-1]["insert"]) is str:
            last = chunks[-1]
            if last.get("attributes", {}) == attributes:
                last["insert"] += insert
                continue
        chunk = {"insert": insert}
        if attributes:
            chunk["attributes"] = attributes
        formatted = formatted or bool(attributes) or not is_text
        chunks.append(chunk)
    if formatted:
        return chunks
    return chunks[0]["insert"] if chunks else ""


def base64(data: bytes) -> str:
    return b2a_base64(data, newline=False).decode("ascii")


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2
