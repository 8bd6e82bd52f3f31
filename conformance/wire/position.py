"""Relative positions: a place in a type that stays what it is when the type changes around it.

Source: Yjs `utils/RelativePosition.js`; yrs `sticky_index.rs`. As bytes: 0 and the id of an element, or 1 and the name
of a root, or 2 and the id of a nested type; then the association. As JSON: `item`, `tname` and `type`, each if there is
one, and `assoc`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conformance.wire.lib0 import MAX_SAFE_INTEGER, Reader, WireError, Writer
from conformance.wire.model import ID, RootName
from conformance.wire.values import parse_json

if TYPE_CHECKING:
    from conformance.wire.values import Value

_AT_ITEM, _IN_ROOT, _IN_TYPE = range(3)


@dataclass(frozen=True, slots=True)
class Position:
    """At the element `item`, or, without one, at an end of `type`.

    `assoc` below 0 ties the position to the element before it (at an end: to the beginning), else to the one after it
    (the end). `trailing` counts the bytes after the end, which are ignored.
    """

    item: ID | None
    type: ID | RootName | None
    assoc: int = 0
    trailing: int = field(default=0, compare=False)


def decode_position(data: bytes) -> Position:
    """The binary form, which names an element or a type, never both; without an association, that is 0.

    Raises WireError.
    """
    reader = Reader(data)
    tag = reader.varuint()
    item: ID | None = None
    type: ID | RootName | None = None
    if tag == _AT_ITEM:
        item = _read_id(reader)
    elif tag == _IN_ROOT:
        type = RootName(reader.string())
    elif tag == _IN_TYPE:
        type = _read_id(reader)
    else:
        # Yjs reads it as a position nowhere, and throws when that is resolved or encoded.
        raise WireError(0, f"position tag {tag}, wanted 0 (an element), 1 (a root) or 2 (a nested type)")
    # Positions of older versions of Yjs end here.
    assoc = reader.varint() if reader.pos < reader.end else 0
    return Position(item, type, assoc, len(data) - reader.pos)


def encode_position(position: Position) -> bytes:
    """The binary form, which leaves the type out where there is an element.

    Raises ValueError for a position that has neither.
    """
    writer = Writer()
    match position:
        case Position(item=ID() as id):
            writer.varuint(_AT_ITEM)
            _write_id(writer, id)
        case Position(type=RootName(name)):
            writer.varuint(_IN_ROOT)
            writer.string(name)
        case Position(type=ID() as id):
            writer.varuint(_IN_TYPE)
            _write_id(writer, id)
        case _:
            raise ValueError("a position without element and type")
    writer.varint(position.assoc)
    return bytes(writer.data)


def parse_position(text: str) -> Position:
    """The JSON form as a text. Raises WireError, at byte 0 where the JSON is sound but no position."""
    return position_of_json(parse_json(text, 0))


def position_of_json(value: Value) -> Position:
    """The JSON form, parsed; it may name both an element and a type. Keys that are missing or null are alike.

    Raises WireError at byte 0.
    """
    if not isinstance(value, dict):
        raise WireError(0, "a position in JSON is an object")
    item, nested = _id_of(value, "item"), _id_of(value, "type")
    name, assoc = value.get("tname"), value.get("assoc")
    if name is not None and not isinstance(name, str):
        raise WireError(0, "tname of a position is no string")
    if name is not None and nested is not None:
        raise WireError(0, "a position names a root and a nested type")
    type = nested if name is None else RootName(name)
    if item is None and type is None:
        raise WireError(0, "a position without item, tname and type")
    return Position(item, type, 0 if assoc is None else _whole(assoc, "assoc"))


def position_as_json(position: Position) -> dict[str, Value]:
    """The JSON form, its keys in the order of Yjs (`relativePositionToJSON`)."""
    value: dict[str, Value] = {}
    if isinstance(position.type, ID):
        value["type"] = _json_id(position.type)
    elif position.type is not None:
        value["tname"] = position.type.name
    if position.item is not None:
        value["item"] = _json_id(position.item)
    value["assoc"] = position.assoc
    return value


def _read_id(reader: Reader) -> ID:
    return ID(reader.varuint(), reader.varuint())


def _write_id(writer: Writer, id: ID) -> None:
    writer.varuint(id.client)
    writer.varuint(id.clock)


def _json_id(id: ID) -> Value:
    return {"client": id.client, "clock": id.clock}


def _id_of(value: dict[str, Value], key: str) -> ID | None:
    found = value.get(key)
    if found is None:
        return None
    if not isinstance(found, dict):
        raise WireError(0, f"{key} of a position is no id")
    client, clock = (_whole(found.get(part), f"{part} of {key}") for part in ("client", "clock"))
    if client < 0 or clock < 0:
        raise WireError(0, f"{key} of a position is below 0")
    return ID(client, clock)


def _whole(value: Value, what: str) -> int:
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MAX_SAFE_INTEGER:
        number = int(value)
        if number == value:
            return number
    raise WireError(0, f"{what} of a position is no integer")
