"""A reading as JSON: everything that it says, nothing shortened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.explain.deleted import Deleted
from conformance.explain.listing import message_name
from conformance.explain.reading import StateVectorRead
from conformance.explain.values import json_content, json_id, json_parent, json_value
from conformance.wire.awareness import AwarenessUpdate
from conformance.wire.model import HAS_PARENT_SUB, Item, Update
from conformance.wire.position import Position, position_as_json
from conformance.wire.snapshot import Snapshot
from conformance.wire.sync import AuthMessage, CustomMessage

if TYPE_CHECKING:
    from conformance.explain.reading import Enveloped, Reading
    from conformance.wire.lib0 import WireError
    from conformance.wire.model import DeleteSet, StateVector, Struct


def as_json(reading: Reading) -> dict[str, Any]:
    """An object with kind, format (null for kinds of one form), guessed, bytes, trailing, what was decoded, and fault.

    What was decoded is in `structs` and `deletes`, `state_vector`, `position`, `awareness` or `messages`. A fault is
    its offset and reason, or null. Offsets count from the outermost byte.
    """
    return {
        "kind": reading.kind,
        "format": reading.format,
        "guessed": bool(reading.guessed),
        "bytes": reading.size,
        "trailing": reading.trailing,
        **_decoded(reading),
        "fault": None if reading.fault is None else json_fault(reading.fault, reading.base),
    }


def json_fault(fault: WireError, base: int = 0) -> dict[str, Any]:
    return {"offset": base + fault.offset, "reason": fault.what}


def _decoded(reading: Reading) -> dict[str, Any]:
    match reading.value:
        case Update(structs, deletes):
            deleted = Deleted(deletes)
            shown = [_struct(struct, deleted, reading.base) for of_client in structs.values() for struct in of_client]
            return {"structs": shown, "deletes": _deletes(deletes)}
        case StateVectorRead(vector):
            return {"state_vector": _vector(vector)}
        case Snapshot(deletes, vector):
            return {"deletes": _deletes(deletes), "state_vector": _vector(vector)}
        case Position():
            return {"position": position_as_json(reading.value)}
        case AwarenessUpdate(entries):
            return {
                "awareness": [
                    {
                        "offset": reading.base + entry.offset,
                        "client": entry.client,
                        "clock": entry.clock,
                        "state": json_value(entry.state),
                    }
                    for entry in entries
                ]
            }
        case tuple(messages):
            return {"messages": [_message(enveloped) for enveloped in messages]}
    return {}


def _struct(struct: Struct, deleted: Deleted, base: int) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "offset": base + struct.offset,
        "id": json_id(struct.id),
        "length": struct.length,
        "deleted": deleted.share(struct),
    }
    if not isinstance(struct, Item):
        return {**shown, "content": {"kind": type(struct).__name__}}
    shown["content"] = json_content(struct.content)
    if struct.origin is not None:
        shown["origin"] = json_id(struct.origin)
    if struct.right_origin is not None:
        shown["right_origin"] = json_id(struct.right_origin)
    if struct.parent is not None:
        shown["parent"] = json_parent(struct.parent)
    if struct.parent_sub is not None:
        shown["key"] = struct.parent_sub
    elif struct.info & HAS_PARENT_SUB:
        shown["key_of_origin"] = True
    return shown


def _deletes(deletes: DeleteSet) -> dict[str, list[dict[str, int]]]:
    return {
        str(client): [{"clock": clock, "length": length} for clock, length in ranges]
        for client, ranges in deletes.items()
    }


def _vector(vector: StateVector) -> dict[str, int]:
    return {str(client): clock for client, clock in vector.items()}


def _message(enveloped: Enveloped) -> dict[str, Any]:
    message = enveloped.message
    shown: dict[str, Any] = {"type": message_name(message)}
    if isinstance(message, AuthMessage):
        shown["denied"] = message.denied
    elif isinstance(message, CustomMessage):
        shown["data"] = json_value(message.data)
    if enveloped.payload is not None:
        shown["payload"] = as_json(enveloped.payload)
    return shown
