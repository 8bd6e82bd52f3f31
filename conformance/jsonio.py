"""JSON in and out: orjson, and the standard library where orjson is stricter than the data.

JavaScript writes a lone surrogate as an escape; orjson refuses it, though to a conformance kit it is a result
like any other.
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

import orjson

JSONDecodeError = json.JSONDecodeError  # orjson's error is a subclass


def loads(text: bytes | str) -> Any:
    """Parse JSON; lone surrogates are kept.

    Raises:
        JSONDecodeError: not JSON, or a number that no double can hold.
        UnicodeDecodeError: not UTF-8.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text, parse_constant=_refuse, parse_int=_integer, parse_float=_double)


def _refuse(text: str) -> NoReturn:
    """NaN and the infinities are no JSON; read as doubles they would be written again as null."""
    raise JSONDecodeError("no JSON number", text, 0)


def _double(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _refuse(text)


def _integer(text: str) -> int:
    _double(text)
    return int(text)


def dumps(value: Any, *, sort_keys: bool = False) -> bytes:
    """JSON on one line, ASCII-escaped only where a lone surrogate, or an integer above 64 bits, demands it."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS if sort_keys else 0)
    except TypeError:
        return json.dumps(value, sort_keys=sort_keys, separators=(",", ":")).encode()
