"""Neutral content: equal things stay equal and different ones different, sizes on the wire stay what they are.

Kept as they are: null, undefined, booleans, 0, NaN, the infinities, and the names of a subdocument's options.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, TypeAlias

from conformance.wire.normalize import canonical
from conformance.wire.values import BigInt, Undefined

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.scrub.alphabet import Alphabet
    from conformance.wire.values import Value

OPTIONS = frozenset(("gc", "autoLoad", "meta", "collectionId", "shouldLoad", "encoding"))
_VARINT = (0, 1 << 6, 1 << 13, 1 << 20, 1 << 27, 1 << 31)  # from here on lib0 writes an integer in one byte more
_BIGINT = (0, 1 << 31, 1 << 53, 1 << 63)

Shape: TypeAlias = "tuple[object, ...]"


class Neutral:
    """What stands for what, throughout one document."""

    def __init__(self, alphabet: Alphabet) -> None:
        self._alphabet = alphabet
        self._found: dict[object, Value] = {}
        self._counts: dict[object, int] = {}
        self._used: set[str] = set()

    def text(self, text: str, client: int, clock: int) -> str:
        """Content of a text. What stands for a unit follows from its id: updates may cut a text in different ways."""
        found, place = [], clock
        for char in text:
            found.append(self._alphabet.at(char, place + 3 * client))
            place += 1 if ord(char) < 0x10000 else 2
        return "".join(found)

    def name(self, name: str) -> str:
        """A key, a root's name, an attribute's or a node's, a guid, or a string as a value."""
        key = ("name", name)
        if key not in self._found:
            shape = "".join(self._alphabet.at(char, 0) for char in name)
            found = self._alphabet.name(shape, self._number(("name", shape))) if name else ""
            while found in self._used:  # one that grew, since its shape has few names
                found = self._alphabet.name(shape, self._number(("name", shape)))
            self._used.add(found)
            self._found[key] = found
        return str(self._found[key])

    def value(self, value: Value) -> Value:
        """A value of lib0's `any`, or of JSON."""
        match value:
            case None | bool() | Undefined():
                return value
            case str():
                return self.name(value)
            case list():
                return [self.value(member) for member in value]
            case dict():
                return {self.name(key): self.value(member) for key, member in value.items()}
        key = canonical(value)
        if key not in self._found:
            self._found[key] = self._scalar(value)
        return self._found[key]

    def options(self, options: Value) -> Value:
        """A subdocument's options: their names are the library's."""
        if not isinstance(options, dict):
            return self.value(options)
        return {key if key in OPTIONS else self.name(key): self.value(member) for key, member in options.items()}

    def values(self, values: Iterable[Value]) -> tuple[Value, ...]:
        return tuple(map(self.value, values))

    # --- numbers and bytes -----------------------------------------------------------------------------------

    def data(self, data: bytes) -> bytes:
        """As many other bytes."""
        found = self.value(data)
        assert isinstance(found, bytes)
        return found

    def number(self, number: float) -> float:
        """Another number of the same sign and size."""
        found = self.value(number)
        assert isinstance(found, int | float)
        return found

    def _number(self, shape: object) -> int:
        """How many of a shape there were."""
        self._counts[shape] = self._counts.get(shape, -1) + 1
        return self._counts[shape]

    def _scalar(self, value: Value) -> Value:
        match value:
            case bytes():
                number = self._number(("bytes", len(value)))
                return bytes(0xA0 + (number + place) % 32 for place in range(len(value)))
            case BigInt(number):
                return BigInt(self._integer(number, _BIGINT, "bigint"))
            case int() | float():
                return self._double(value)
        raise AssertionError(f"no value of the wire: {value!r}")

    def _double(self, value: float) -> float:
        if value == 0 or not math.isfinite(value):
            return value
        if value == int(value) and abs(value) < _VARINT[-1]:
            return self._integer(int(value), _VARINT, "integer")
        sign, single, whole = math.copysign(1, value), _is_single(value), value == int(value)
        number = self._number(("double", sign, single, whole)) + 1
        if whole:
            return sign * (number * 2.0**33 if single else 2.0**40 + 2 * number + 1)
        return sign * (number + 0.5 if single else number + 0.1)

    def _integer(self, value: int, bounds: tuple[int, ...], kind: str) -> int:
        """Another integer of the same sign and size."""
        size = next((place for place, bound in enumerate(bounds[1:]) if abs(value) < bound), len(bounds) - 2)
        low, high = bounds[size], bounds[size + 1]
        number = self._number((kind, value < 0, size))
        found = low + (number + 1) % (high - low)
        return -found if value < 0 else found


def _is_single(value: float) -> bool:
    try:
        single: float = struct.unpack(">f", struct.pack(">f", value))[0]
    except OverflowError:
        return False
    return single == value
