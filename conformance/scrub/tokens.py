"""Update v1 rewritten token by token: what is content, or a client, is exchanged where it stands, all else stays.

So what an encoder chose, and the kit's own would not, is kept: the form of a number, a client that is named twice, a
length in more bytes than it takes. Update v2 keeps content in columns, where this cannot be done.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.scrub.neutral import OPTIONS
from conformance.wire.lib0 import Reader, Writer
from conformance.wire.model import (
    ID,
    ContentDoc,
    ContentEmbed,
    ContentFormat,
    ContentJSON,
    ContentMove,
    ContentString,
    ContentType,
    Item,
    Struct,
)
from conformance.wire.update import read_structs
from conformance.wire.v1 import FieldReaderV1
from conformance.wire.values import BigInt, format_json, parse_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.scrub.neutral import Neutral
    from conformance.wire.model import Update

_UNDEFINED = "undefined"


@dataclass(frozen=True, slots=True)
class Token:
    """Bytes `start` to `end`: of the kind client, string, signed, float32, float64, bigint64 or buffer."""

    start: int
    end: int
    kind: str
    value: Any


def can_be_exchanged(update: Update) -> bool:
    """Whether all ids in the contents of an update v1 are found; those of moves and weak links are not."""
    contents = [struct.content for of in update.structs.values() for struct in of if isinstance(struct, Item)]
    return not any(
        isinstance(content, ContentMove) or (isinstance(content, ContentType) and content.link is not None)
        for content in contents
    )


def exchanged(data: bytes, neutral: Neutral, clients: Mapping[int, int], order: Mapping[int, int]) -> bytes:
    """An update v1 with neutral content; bytes after its end are left out.

    Args:
        clients: client -> client id in its place.
        order: client -> its number.

    Raises:
        WireError: it cannot be read.
    """
    tokens, structs, size = _read(data)
    roles = _Roles(structs, tokens)
    writer, at = Writer(), 0
    for token in tokens:
        writer.take(data[at : token.start])
        _write(writer, token, roles, neutral, clients, order)
        at = token.end
    writer.take(data[at:size])
    return bytes(writer.data)


# --- reading -------------------------------------------------------------------------------------------------------


class _Recorder(Reader):
    """A reader that notes where content stands."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.tokens: list[Token] = []

    def note(self, start: int, kind: str, value: Any) -> Any:
        self.tokens.append(Token(start, self.pos, kind, value))
        return value

    def string(self) -> str:
        start = self.pos
        return str(self.note(start, "string", super().string()))

    def buffer(self) -> bytes:
        start = self.pos
        return bytes(self.note(start, "buffer", super().buffer()))

    def signed(self) -> tuple[bool, int]:
        start = self.pos
        negative, number = super().signed()
        self.note(start, "signed", (-number if number else -0.0) if negative else number)
        return negative, number

    def float32(self) -> float:
        start = self.pos
        return float(self.note(start, "float32", super().float32()))

    def float64(self) -> float:
        start = self.pos
        return float(self.note(start, "float64", super().float64()))

    def bigint64(self) -> int:
        start = self.pos
        number = super().bigint64()
        self.note(start, "bigint64", BigInt(number))
        return number

    def noted_client(self) -> int:
        start = self.pos
        return int(self.note(start, "client", self.varuint()))


class _Fields(FieldReaderV1):
    def __init__(self, recorder: _Recorder) -> None:
        super().__init__(recorder)
        self.client = recorder.noted_client
        self._recorder = recorder

    def left_id(self) -> ID:
        return ID(self._recorder.noted_client(), self._recorder.varuint())

    right_id = left_id


def _read(data: bytes) -> tuple[list[Token], list[Item], int]:
    """All tokens, the items in the order of their bytes, and where the update ends."""
    recorder = _Recorder(data)
    structs: dict[int, list[Struct]] = {}
    read_structs(_Fields(recorder), structs)
    for _ in range(recorder.varuint()):
        recorder.noted_client()
        for _ in range(2 * recorder.varuint()):
            recorder.varuint()
    items = [struct for of in structs.values() for struct in of if isinstance(struct, Item)]
    return recorder.tokens, sorted(items, key=lambda item: item.offset), recorder.pos


class _Roles:
    """What a string is: that follows from the item in which it stands, and from how many come behind it there."""

    def __init__(self, items: Sequence[Item], tokens: Sequence[Token]) -> None:
        self._items = items
        self._offsets = [item.offset for item in items]
        self._strings: dict[int, list[Token]] = {}
        for token in tokens:
            if token.kind == "string":
                self._strings.setdefault(self._place(token), []).append(token)

    def _place(self, token: Token) -> int:
        return bisect_right(self._offsets, token.start) - 1

    def of(self, token: Token) -> tuple[str, Item]:
        """text, json, option or name, and the item."""
        place = self._place(token)
        item, strings = self._items[place], self._strings[place]
        behind = len(strings) - strings.index(token)
        match item.content:
            case ContentString() if behind == 1:
                return "text", item
            case ContentEmbed() | ContentFormat() if behind == 1:
                return "json", item
            case ContentJSON(values) if behind <= len(values):
                return "json", item
            case ContentDoc() if token.value in OPTIONS:
                return "option", item
        return "name", item


# --- writing -------------------------------------------------------------------------------------------------------


def _write(
    writer: Writer,
    token: Token,
    roles: _Roles,
    neutral: Neutral,
    clients: Mapping[int, int],
    order: Mapping[int, int],
) -> None:
    match token.kind:
        case "client":
            writer.varuint(clients.get(token.value, token.value))
        case "string":
            writer.string(_string(token, roles, neutral, order))
        case "buffer":
            writer.buffer(neutral.data(token.value))
        case "signed":
            _signed(writer, neutral.number(token.value))
        case "float32":
            writer.float32(neutral.number(token.value))
        case "float64":
            writer.float64(neutral.number(token.value))
        case "bigint64":
            found = neutral.value(token.value)
            assert isinstance(found, BigInt)
            writer.bigint64(found.value)


def _signed(writer: Writer, number: float) -> None:
    negative = str(number).startswith("-")  # minus zero has a sign too
    writer.signed(negative, abs(int(number)))


def _string(token: Token, roles: _Roles, neutral: Neutral, order: Mapping[int, int]) -> str:
    role, item = roles.of(token)
    text: str = token.value
    if role == "text":
        return neutral.text(text, order.get(item.id.client, 0), item.id.clock)
    if role == "json" and text != _UNDEFINED:
        return format_json(neutral.value(parse_json(text, token.start)))
    return text if role in ("json", "option") else neutral.name(text)
