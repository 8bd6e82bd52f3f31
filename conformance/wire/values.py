"""Values: lib0's `any`, and the JSON that embeds and formats are in update v1.

Source: lib0 `encoding.js` writeAny and `decoding.js` readAny; yrs `any.rs`. As Python:

    undefined UNDEFINED     number  int or float    bytes   bytes           array   list
    null      None          bigint  BigInt          string  str             object  dict
    boolean   bool

An int and the float of the same value are the same number. Minus zero is -0.0.
"""

from __future__ import annotations

import json
import math
import re
import struct
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeAlias

from conformance.wire.lib0 import MAX_SAFE_INTEGER, WireError

if TYPE_CHECKING:
    from conformance.wire.lib0 import Reader, Writer

MAX_DEPTH = 200
"""Values nested deeper are refused: every reader here and elsewhere recurses."""


class Undefined(Enum):
    UNDEFINED = "undefined"

    def __repr__(self) -> str:
        return "UNDEFINED"


UNDEFINED: Final = Undefined.UNDEFINED


@dataclass(frozen=True, slots=True)
class BigInt:
    """A bigint of 64 bits with sign; not equal to the number of the same value."""

    value: int


Value: TypeAlias = "bool | int | float | str | bytes | BigInt | Undefined | list[Value] | dict[str, Value] | None"

_INT31 = 2**31 - 1


def read_any(reader: Reader, depth: int = 0) -> Value:
    """One value behind its tag, 116 to 127."""
    start = reader.pos
    tag = reader.uint8()
    if tag == 119:
        return reader.string()
    if tag == 125:
        negative, number = reader.signed()
        if negative:
            return -number if number else -0.0
        return number
    if tag == 118 or tag == 117:
        if depth == MAX_DEPTH:
            raise WireError(start, f"any nested deeper than {MAX_DEPTH}")
        count = reader.varuint()
        if tag == 117:
            return [read_any(reader, depth + 1) for _ in range(count)]
        entries: dict[str, Value] = {}
        for _ in range(count):
            key = reader.string()
            entries[key] = read_any(reader, depth + 1)
        return entries
    match tag:
        case 127:
            return UNDEFINED
        case 126:
            return None
        case 124:
            return reader.float32()
        case 123:
            return reader.float64()
        case 122:
            return BigInt(reader.bigint64())
        case 121:
            return False
        case 120:
            return True
        case 116:
            return reader.buffer()
    raise WireError(start, f"unknown tag {tag} of an any")


def write_any(writer: Writer, value: Value) -> None:
    """One value in the form that lib0 chooses.

    Integers up to 31 bits are varints, other numbers float32 when that is exact, else float64.
    Raises ValueError for an int that no float holds.
    """
    if value is None:
        writer.uint8(126)
    elif isinstance(value, str):
        writer.uint8(119)
        writer.string(value)
    elif isinstance(value, bool):
        writer.uint8(120 if value else 121)
    elif isinstance(value, int | float):
        _write_number(writer, value)
    elif isinstance(value, dict):
        writer.uint8(118)
        writer.varuint(len(value))
        for key, member in value.items():
            writer.string(key)
            write_any(writer, member)
    elif isinstance(value, list):
        writer.uint8(117)
        writer.varuint(len(value))
        for member in value:
            write_any(writer, member)
    elif isinstance(value, bytes):
        writer.uint8(116)
        writer.buffer(value)
    elif isinstance(value, BigInt):
        writer.uint8(122)
        writer.bigint64(value.value)
    else:
        writer.uint8(127)


def _write_number(writer: Writer, number: float) -> None:
    if -_INT31 <= number <= _INT31 and number == int(number):
        writer.uint8(125)
        writer.signed(math.copysign(1, number) < 0, abs(int(number)))
        return
    double = float(number)
    if double != number and number == number:
        raise ValueError(f"{number} is not a double; only a BigInt holds it")
    if _is_float32(double):
        writer.uint8(124)
        writer.float32(double)
    else:
        writer.uint8(123)
        writer.float64(double)


def _is_float32(number: float) -> bool:
    try:
        single: float = struct.unpack(">f", struct.pack(">f", number))[0]
    except OverflowError:
        return False
    return single == number


def parse_json(text: str, offset: int) -> Value:
    """A JSON text as JavaScript's JSON.parse reads it; `offset` is where a WireError points to.

    Python's parser also takes NaN and Infinity, which are refused here, and integers of any size, which are
    doubles in JavaScript.
    """
    if text.count("[") + text.count("{") > MAX_DEPTH and _json_depth(text) > MAX_DEPTH:
        raise WireError(offset, f"JSON nested deeper than {MAX_DEPTH}")
    try:
        value: Value = _JSON_PARSER.decode(text)
    except ValueError as error:
        raise WireError(offset, f"not JSON: {error}") from None
    return value


def format_json(value: Value) -> str:
    """A value as JSON.stringify writes it, up to the notation of fractions and powers.

    Raises ValueError for undefined, bigint and bytes, which JSON does not have.
    """
    text = json.dumps(_jsonable(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return _SURROGATE.sub(lambda half: f"\\u{ord(half[0]):04x}", text)


_SURROGATE = re.compile("[\ud800-\udfff]")
_JSON_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]')


def _json_depth(text: str) -> int:
    depth = deepest = 0
    for token in _JSON_STRUCTURE.finditer(text):
        if token[0] in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif token[0] in "]}":
            depth -= 1
    return deepest


def _json_int(digits: str) -> int | float:
    if len(digits) > 17:
        return float(digits)
    number = int(digits)
    if number == 0 and digits[0] == "-":
        return -0.0
    return number if abs(number) <= MAX_SAFE_INTEGER else float(number)


def _no_constant(name: str) -> Value:
    raise ValueError(f"{name} is not JSON")


_JSON_PARSER = json.JSONDecoder(parse_int=_json_int, parse_constant=_no_constant)


def _jsonable(value: Value) -> object:
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        # 1.0 is written 1, and minus zero too; above 10^21 JavaScript uses an exponent.
        return int(value) if value == int(value) and abs(value) < 1e21 else value
    if isinstance(value, list):
        return [_jsonable(member) for member in value]
    if isinstance(value, dict):
        return {key: _jsonable(member) for key, member in value.items()}
    if isinstance(value, Undefined | BigInt | bytes):
        raise ValueError(f"JSON has no {value!r}")
    return value
