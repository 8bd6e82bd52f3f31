"""The fields of a struct as update v1 writes them: one after the other.

Source: Yjs `utils/UpdateDecoder.js` UpdateDecoderV1 and `UpdateEncoder.js` UpdateEncoderV1.
`FieldReader` and `FieldWriter` are what v1 and v2 have in common; the rest of the format is written against
them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from conformance.wire.lib0 import Reader, WireError, Writer
from conformance.wire.model import ID
from conformance.wire.values import format_json, parse_json

if TYPE_CHECKING:
    from conformance.wire.values import Value


class FieldReader(Protocol):
    """`rest` holds what has no field of its own here.

    `offset` is where an error about the next field points, `info_offset` the byte of the info that was read just now.
    Where it is `lenient`, what readers read on behind is no fault.
    """

    rest: Reader
    lenient: bool

    @property
    def offset(self) -> int: ...
    @property
    def info_offset(self) -> int: ...
    def info(self) -> int: ...
    def client(self) -> int: ...
    def left_id(self) -> ID: ...
    def right_id(self) -> ID: ...
    def parent_is_root(self) -> bool: ...
    def string(self) -> str: ...
    def key(self) -> str: ...
    def type_ref(self) -> int: ...
    def length(self) -> int: ...
    def json(self) -> Value: ...


class FieldWriter(Protocol):
    rest: Writer

    def info(self, info: int) -> None: ...
    def client(self, client: int) -> None: ...
    def left_id(self, id: ID) -> None: ...
    def right_id(self, id: ID) -> None: ...
    def parent_is_root(self, is_root: bool) -> None: ...
    def string(self, text: str) -> None: ...
    def key(self, key: str) -> None: ...
    def type_ref(self, ref: int) -> None: ...
    def length(self, length: int) -> None: ...
    def json(self, value: Value) -> None: ...
    def finish(self) -> bytes: ...


class FieldReaderV1:
    __slots__ = ("client", "info", "key", "length", "lenient", "rest", "string", "type_ref")

    def __init__(self, reader: Reader, *, lenient: bool = False) -> None:
        self.rest = reader
        self.lenient = lenient
        self.info = reader.uint8
        self.client = self.type_ref = self.length = reader.varuint
        self.string = self.key = reader.string

    @property
    def offset(self) -> int:
        return self.rest.pos

    @property
    def info_offset(self) -> int:
        # Only right after the info was read.
        return self.rest.pos - 1

    def left_id(self) -> ID:
        varuint = self.rest.varuint
        return ID(varuint(), varuint())

    right_id = left_id

    def parent_is_root(self) -> bool:
        start = self.rest.pos
        number = self.rest.varuint()
        return number == 1 if self.lenient else is_root(number, start)

    def json(self) -> Value:
        start = self.rest.pos
        return parse_json(self.rest.string(), start)


class FieldWriterV1:
    __slots__ = ("client", "info", "key", "length", "rest", "string", "type_ref")

    def __init__(self) -> None:
        self.rest = rest = Writer()
        self.info = rest.uint8
        self.client = self.type_ref = self.length = rest.varuint
        self.string = self.key = rest.string

    def left_id(self, id: ID) -> None:
        self.rest.varuint(id.client)
        self.rest.varuint(id.clock)

    right_id = left_id

    def parent_is_root(self, is_root: bool) -> None:
        self.rest.uint8(1 if is_root else 0)

    def json(self, value: Value) -> None:
        self.rest.string(format_json(value))

    def finish(self) -> bytes:
        return bytes(self.rest.data)


def is_root(number: int, offset: int) -> bool:
    """Whether a name or an id follows. Raises WireError for what no writer writes, though readers take it for 0."""
    if number > 1:
        raise WireError(offset, f"parent info {number}, wanted 0 (an id) or 1 (a root)")
    return number == 1
