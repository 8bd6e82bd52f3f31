"""The way back of `v2`: columns from the fields of structs.

Source: lib0 `encoding.js`; Yjs `utils/UpdateEncoder.js` UpdateEncoderV2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.wire.lib0 import Writer, utf16_length
from conformance.wire.values import write_any

if TYPE_CHECKING:
    from conformance.wire.model import ID
    from conformance.wire.values import Value


class RleWriter:
    __slots__ = ("count", "value", "writer")

    def __init__(self) -> None:
        self.writer = Writer()
        self.value = -1
        self.count = 0

    def write(self, value: int) -> None:
        if value == self.value:
            self.count += 1
            return
        if self.count:
            self.writer.varuint(self.count - 1)
        self.writer.uint8(value)
        self.value = value
        self.count = 1

    def finish(self) -> bytearray:
        return self.writer.data


class UintOptRleWriter:
    __slots__ = ("count", "value", "writer")

    def __init__(self) -> None:
        self.writer = Writer()
        self.value = 0
        self.count = 0

    def write(self, value: int) -> None:
        if value == self.value:
            self.count += 1
            return
        self._flush()
        self.value = value
        self.count = 1

    def _flush(self) -> None:
        if self.count:
            self.writer.signed(self.count > 1, self.value)
            if self.count > 1:
                self.writer.varuint(self.count - 2)

    def finish(self) -> bytearray:
        self._flush()
        return self.writer.data


class IntDiffOptRleWriter:
    __slots__ = ("count", "diff", "value", "writer")

    def __init__(self) -> None:
        self.writer = Writer()
        self.value = 0
        self.diff = 0
        self.count = 0

    def write(self, value: int) -> None:
        diff = value - self.value
        self.value = value
        if diff == self.diff:
            self.count += 1
            return
        self._flush()
        self.diff = diff
        self.count = 1

    def _flush(self) -> None:
        if self.count:
            self.writer.varint(self.diff * 2 + (self.count > 1))
            if self.count > 1:
                self.writer.varuint(self.count - 2)

    def finish(self) -> bytearray:
        self._flush()
        return self.writer.data


class StringsWriter:
    __slots__ = ("lengths", "parts")

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.lengths = UintOptRleWriter()

    def write(self, text: str) -> None:
        self.parts.append(text)
        self.lengths.write(utf16_length(text))

    def finish(self) -> bytearray:
        writer = Writer()
        writer.string("".join(self.parts))
        writer.take(self.lengths.finish())
        return writer.data


class FieldWriterV2:
    __slots__ = (
        "_clients",
        "_infos",
        "_key_clocks",
        "_keys",
        "_left_clocks",
        "_lengths",
        "_parent_infos",
        "_right_clocks",
        "_strings",
        "_type_refs",
        "client",
        "info",
        "length",
        "rest",
        "string",
        "type_ref",
    )

    def __init__(self) -> None:
        self.rest = Writer()
        self._key_clocks = IntDiffOptRleWriter()
        self._clients = UintOptRleWriter()
        self._left_clocks = IntDiffOptRleWriter()
        self._right_clocks = IntDiffOptRleWriter()
        self._infos = RleWriter()
        self._strings = StringsWriter()
        self._parent_infos = RleWriter()
        self._type_refs = UintOptRleWriter()
        self._lengths = UintOptRleWriter()
        self.client = self._clients.write
        self.info = self._infos.write
        self.string = self._strings.write
        self.type_ref = self._type_refs.write
        self.length = self._lengths.write
        self._keys = 0

    def left_id(self, id: ID) -> None:
        self._clients.write(id.client)
        self._left_clocks.write(id.clock)

    def right_id(self, id: ID) -> None:
        self._clients.write(id.client)
        self._right_clocks.write(id.clock)

    def parent_is_root(self, is_root: bool) -> None:
        self._parent_infos.write(1 if is_root else 0)

    def key(self, key: str) -> None:
        self._key_clocks.write(self._keys)
        self._keys += 1
        self._strings.write(key)

    def json(self, value: Value) -> None:
        write_any(self.rest, value)

    def finish(self) -> bytes:
        writer = Writer()
        writer.varuint(0)
        for column in (
            self._key_clocks,
            self._clients,
            self._left_clocks,
            self._right_clocks,
            self._infos,
            self._strings,
            self._parent_infos,
            self._type_refs,
            self._lengths,
        ):
            writer.buffer(column.finish())
        writer.take(self.rest.data)
        return bytes(writer.data)
