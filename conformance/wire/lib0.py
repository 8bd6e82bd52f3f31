"""lib0's primitives: what every other part of the format is made of.

Source: lib0 `encoding.js` and `decoding.js`; yrs `encoding/read.rs`, `write.rs` and `varint.rs`.
Bytes come in; a `WireError` names the first one that no sound encoder wrote.
"""

from __future__ import annotations

import math
import re
import struct

MAX_SAFE_INTEGER = 2**53 - 1
"""The largest integer that survives in JavaScript; lib0 refuses more."""

_MAX_VARINT_BYTES = 10
_FLOAT32 = struct.Struct(">f")
_FLOAT64 = struct.Struct(">d")
_BIGINT64 = struct.Struct(">q")
_SURROGATE = re.compile("[\ud800-\udfff]")


class WireError(Exception):
    """Bytes that are not in the format.

    `offset` counts bytes from the start of what was given to the decoder; `what` says what is wrong there. Where it is
    in the content of an item, `content_ref` says of which kind, and in the fields of a shared type, such as its name,
    `type_ref`.
    """

    def __init__(self, offset: int, what: str) -> None:
        super().__init__(offset, what)
        self.offset = offset
        self.what = what
        self.content_ref: int | None = None
        self.type_ref: int | None = None

    def __str__(self) -> str:
        return f"byte {self.offset}: {self.what}"


def utf16_length(text: str) -> int:
    """The length of a text in UTF-16 units, which is what a clock counts."""
    if text.isascii():
        return len(text)
    return len(text.encode("utf-16-le", "surrogatepass")) >> 1


def encode_utf8(text: str) -> bytes:
    """A text as JavaScript's TextEncoder writes it: a lone surrogate becomes U+FFFD."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        # Two halves that lie next to each other are one character to JavaScript, but not yet to Python.
        whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
        return _SURROGATE.sub("\ufffd", whole).encode()


class Reader:
    """Reads primitives from `data[pos:end]`.

    The bytes are shared and not copied, so that a column of an update reports offsets of the whole update.
    """

    __slots__ = ("data", "end", "pos")

    def __init__(self, data: bytes, pos: int = 0, end: int | None = None) -> None:
        self.data = data
        self.pos = pos
        self.end = len(data) if end is None else end

    def uint8(self) -> int:
        pos = self.pos
        if pos >= self.end:
            raise WireError(pos, "unexpected end, wanted a byte")
        self.pos = pos + 1
        return self.data[pos]

    def varuint(self) -> int:
        """Seven bits a byte, the lowest first; the eighth bit says that more follow."""
        data = self.data
        start = pos = self.pos
        end = self.end
        if pos < end and (byte := data[pos]) < 0x80:
            self.pos = pos + 1
            return byte
        # Most clocks have two bytes.
        if pos + 1 < end and (second := data[pos + 1]) < 0x80:
            self.pos = pos + 2
            return byte & 0x7F | second << 7
        number = shift = 0
        while pos < end:
            byte = data[pos]
            pos += 1
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                if number > MAX_SAFE_INTEGER:
                    raise WireError(start, "varuint above 2^53 - 1")
                self.pos = pos
                return number
            shift += 7
            if pos - start == _MAX_VARINT_BYTES:
                raise WireError(start, f"varuint longer than {_MAX_VARINT_BYTES} bytes")
        raise WireError(end, "unexpected end in a varuint")

    def signed(self) -> tuple[bool, int]:
        """A varint as (is negative, magnitude): minus zero means something in run-length columns.

        The first byte holds six bits and the sign (0x40), the next ones seven.
        """
        data = self.data
        start = pos = self.pos
        end = self.end
        if pos >= end:
            raise WireError(pos, "unexpected end, wanted a varint")
        byte = data[pos]
        pos += 1
        negative = byte & 0x40 != 0
        number = byte & 0x3F
        if byte < 0x80:
            self.pos = pos
            return negative, number
        shift = 6
        while pos < end:
            byte = data[pos]
            pos += 1
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                if number > MAX_SAFE_INTEGER:
                    raise WireError(start, "varint above 2^53 - 1")
                self.pos = pos
                return negative, number
            shift += 7
            if pos - start == _MAX_VARINT_BYTES:
                raise WireError(start, f"varint longer than {_MAX_VARINT_BYTES} bytes")
        raise WireError(end, "unexpected end in a varint")

    def varint(self) -> int:
        negative, number = self.signed()
        return -number if negative else number

    def take(self, length: int) -> bytes:
        """The next `length` bytes."""
        start = self.pos
        stop = start + length
        if stop > self.end:
            raise WireError(self.end, f"unexpected end, wanted {length} bytes from byte {start}")
        self.pos = stop
        return self.data[start:stop]

    def buffer(self) -> bytes:
        """Bytes after their length (readVarUint8Array)."""
        return self.take(self.varuint())

    def column(self) -> Reader:
        """A buffer as a reader of its own (the parts of update v2)."""
        length = self.varuint()
        start = self.pos
        if start + length > self.end:
            raise WireError(self.end, f"unexpected end, wanted {length} bytes from byte {start}")
        self.pos = start + length
        return Reader(self.data, start, self.pos)

    def string(self) -> str:
        """UTF-8 after its length in bytes.

        Surrogates in UTF-8 (WTF-8) are refused, as lib0's and yrs's decoders do; a lone one that TextEncoder
        wrote has arrived as U+FFFD.
        """
        length = self.varuint()
        start = self.pos
        stop = start + length
        if stop > self.end:
            raise WireError(self.end, f"unexpected end, wanted a string of {length} bytes from byte {start}")
        try:
            text = self.data[start:stop].decode()
        except UnicodeDecodeError as error:
            raise WireError(start + error.start, f"not UTF-8: {error.reason}") from None
        self.pos = stop
        return text

    def float32(self) -> float:
        return _no_odd_nan(_FLOAT32.unpack(self.take(4))[0])

    def float64(self) -> float:
        return _no_odd_nan(_FLOAT64.unpack(self.take(8))[0])

    def bigint64(self) -> int:
        number: int = _BIGINT64.unpack(self.take(8))[0]
        return number


def _no_odd_nan(number: float) -> float:
    # One object for every NaN, so that equal updates compare equal: containers compare by identity first.
    return number if number == number else math.nan


class Writer:
    """Writes primitives; `data` is what has been written."""

    __slots__ = ("data",)

    def __init__(self) -> None:
        self.data = bytearray()

    def uint8(self, number: int) -> None:
        self.data.append(number)

    def varuint(self, number: int) -> None:
        if not 0 <= number <= MAX_SAFE_INTEGER:
            raise ValueError(f"{number} is not a varuint")
        append = self.data.append
        while number > 0x7F:
            append(0x80 | number & 0x7F)
            number >>= 7
        append(number)

    def signed(self, negative: bool, number: int) -> None:
        """A varint from its sign and magnitude, as `Reader.signed`."""
        if not 0 <= number <= MAX_SAFE_INTEGER:
            raise ValueError(f"{number} is not the magnitude of a varint")
        append = self.data.append
        append((0x80 if number > 0x3F else 0) | (0x40 if negative else 0) | number & 0x3F)
        number >>= 6
        while number > 0:
            append((0x80 if number > 0x7F else 0) | number & 0x7F)
            number >>= 7

    def varint(self, number: int) -> None:
        self.signed(number < 0, abs(number))

    def take(self, data: bytes | bytearray) -> None:
        """Bytes without their length."""
        self.data += data

    def buffer(self, data: bytes | bytearray) -> None:
        self.varuint(len(data))
        self.data += data

    def string(self, text: str) -> None:
        self.buffer(encode_utf8(text))

    def float32(self, number: float) -> None:
        self.data += _FLOAT32.pack(number)

    def float64(self, number: float) -> None:
        self.data += _FLOAT64.pack(number)

    def bigint64(self, number: int) -> None:
        if not -(2**63) <= number < 2**63:
            raise ValueError(f"{number} does not fit in 64 bits")
        self.data += _BIGINT64.pack(number)
