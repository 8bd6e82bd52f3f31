"""Updates by meaning: what may differ between implementations is taken out, what is left must be equal.

Taken out: the order of clients and of delete ranges, and how these are cut; how the items of a run are cut;
Skips, which say nothing; info bit 0x20 beside an origin; the form of numbers and the order of keys in values;
whether bytes are ContentBinary or a value of ContentAny; options of subdocuments that are default or local
to a peer. Left: everything else, among it JSON against Any, bigint against number, null against undefined,
minus zero.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import TYPE_CHECKING, TypeAlias

from conformance.wire.model import (
    GC,
    ID,
    TYPE_NAMES,
    Content,
    ContentAny,
    ContentBinary,
    ContentDeleted,
    ContentDoc,
    ContentEmbed,
    ContentFormat,
    ContentJSON,
    ContentMove,
    ContentString,
    ContentType,
    Item,
    Parent,
)
from conformance.wire.values import BigInt, Undefined

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.wire.model import DeleteSet, Struct, Update
    from conformance.wire.values import Value

Payload: TypeAlias = "str | tuple[object, ...]"
"""What a unit holds, equal by value: a string, or one entry an element (none where they are deleted)."""

_LOCAL_OPTIONS = frozenset(("shouldLoad", "encoding"))
"""Options that yrs writes though they say how a peer loads a document and counts offsets in it."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Elements that belong together, as many as Yjs could merge into one struct.

    `kind` is GC, the name of the content, or of the type it holds.
    """

    clock: int
    length: int
    kind: str
    origin: ID | None = None
    right_origin: ID | None = None
    parent: Parent = None
    parent_sub: str | None = None
    payload: Payload = ()


@dataclass(frozen=True, slots=True)
class Normal:
    """`units` by client, sorted by clock; `deletes` by client as ranges (start, end) that do not touch."""

    units: dict[int, list[Unit]]
    deletes: dict[int, list[tuple[int, int]]]


def normalize(update: Update) -> Normal:
    units: dict[int, list[Unit]] = {}
    for client in sorted(update.structs):
        merged: list[Unit] = []
        run: list[Unit] = []
        for struct in update.structs[client]:
            unit = _unit(struct)
            if unit is None or unit.length == 0:
                continue
            if run and not _continues(client, run[-1], unit):
                merged.append(_join(run))
                run = []
            run.append(unit)
        if run:
            merged.append(_join(run))
        if merged:
            units[client] = merged
    return Normal(units, normalize_deletes(update.delete_set))


def normalize_deletes(deletes: DeleteSet) -> dict[int, list[tuple[int, int]]]:
    """Client -> ranges (start, end), sorted, those that touch or overlap joined; empty ones left out."""
    normal: dict[int, list[tuple[int, int]]] = {}
    for client in sorted(deletes):
        ranges: list[tuple[int, int]] = []
        for clock, length in sorted(deletes[client]):
            if length == 0:
                continue
            if ranges and clock <= ranges[-1][1]:
                ranges[-1] = (ranges[-1][0], max(ranges[-1][1], clock + length))
            else:
                ranges.append((clock, clock + length))
        if ranges:
            normal[client] = ranges
    return normal


def canonical(value: Value) -> object:
    """A hashable key that is equal for equal values alone: in Python True == 1 and -0.0 == 0."""
    if value is None or isinstance(value, str | bytes | BigInt | Undefined):
        return value
    if isinstance(value, bool):
        return ("bool", value)
    if isinstance(value, int | float):
        if value != value:
            return ("number", "NaN")
        if value == 0 and math.copysign(1, value) < 0:
            return ("number", "-0")
        # Above 2^53 a number is a double however it was written.
        return ("number", float(value))
    if isinstance(value, list):
        return ("array", tuple([canonical(member) for member in value]))
    return (
        "object",
        tuple(sorted([(key, canonical(member)) for key, member in value.items()], key=itemgetter(0))),
    )


def split(client: int, unit: Unit, length: int) -> tuple[Unit, Unit]:
    """The first `length` elements, and the rest as Yjs would write it: after the last of the first."""
    payload = unit.payload
    if isinstance(payload, str):
        data = payload.encode("utf-16-le", "surrogatepass")
        head = data[: 2 * length].decode("utf-16-le", "surrogatepass")
        tail = data[2 * length :].decode("utf-16-le", "surrogatepass")
        first, second = replace(unit, payload=head), replace(unit, payload=tail)
    else:
        first, second = replace(unit, payload=payload[:length]), replace(unit, payload=payload[length:])
    second = replace(second, clock=unit.clock + length, length=unit.length - length)
    if unit.kind != "GC":
        second = replace(second, origin=ID(client, unit.clock + length - 1), parent=None, parent_sub=None)
    return replace(first, length=length), second


def _unit(struct: Struct) -> Unit | None:
    match struct:
        case Item(id, origin, right_origin, parent, parent_sub, content):
            kind, held = payload(content)
            return Unit(id.clock, struct.length, kind, origin, right_origin, parent, parent_sub, held)
        case GC(id, length):
            return Unit(id.clock, length, "GC")
    return None


def payload(content: Content) -> tuple[str, Payload]:
    """The kind of a unit, and what it holds."""
    match content:
        case ContentString(text):
            return "String", text
        case ContentDeleted():
            return "Deleted", ()
        case ContentAny(values):
            return "Any", tuple([canonical(value) for value in values])
        case ContentBinary(data):
            return "Any", (data,)
        case ContentJSON(values):
            return "JSON", tuple([canonical(value) for value in values])
        case ContentEmbed(value):
            return "Embed", (canonical(value),)
        case ContentFormat(key, value):
            return "Format", ((key, canonical(value)),)
        case ContentType(type_ref, name, link):
            return TYPE_NAMES.get(type_ref, f"Type {type_ref}"), ((name, link),)
        case ContentDoc(guid, options):
            return "Doc", ((guid, canonical(_options(options))),)
        case ContentMove():
            return "Move", (content,)


def _options(options: Value) -> Value:
    if not isinstance(options, dict):
        return options
    defaults = {"gc": True, "autoLoad": False, "meta": None, "collectionId": None}
    return {
        key: value
        for key, value in options.items()
        if key not in _LOCAL_OPTIONS and not (key in defaults and value is defaults[key])
    }


_MERGEABLE = frozenset(("String", "Deleted", "Any", "JSON"))


def _continues(client: int, left: Unit, right: Unit) -> bool:
    """Whether Yjs may merge the two (`Item.mergeWith`, `GC.mergeWith`), deleted or not."""
    if left.kind != right.kind or left.clock + left.length != right.clock:
        return False
    return left.kind == "GC" or (
        left.kind in _MERGEABLE
        and right.origin == ID(client, right.clock - 1)
        and left.right_origin == right.right_origin
    )


def _join(run: list[Unit]) -> Unit:
    first = run[0]
    if len(run) == 1:
        return first
    length = sum(unit.length for unit in run)
    return replace(first, length=length, payload=_join_payloads(unit.payload for unit in run))


def _join_payloads(payloads: Iterable[Payload]) -> Payload:
    parts = list(payloads)
    texts = [part for part in parts if isinstance(part, str)]
    if texts:
        whole = "".join(texts)
        # Two halves of a pair that were cut apart are one character again.
        return whole.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return tuple(element for part in parts for element in part)
