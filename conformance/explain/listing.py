"""A reading as lines of styled pieces, for a terminal or a pipe."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, TypeAlias

from conformance.explain.deleted import Deleted
from conformance.explain.reading import StateVectorRead
from conformance.explain.values import quote, shorten, show_content, show_parent, show_value
from conformance.wire.awareness import AwarenessUpdate
from conformance.wire.model import GC, HAS_PARENT_SUB, Item, RootName, Skip, Update
from conformance.wire.position import Position
from conformance.wire.snapshot import Snapshot
from conformance.wire.sync import (
    AuthMessage,
    AwarenessMessage,
    CustomMessage,
    QueryAwareness,
    SyncStep1,
    SyncStep2,
    SyncUpdate,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from conformance.explain.reading import Enveloped, Reading
    from conformance.wire.lib0 import WireError
    from conformance.wire.model import ID, DeleteSet, StateVector, Struct
    from conformance.wire.sync import Message

Piece: TypeAlias = tuple[str, str]
"""A text and its style, as rich names it; empty: none."""
Line: TypeAlias = list[Piece]

_CONTENT = 30  # columns that contents get, at most, so that the places line up
_ALIKE = 8  # structs in a row that differ in their clocks only; of more the first is shown
_TITLES = {"state-vector": "state vector", "position": "relative position", "awareness": "awareness update"}


def listing(reading: Reading) -> Iterator[Line]:
    """What the bytes say, line by line; the fault comes where it was met, and is always the last line of its part."""
    yield _head(reading)
    match reading.value:
        case Update():
            yield from _update(reading.value, reading)
        case StateVectorRead(vector):
            yield from _vector(vector)
        case Snapshot(deletes, vector):
            yield from _deletes(deletes)
            yield [("state vector", "bold")]
            yield from _vector(vector)
        case Position():
            yield from _position(reading.value)
        case AwarenessUpdate():
            yield from _awareness(reading.value, reading)
        case tuple(messages):
            for enveloped in messages:
                yield from _message(enveloped)
        case None:
            pass
    if reading.trailing:
        start = reading.base + reading.size - reading.trailing
        yield [(f"{_count(reading.trailing, 'byte')} left over, from byte {start}", "yellow")]
    if reading.fault is not None:
        yield fault_line(reading.fault, reading.base)


def fault_line(fault: WireError, base: int = 0) -> Line:
    return [(f"broken at byte {base + fault.offset}: {fault.what}", "bold red")]


def _head(reading: Reading) -> Line:
    title = _TITLES.get(reading.kind, reading.kind)
    named = title if reading.format is None else f"{title} {reading.format}"
    guess = f" (guessed: {reading.guessed})" if reading.guessed else ""
    return [(named, "bold"), (f"{guess}, {_count(reading.size, 'byte')}", "")]


# --- updates -------------------------------------------------------------------------------------------------


def _update(update: Update, reading: Reading) -> Iterator[Line]:
    deleted = Deleted(update.delete_set)
    width = len(str(reading.base + reading.size))
    for client, structs in update.structs.items():
        yield [(f"client {client}", "bold"), (f": {_extent(structs)}", "")]
        yield from _structs(structs, deleted, reading.base, width)
    if update.delete_set:
        yield from _deletes(update.delete_set)
    yield [(totals(update), "bold")]


def _extent(structs: tuple[Struct, ...]) -> str:
    if not structs:
        return "no structs"
    last = structs[-1]
    return f"{_count(len(structs), 'struct')}, clocks {structs[0].id.clock} to {last.id.clock + last.length - 1}"


def _structs(structs: Iterable[Struct], deleted: Deleted, base: int, width: int) -> Iterator[Line]:
    rows = [(struct, f"{struct.id}+{struct.length}", *_what(struct)) for struct in structs]
    ids = max((len(row[1]) for row in rows), default=0)
    contents = min(max((len(kind) + len(held) + 1 for _, _, kind, held in rows), default=0), _CONTENT)

    def shown(struct: Struct, id: str, kind: str, held: str) -> Line:
        what = f" {held}" if held else ""
        pad = " " * max(contents - len(kind) - len(what), 0)
        line = [(f"  {base + struct.offset:>{width}}  ", "dim"), (f"{id:<{ids}}  ", "cyan")]
        line += [(kind, "yellow" if isinstance(struct, GC | Skip) else "bold"), (f"{what}{pad}", "")]
        line += [(f"  {place}", "dim") for place in _place(struct)]
        share = deleted.share(struct)
        if share != "none":
            line.append(("  deleted" if share == "all" else "  partly deleted", "red"))
        # What pads a line without a place is of no use.
        line[-1] = (line[-1][0].rstrip(), line[-1][1])
        return line

    for _, group in groupby(rows, key=lambda row: (*row[2:], *_likeness(row[0]), deleted.share(row[0]))):
        alike = list(group)
        if len(alike) <= _ALIKE:
            yield from (shown(*row) for row in alike)
            continue
        yield shown(*alike[0])
        yield [("  " + " " * width, ""), (f"  and {len(alike) - 1} more like it, up to {alike[-1][1]}", "dim")]


def _likeness(struct: Struct) -> tuple[object, ...]:
    """What structs have in common that differ in their clocks only, beside their content."""
    if not isinstance(struct, Item):
        return (struct.length,)

    def from_here(id: ID | None) -> object:
        return struct.id.clock - id.clock if id is not None and id.client == struct.id.client else id

    where = (from_here(struct.origin), from_here(struct.right_origin), struct.parent, struct.parent_sub)
    return (struct.length, struct.info, *where)


def _what(struct: Struct) -> tuple[str, str]:
    return show_content(struct.content) if isinstance(struct, Item) else (type(struct).__name__, "")


def _place(struct: Struct) -> Iterator[str]:
    if not isinstance(struct, Item):
        return
    if struct.origin is not None:
        yield f"after {struct.origin}"
    if struct.right_origin is not None:
        yield f"before {struct.right_origin}"
    if struct.parent is not None:
        yield f"in {show_parent(struct.parent)}"
    if struct.parent_sub is not None:
        yield f"key {shorten(quote(struct.parent_sub))}"
    elif struct.info & HAS_PARENT_SUB:
        yield "key as of its origin"


def totals(update: Update) -> str:
    """Structs by sort, clients, units (a clock counts them) and deletes of an update, on one line."""
    counts: Counter[str] = Counter()
    units = 0
    for structs in update.structs.values():
        counts.update([type(struct).__name__ for struct in structs])
        units += sum(struct.length for struct in structs if not isinstance(struct, Skip))
    sorts = ((counts["Item"], "item"), (counts["GC"], "GC"), (counts["Skip"], "skip"))
    of_sorts = ", ".join([_count(count, name) for count, name in sorts if count])
    ranges = [length for of_client in update.delete_set.values() for _, length in of_client]
    structs_shown = _count(counts.total(), "struct") + (f" ({of_sorts})" if of_sorts else "")
    deleted = f"{_count(sum(ranges), 'unit')} deleted in {_count(len(ranges), 'range')}" if ranges else "none deleted"
    return f"{structs_shown} of {_count(len(update.structs), 'client')}, {_count(units, 'unit')}; {deleted}"


# --- other kinds ---------------------------------------------------------------------------------------------


def _deletes(deletes: DeleteSet) -> Iterator[Line]:
    yield [("deleted", "bold")]
    for client, ranges in deletes.items():
        yield [(f"  client {client}: ", ""), (", ".join([f"{clock}+{length}" for clock, length in ranges]), "red")]
    if not deletes:
        yield [("  nothing", "dim")]


def _vector(vector: StateVector) -> Iterator[Line]:
    for client, clock in vector.items():
        yield [(f"  client {client}: ", ""), (f"next clock {clock}", "cyan")]
    if not vector:
        yield [("  empty", "dim")]


def _position(position: Position) -> Iterator[Line]:
    left = position.assoc < 0
    if position.item is not None:
        yield [(f"  {'after' if left else 'before'} the unit ", ""), (str(position.item), "cyan")]
    if position.type is not None:
        where = "  in" if position.item is not None else f"  at the {'beginning' if left else 'end'} of"
        what = "" if isinstance(position.type, RootName) else "the type "
        yield [(f"{where} {what}", ""), (show_parent(position.type), "cyan")]
    yield [(f"  assoc {position.assoc}", "dim")]


def _awareness(update: AwarenessUpdate, reading: Reading) -> Iterator[Line]:
    width = len(str(reading.base + reading.size))
    for entry in update.entries:
        shown = ("gone", "yellow") if entry.state is None else (shorten(show_value(entry.state)), "")
        id = (f"client {entry.client}, clock {entry.clock}: ", "cyan")
        yield [(f"  {reading.base + entry.offset:>{width}}  ", "dim"), id, shown]
    yield [(_count(len(update.entries), "client"), "bold")]


def _message(enveloped: Enveloped) -> Iterator[Line]:
    yield [(message_name(enveloped.message), "magenta"), *_said(enveloped.message)]
    if enveloped.payload is not None:
        for line in listing(enveloped.payload):
            yield [("  ", ""), *line]


_NAMES: Mapping[type, str] = {
    SyncStep1: "sync step 1",
    SyncStep2: "sync step 2",
    SyncUpdate: "sync update",
    AwarenessMessage: "awareness",
    AuthMessage: "authentication",
    QueryAwareness: "query awareness",
}


def message_name(message: Message) -> str:
    return f"custom message {message.type}" if isinstance(message, CustomMessage) else _NAMES[type(message)]


def _said(message: Message) -> Line:
    if isinstance(message, AuthMessage):
        return [(": granted" if message.denied is None else f": denied, {shorten(quote(message.denied))}", "")]
    if isinstance(message, CustomMessage):
        return [(f": {shorten(show_value(message.data))}", "")]
    return []


def _count(number: int, name: str) -> str:
    return f"{number} {name}" if number == 1 else f"{number} {name}s"
