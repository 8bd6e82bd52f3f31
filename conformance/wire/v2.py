"""The fields of a struct as update v2 writes them: each kind in a column of its own, run-length encoded.

Source: lib0 `decoding.js` (RleDecoder, UintOptRleDecoder, IntDiffOptRleDecoder, StringDecoder); Yjs
`utils/UpdateDecoder.js` UpdateDecoderV2. An update v2 is

    feature flag (0), key clocks, clients, left clocks, right clocks, infos, strings, parent infos, type refs,
    lengths,

each column behind its length in bytes, and then, without a length, the rest: counts, first clocks, values,
deletes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.wire.lib0 import Reader, WireError
from conformance.wire.model import ID
from conformance.wire.v1 import is_root
from conformance.wire.values import read_any

if TYPE_CHECKING:
    from conformance.wire.values import Value


NO_COLUMNS = bytes.fromhex("00 00 00 00 00 00 01 00 00 00 00")
"""The flag and columns of an update v2 in which nothing was written.

yrs puts them before a state vector or snapshot v2; Yjs has them in updates only, and reads such bytes as empty.
"""


class Rle:
    """Bytes, each followed by how often it comes again; the last count is left out and means: for ever."""

    __slots__ = ("count", "offset", "reader", "value")

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.offset = reader.pos
        self.value = 0
        self.count = 0

    def read(self) -> int:
        if self.count == 0:
            reader = self.reader
            self.offset = reader.pos
            self.value = reader.uint8()
            self.count = reader.varuint() + 1 if reader.pos < reader.end else -1
        self.count -= 1
        return self.value


class UintOptRle:
    """Varints; a negative one, minus zero among them, is followed by its count less two."""

    __slots__ = ("count", "reader", "value")

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.value = 0
        self.count = 0

    def read(self) -> int:
        if self.count == 0:
            repeated, self.value = self.reader.signed()
            self.count = self.reader.varuint() + 2 if repeated else 1
        self.count -= 1
        return self.value


class IntDiffOptRle:
    """Differences to the value before, shifted by one bit that says that a count less two follows."""

    __slots__ = ("count", "diff", "reader", "value")

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.value = 0
        self.diff = 0
        self.count = 0

    def read(self) -> int:
        if self.count == 0:
            number = self.reader.varint()
            self.diff = number >> 1
            self.count = self.reader.varuint() + 2 if number & 1 else 1
        self.count -= 1
        self.value += self.diff
        if self.value < 0:
            raise WireError(self.reader.pos, f"clock {self.value} below zero")
        return self.value


class Strings:
    """All strings in one, and then their lengths in UTF-16 units as a UintOptRle."""

    __slots__ = ("_pos", "_units", "_whole", "lengths", "size")

    def __init__(self, reader: Reader) -> None:
        whole = reader.string()
        self.lengths = UintOptRle(reader)
        self._pos = 0
        # Only a text outside the basic plane has to be cut by units; a cut pair leaves two surrogates.
        self._whole = whole
        self._units = whole.encode("utf-16-le") if whole and max(whole) > "\uffff" else None
        self.size = len(whole) if self._units is None else len(self._units) >> 1

    def read(self) -> str:
        start = self._pos
        stop = start + self.lengths.read()
        if stop > self.size:
            raise WireError(self.lengths.reader.pos, f"string up to unit {stop} of {self.size}")
        self._pos = stop
        if self._units is None:
            return self._whole[start:stop]
        return self._units[2 * start : 2 * stop].decode("utf-16-le", "surrogatepass")


class FieldReaderV2:
    __slots__ = (
        "_clients",
        "_infos",
        "_key_clocks",
        "_keys",
        "_left_clocks",
        "_parent_infos",
        "_right_clocks",
        "_strings",
        "client",
        "info",
        "length",
        "lenient",
        "rest",
        "string",
        "type_ref",
    )

    def __init__(self, reader: Reader, *, lenient: bool = False) -> None:
        self.lenient = lenient
        flag = reader.varuint()
        if flag != 0:
            raise WireError(0, f"feature flag {flag}, wanted 0: not an update v2")
        self._key_clocks = IntDiffOptRle(reader.column())
        self._clients = UintOptRle(reader.column())
        self._left_clocks = IntDiffOptRle(reader.column())
        self._right_clocks = IntDiffOptRle(reader.column())
        self._infos = Rle(reader.column())
        self._strings = Strings(reader.column())
        self._parent_infos = Rle(reader.column())
        self.type_ref = UintOptRle(reader.column()).read
        self.length = UintOptRle(reader.column()).read
        self.client = self._clients.read
        self.info = self._infos.read
        self.string = self._strings.read
        self.rest = reader
        self._keys: list[str] = []

    @property
    def offset(self) -> int:
        # The fields are spread; the info column is the one that tells structs apart.
        return self._infos.offset

    @property
    def info_offset(self) -> int:
        # A run of equal infos is one byte: all its structs begin there.
        return self._infos.offset

    def left_id(self) -> ID:
        return ID(self._clients.read(), self._left_clocks.read())

    def right_id(self) -> ID:
        return ID(self._clients.read(), self._right_clocks.read())

    def parent_is_root(self) -> bool:
        number = self._parent_infos.read()
        return number == 1 if self.lenient else is_root(number, self._parent_infos.reader.pos)

    def key(self) -> str:
        """A string that the key table may hold: its clock is its index there, and a new one is appended.

        Encoders write every key anew, since Yjs never fills the table it looks keys up in (`keyMap`).
        """
        clock = self._key_clocks.read()
        keys = self._keys
        if clock < len(keys):
            return keys[clock]
        key = self._strings.read()
        keys.append(key)
        return key

    def json(self) -> Value:
        return read_any(self.rest)
