"""JSON in and out: orjson, and the standard library where orjson is stricter than the data.

JavaScript writes a lone surrogate as an escape; orjson refuses it, though to a conformance kit it is a result
like any other.
"""

from __future__ import annotations

import json
from typing import Any

import orjson

JSONDecodeError = json.JSONDecodeError  # orjson's error is a subclass


def loads(text: bytes | str) -> Any:
    """Parse JSON; lone surrogates are kept.

    Raises:
        JSONDecodeError: not JSON.
        UnicodeDecodeError: not UTF-8.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text)


def dumps(value: Any, *, sort_keys: bool = False) -> bytes:
    """JSON on one line, ASCII-escaped only where a lone surrogate, or an integer above 64 bits, demands it."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS if sort_keys else 0)
    except TypeError:
        return json.dumps(value, sort_keys=sort_keys, separators=(",", ":")).encode()
