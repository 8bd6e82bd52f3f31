"""Values of documents that are files, as the protocol writes them, and as Python's JSON reads them from a file.

An integer is an int of any size, and a number with a point a float: what a file holds is what a document is set to.
"""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from typing import Any

from ..errors import StepError
from ..values import MAX_SAFE_INTEGER, Json, number

_NUMBERS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf"), "-0": -0.0}


def decode(value: Json) -> Any:
    """The Python value; raises StepError for a tag that no file can hold."""
    if type(value) is list:
        return [decode(item) for item in value]
    if type(value) is not dict:
        return value
    for key, content in value.items():
        if key.startswith("$"):
            return _tagged(key, content)
    return {key: decode(item) for key, item in value.items()}


def _tagged(tag: str, content: Json) -> Any:
    if tag == "$number":
        return _NUMBERS[content]
    if tag == "$bigint":
        return int(content)
    if tag == "$bytes":
        return a2b_base64(content)
    if tag == "$object":
        return {key: decode(item) for key, item in content.items()}
    raise StepError("runner", "no value of a file: " + tag)


def encode(value: Any) -> Json:
    """The protocol's form. An integer that a double cannot hold exactly is a `$bigint`."""
    kind = type(value)
    if kind is float:
        return number(value)
    if kind is int:
        return value if -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER else {"$bigint": str(value)}
    if kind is list or kind is tuple:
        return [encode(item) for item in value]
    if kind is dict:
        told = {key: encode(item) for key, item in value.items()}
        return {"$object": told} if any(key.startswith("$") for key in told) else told
    if kind is bytes or kind is bytearray:
        return {"$bytes": b2a_base64(value, newline=False).decode()}
    if value is None or kind is bool or kind is str:
        return value
    # A shared type where a plain value should be, or a class of the library: what it is is the observation.
    return {"$object": {"$" + kind.__name__: str(value)}}
