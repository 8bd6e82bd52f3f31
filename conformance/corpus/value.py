"""A JSON file as a value of the protocol (runners/PROTOCOL.md), with nothing lost: what a file says, a tag says."""

from __future__ import annotations

import json
import math
from typing import Any

_LARGEST = 2**53 - 1


def read_value(text: str) -> Any:
    """The value that a JSON text stands for. Python's `NaN`, `Infinity` and `-Infinity` are JSON here, as in notebooks.

    Raises:
        ValueError: it is no JSON.
    """
    return json.loads(
        text, parse_constant=_constant, parse_int=_integer, parse_float=_double, object_pairs_hook=_object
    )


def _constant(name: str) -> dict[str, str]:
    return {"$number": name}


def _integer(digits: str) -> Any:
    value = int(digits)
    return value if -_LARGEST <= value <= _LARGEST else {"$bigint": digits}


def _double(text: str) -> Any:
    value = float(text)
    if math.isinf(value):
        return {"$number": "Infinity" if value > 0 else "-Infinity"}
    return {"$number": "-0"} if value == 0 and text.startswith("-") else value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    # A tag was made by the functions above before its object is complete; a key of the file is no tag.
    return {"$object": made} if any(key.startswith("$") for key in made) else made
