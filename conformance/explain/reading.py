"""Bytes to what they say: each kind with the decoder of its own, a fault kept beside what was decoded before it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from conformance.wire.awareness import AwarenessUpdate, Presence, read_presences
from conformance.wire.delete_set import read_deletes_into
from conformance.wire.lib0 import Reader, WireError
from conformance.wire.model import Update
from conformance.wire.position import Position, decode_position
from conformance.wire.snapshot import Snapshot
from conformance.wire.state_vector import read_state_vector_into
from conformance.wire.sync import (
    AuthMessage,
    AwarenessMessage,
    CustomMessage,
    Message,
    QueryAwareness,
    SyncStep1,
    SyncStep2,
    SyncUpdate,
    read_message,
    read_sync,
)
from conformance.wire.update import Partial, decode_partly
from conformance.wire.v2 import NO_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from conformance.wire.model import Format, StateVector

Kind: TypeAlias = Literal["update", "state-vector", "snapshot", "position", "awareness", "sync", "message"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""`sync` is a message of the sync protocol; `message` has y-websocket's type before it, and several may follow."""

WITH_FORMATS: frozenset[Kind] = frozenset(("update", "snapshot", "sync", "message"))
"""The kinds that are not the same in v1 and v2."""


@dataclass(frozen=True, slots=True)
class StateVectorRead:
    vector: StateVector


@dataclass(frozen=True, slots=True)
class Enveloped:
    """A message, and its payload if it has one that says something."""

    message: Message
    payload: Reading | None


Value: TypeAlias = "Update | StateVectorRead | Snapshot | Position | AwarenessUpdate | tuple[Enveloped, ...] | None"


@dataclass(frozen=True, slots=True)
class Reading:
    """What bytes say.

    Attributes:
        format: None for kinds that have one form only.
        guessed: why this format was taken; empty when it was told.
        value: what was decoded, up to the fault; None when nothing was.
        fault: its offset counts from the start of `base`.
        base: the byte of the outermost bytes at which these begin: every offset is to be moved by it.
        size, trailing: how many bytes there are, and how many of them lie behind the end.
    """

    kind: Kind
    format: Format | None
    guessed: str
    value: Value
    fault: WireError | None
    size: int
    trailing: int
    base: int = 0

    @property
    def first_fault(self) -> WireError | None:
        """The fault, or that of a payload, with its offset from the outermost byte."""
        if self.fault is not None:
            return WireError(self.base + self.fault.offset, self.fault.what)
        if isinstance(self.value, tuple):
            faults = (each.payload.first_fault for each in self.value if each.payload is not None)
            return next((fault for fault in faults if fault is not None), None)
        return None

    @property
    def is_whole(self) -> bool:
        return self.first_fault is None and self.trailing == 0


def read(data: bytes, kind: Kind = "update", told: Format | None = None, base: int = 0) -> Reading:
    """What the bytes say as this kind; the format is guessed unless it is told. Never raises."""
    if kind in ("state-vector", "snapshot") and told != "v1" and data.startswith(NO_COLUMNS):
        return _behind_columns(data, kind, base)
    if kind not in WITH_FORMATS:
        return _read_as(data, kind, None, "", base)
    if told is not None:
        return _read_as(data, kind, told, "", base)
    if kind == "update":
        return _guess_update(data, base)
    if kind == "snapshot":
        return _guess_snapshot(data, base)
    return _read_as(data, kind, "v1", "both protocols are defined on it", base)


def alternatives(data: bytes, kind: Kind, told: Format | None) -> list[str]:
    """Options of the command under which the bytes are read whole, without a byte left over."""
    found = []
    if kind in WITH_FORMATS and told is not None:
        other: Format = "v1" if told == "v2" else "v2"
        if read(data, kind, other).is_whole:
            found.append(f"--{other}" if kind == "update" else f"--kind {kind} --{other}")
    others = [read(data, other) for other in KINDS if other != kind]
    return found + [f"--kind {other.kind}" for other in others if other.is_whole and not _is_custom(other)]


def _is_custom(reading: Reading) -> bool:
    """Whether messages are of a type of their own: any number and buffer would do."""
    return isinstance(reading.value, tuple) and any(isinstance(each.message, CustomMessage) for each in reading.value)


def _behind_columns(data: bytes, kind: Kind, base: int) -> Reading:
    start = len(NO_COLUMNS)
    format: Format | None = "v2" if kind in WITH_FORMATS else None
    reading = _read_as(data[start:], kind, format, "behind empty columns of an update v2, as of yrs", base + start)
    fault = reading.fault and WireError(start + reading.fault.offset, reading.fault.what)
    return replace(reading, size=len(data), base=base, fault=fault)


def _guess_update(data: bytes, base: int) -> Reading:
    if data[:1] != b"\0":
        return _read_as(data, "update", "v1", "an update v2 begins with 0", base)
    # Behind a first 0 an update v1 has no structs, but may have deletes: a few numbers, which columns look like sooner
    # than the other way round.
    first = _read_as(data, "update", "v1", "as v2 it is not read whole", base)
    second = _read_as(data, "update", "v2", "it is read whole", base)
    if second.is_whole:
        return second
    if first.is_whole:
        return first
    if first.fault is None or _has_structs(second):
        return replace(second, guessed="as v1 it is not read whole")
    return replace(first, guessed="it is neither v1 nor v2")


def _has_structs(reading: Reading) -> bool:
    return isinstance(reading.value, Update) and any(reading.value.structs.values())


def _guess_snapshot(data: bytes, base: int) -> Reading:
    """The bytes of a snapshot fit both formats; but v1 writes no ranges that are empty, overlap or go back."""
    first = _read_as(data, "snapshot", "v1", "v2 fits too", base)
    assert isinstance(first.value, Snapshot)
    if not any(first.value.delete_set.values()):
        return _read_as(data, "snapshot", "v1", "v2 is the same here", base)
    if all(_is_ascending(ranges) for ranges in first.value.delete_set.values()):
        return first
    return _read_as(data, "snapshot", "v2", "as v1 its deletes are out of order", base)


def _is_ascending(ranges: tuple[tuple[int, int], ...]) -> bool:
    end = 0
    for clock, length in ranges:
        if clock < end or length == 0:
            return False
        end = clock + length
    return True


_Found: TypeAlias = tuple[Value, "WireError | None", int]


def _read_as(data: bytes, kind: Kind, format: Format | None, guessed: str, base: int) -> Reading:
    if kind == "sync" or kind == "message":
        read_one = read_sync if kind == "sync" else read_message
        value, fault, trailing = _messages(data, read_one, format or "v1", base, several=kind == "message")
    elif kind == "update":
        value, fault, trailing = _update(decode_partly(data, format or "v1"))
    elif kind == "snapshot":
        value, fault, trailing = _snapshot(data, format or "v1")
    else:
        value, fault, trailing = _ONE_FORM[kind](data)
    return Reading(kind, format, guessed, value, fault, len(data), trailing, base)


def _update(partial: Partial) -> _Found:
    return partial.update, partial.fault, partial.update.trailing


def _state_vector(data: bytes) -> _Found:
    reader, vector = Reader(data), dict[int, int]()
    fault = _fault(lambda: read_state_vector_into(vector, reader))
    return StateVectorRead(vector), fault, 0 if fault else len(data) - reader.pos


def _snapshot(data: bytes, format: Format) -> _Found:
    reader, vector = Reader(data), dict[int, int]()
    deletes: dict[int, tuple[tuple[int, int], ...]] = {}

    def both() -> None:
        read_deletes_into(deletes, reader, format)
        read_state_vector_into(vector, reader)

    fault = _fault(both)
    return Snapshot(deletes, vector), fault, 0 if fault else len(data) - reader.pos


def _position(data: bytes) -> _Found:
    try:
        position = decode_position(data)
    except WireError as error:
        return None, error, 0
    return position, None, position.trailing


def _awareness(data: bytes) -> _Found:
    reader, entries = Reader(data), list[Presence]()
    fault = _fault(lambda: read_presences(reader, entries))
    return AwarenessUpdate(tuple(entries)), fault, 0 if fault else len(data) - reader.pos


_ONE_FORM: Mapping[str, Callable[[bytes], _Found]] = {
    "state-vector": _state_vector,
    "position": _position,
    "awareness": _awareness,
}


def _messages(
    data: bytes, read_one: Callable[[Reader], Message], format: Format, base: int, *, several: bool
) -> _Found:
    reader, found = Reader(data), list[Enveloped]()

    def one_after_another() -> None:
        found.append(_envelop(read_one(reader), format, base))
        while several and reader.pos < reader.end:
            found.append(_envelop(read_one(reader), format, base))

    fault = _fault(one_after_another)
    return tuple(found), fault, 0 if fault else len(data) - reader.pos


def _envelop(message: Message, format: Format, base: int) -> Enveloped:
    match message:
        case SyncStep1(vector, offset):
            return Enveloped(message, read(vector, "state-vector", None, base + offset))
        case SyncStep2(update, offset) | SyncUpdate(update, offset):
            return Enveloped(message, read(update, "update", format, base + offset))
        case AwarenessMessage(update, offset):
            return Enveloped(message, read(update, "awareness", None, base + offset))
        case AuthMessage() | QueryAwareness() | CustomMessage():
            return Enveloped(message, None)


def _fault(decode: Callable[[], None]) -> WireError | None:
    try:
        decode()
    except WireError as error:
        return error
    return None
