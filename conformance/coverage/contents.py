"""What one update covers, seen after those that came before it in the same performance."""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections import deque
from itertools import accumulate, groupby, pairwise
from typing import TYPE_CHECKING

from conformance.coverage.cells import WIDTHS, cell
from conformance.wire.model import (
    GC,
    HAS_ORIGIN,
    HAS_PARENT_SUB,
    HAS_RIGHT_ORIGIN,
    ID,
    TYPE_NAMES,
    ContentAny,
    ContentEmbed,
    ContentFormat,
    ContentString,
    ContentType,
    Item,
    Skip,
)
from conformance.wire.values import BigInt, Undefined

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from conformance.wire.model import Content, DeleteSet, Format, StateVector, Struct, Update
    from conformance.wire.values import Value

_LIMITS = (1 << 7, 1 << 14, 1 << 21, 1 << 28, 1 << 31, 1 << 32)


class History:
    """The elements that a performance has shown so far: what a struct was before it was cut or collected."""

    __slots__ = ("_spans",)

    def __init__(self) -> None:
        self._spans: dict[int, dict[str, _Spans]] = {}

    def cells(self, update: Update, update_format: Format, have: StateVector | None) -> Iterator[str]:
        """The cells that an update covers.

        Args:
            have: client -> clock of the peer that applies it; None where nobody does.
        """
        waiting = frozenset() if have is None else waiting_structs(update, have)
        for client, structs in update.structs.items():
            skipped = False
            for one in structs:
                yield from self._situations(one, update, update_format, skipped=skipped, waits=one.id in waiting)
                yield from _shape(one, update_format)
                yield cell("clock", width(one.id.clock), f"struct.{update_format}")
                skipped = skipped or isinstance(one, Skip)
            yield cell("client", width(client), f"struct.{update_format}")
        yield from _deletes(update, update_format)
        self._remember(update)

    def _situations(
        self, one: Struct, update: Update, update_format: Format, *, skipped: bool, waits: bool
    ) -> Iterator[str]:
        name = content_name(one)
        row = f"{name}.{update_format}"
        deleted = _overlaps(update.delete_set.get(one.id.client, ()), one)
        split = self._is_cut(one, name)
        for column, applies in (
            ("split", split),
            ("deleted", deleted),
            ("pending", waits),
            ("after-skip", skipped),
            ("plain", not (split or deleted or waits or skipped)),
        ):
            if applies:
                yield cell("content", row, column)
        if name in ("GC", "Deleted"):
            for before in self._held(one):
                if before != name:
                    yield cell("content", f"{before}.{update_format}", "gc")

    def _is_cut(self, one: Struct, name: str) -> bool:
        spans = self._spans.get(one.id.client, {}).get(name)
        return spans is not None and spans.reach(one.id.clock) > one.id.clock

    def _held(self, one: Struct) -> set[str]:
        """What the elements of a collected struct were. A GC that a Deleted came out of is not possible."""
        start, end = one.id.clock, one.id.clock + one.length
        spans = self._spans.get(one.id.client, {})
        return {kind for kind, of in spans.items() if kind not in ("GC", "Skip") and of.reach(end) > start}

    def _remember(self, update: Update) -> None:
        for client, structs in update.structs.items():
            spans = self._spans.setdefault(client, {})
            for kind, of_kind in groupby(sorted(structs, key=content_name), key=content_name):
                spans.setdefault(kind, _Spans()).add((one.id.clock, one.id.clock + one.length) for one in of_kind)


class _Spans:
    """Ranges of clocks, which may overlap."""

    __slots__ = ("_furthest", "_known", "_starts")

    def __init__(self) -> None:
        self._known: set[tuple[int, int]] = set()
        self._starts: list[int] = []
        self._furthest: list[int] = []

    def add(self, spans: Iterable[tuple[int, int]]) -> None:
        self._known.update(spans)
        ordered = sorted(self._known)
        self._starts = [start for start, _ in ordered]
        self._furthest = list(accumulate((end for _, end in ordered), max))

    def reach(self, before: int) -> int:
        """The furthest end of those that begin before a clock."""
        place = bisect_left(self._starts, before)
        return self._furthest[place - 1] if place else 0


def content_name(one: Struct) -> str:
    """The name of a struct's content ref, without the word Content."""
    if isinstance(one, Item):
        return type(one.content).__name__.removeprefix("Content")
    return "GC" if isinstance(one, GC) else "Skip"


def waiting_structs(update: Update, have: StateVector) -> frozenset[ID]:
    """The structs of an update that a peer with this state vector cannot integrate yet.

    A struct waits for the elements before it of its client, its origins and its parent (Yjs
    `utils/encoding.js` integrateStructs, `structs/Item.js` getMissing).
    """
    clocks = dict(have)
    left = {client: deque(structs) for client, structs in update.structs.items()}
    moved = True
    while moved:
        moved = False
        for client, structs in left.items():
            while structs and _integrates(structs[0], clocks):
                one = structs.popleft()
                clocks[client] = max(clocks.get(client, 0), one.id.clock + one.length)
                moved = True
    return frozenset(one.id for structs in left.values() for one in structs if not isinstance(one, Skip))


def _integrates(one: Struct, clocks: Mapping[int, int]) -> bool:
    clock = clocks.get(one.id.client, 0)
    if one.id.clock + one.length <= clock:
        return True
    if one.id.clock > clock or isinstance(one, Skip):
        return False
    references = (one.origin, one.right_origin, one.parent) if isinstance(one, Item) else ()
    return all(
        reference.clock < clocks.get(reference.client, 0) or reference.client == one.id.client
        for reference in references
        if isinstance(reference, ID)
    )


def _overlaps(ranges: Sequence[tuple[int, int]], one: Struct) -> bool:
    start, end = one.id.clock, one.id.clock + one.length
    return any(clock < end and start < clock + length for clock, length in ranges)


# --- one struct ----------------------------------------------------------------------------------------------


def _shape(one: Struct, update_format: Format) -> Iterator[str]:
    if not isinstance(one, Item):
        return
    info, parent = one.info, one.parent
    encoding = "inferred" if parent is None else "id" if isinstance(parent, ID) else "root-name"
    bits = [
        name
        for bit, name in ((HAS_ORIGIN, "origin"), (HAS_RIGHT_ORIGIN, "right"), (HAS_PARENT_SUB, "key"))
        if info & bit
    ]
    yield cell("info", "+".join(bits) or "none", f"{encoding}.{update_format}")
    if encoding == "inferred":
        encoding = "of-origin" if one.origin is not None else "of-right"
    yield cell("parent", encoding, update_format)
    yield from _content(one.content, update_format)


def _content(content: Content, update_format: Format) -> Iterator[str]:
    held: list[tuple[str, Value]] = []
    match content:
        case ContentType(type_ref):
            yield cell("type", TYPE_NAMES[type_ref], update_format)
        case ContentAny(values):
            held = [("any", value) for value in values]
        case ContentEmbed(value):
            held = [("embed", value)]
        case ContentFormat(_, value):
            held = [("format", value)]
    for holder, value in held:
        for kind in kinds(value):
            yield cell("any", kind, f"{holder}.{update_format}")


def kinds(value: Value) -> Iterator[str]:
    """The kinds of a value and of all values within it. A float counts as the shortest that lib0 would write."""
    if value is None:
        yield "null"
    elif isinstance(value, bool):
        yield "true" if value else "false"
    elif isinstance(value, int):
        yield "integer"
    elif isinstance(value, float):
        yield "float32" if _is_float32(value) else "float64"
    elif isinstance(value, dict):
        yield "object"
        for member in value.values():
            yield from kinds(member)
    elif isinstance(value, list):
        yield "array"
        for member in value:
            yield from kinds(member)
    else:
        names = {str: "string", bytes: "bytes", BigInt: "bigint", Undefined: "undefined"}
        yield names[type(value)]


def _is_float32(number: float) -> bool:
    try:
        packed = struct.pack(">f", number)
    except OverflowError:
        return False
    (single,) = struct.unpack(">f", packed)
    return bool(single == number) or number != number


def has_replacement(update: Update) -> bool:
    """Whether a text of the update begins or ends with U+FFFD, what half of a surrogate pair becomes."""
    return any(
        "\ufffd" in (text[0], text[-1])
        for structs in update.structs.values()
        for one in structs
        if isinstance(one, Item) and isinstance(one.content, ContentString) and (text := one.content.text)
    )


# --- delete sets, state vectors, numbers -----------------------------------------------------------------------


def _deletes(update: Update, update_format: Format) -> Iterator[str]:
    deletes = update.delete_set
    found = {"empty"} if not deletes else set(_ranges(deletes))
    if deletes and not update.structs:
        found.add("without-structs")
    if any(_is_unknown(update, client, ranges) for client, ranges in deletes.items()):
        found.add("unknown-elements")
    for row in found:
        yield cell("deletes", row, update_format)
    for client, ranges in deletes.items():
        yield cell("client", width(client), f"delete.{update_format}")
        for clock, _ in ranges:
            yield cell("clock", width(clock), f"delete.{update_format}")


def _ranges(deletes: DeleteSet) -> Iterator[str]:
    if len(deletes) > 1:
        yield "several-clients"
    for ranges in deletes.values():
        if len(ranges) == 1:
            yield "one-range"
        else:
            yield "several-ranges"
        if any(length == 0 for _, length in ranges):
            yield "no-length"
        for (clock, length), (following, other) in pairwise(ranges):
            if following == clock + length:
                yield "adjacent"
            if following < clock:
                yield "unsorted"
            if following < clock + length and clock < following + other:
                yield "overlapping"


def _is_unknown(update: Update, client: int, ranges: Collection[tuple[int, int]]) -> bool:
    """Whether a delete set names elements that come after all that the update tells of their client."""
    structs = update.structs.get(client)
    known = structs[-1].id.clock + structs[-1].length if structs else 0
    return bool(structs) and any(clock + length > known for clock, length in ranges)


def vector_cells(vector: StateVector, column: str) -> Iterator[str]:
    """What a state vector covers. `column`: where it was seen."""
    rows = ["empty", "one-client"][len(vector)] if len(vector) < 2 else "several-clients"
    yield cell("vector", rows, column)
    for client, clock in vector.items():
        yield cell("client", width(client), "state-vector")
        yield cell("clock", width(clock), "state-vector")
        if width(client) == "53-bits":
            yield cell("vector", "client-53-bits", column)
        if clock == 0:
            yield cell("vector", "clock-0", column)


def width(number: int) -> str:
    """The row of a client id or clock."""
    return next((row for row, limit in zip(WIDTHS, _LIMITS, strict=False) if number < limit), WIDTHS[-1])
