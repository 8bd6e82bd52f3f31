"""What may be left out of updates that a case gives as bytes, with the kit's own decoder and encoder."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from conformance.minimize.content import shorter
from conformance.minimize.edit import GONE, RAW
from conformance.minimize.raw import raw_updates
from conformance.wire.lib0 import utf16_length
from conformance.wire.model import (
    ID,
    ContentAny,
    ContentBinary,
    ContentEmbed,
    ContentFormat,
    ContentJSON,
    ContentString,
    Item,
    Skip,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.minimize.edit import Edit
    from conformance.model.vector import Case
    from conformance.wire.model import Content
    from conformance.wire.values import Value


def unit_edits(case: Case) -> Iterator[Edit]:
    """Elements that never were: first whole structs, as they are cut in any of the updates, then parts of them."""
    extents = _extents(case)
    for client, start, end in extents:
        yield {(RAW, "unit", client, start, end): GONE}
    for client, start, end in extents:
        middle = start + (end - start) // 2
        if middle > start:
            yield {(RAW, "unit", client, start, middle): GONE}
            yield {(RAW, "unit", client, middle, end): GONE}
        if end - start > 2:
            yield {(RAW, "unit", client, start, start + 1): GONE}
            yield {(RAW, "unit", client, end - 1, end): GONE}


def _extents(case: Case) -> list[tuple[int, int, int]]:
    """Client, start and end of the smallest pieces into which any update cuts what they hold, the newest first."""
    bounds: dict[int, set[int]] = {}
    for raw in raw_updates(case.steps):
        for client, structs in raw.update.structs.items() if raw.update is not None else ():
            for struct in structs:
                if not isinstance(struct, Skip):
                    bounds.setdefault(client, set()).update((struct.id.clock, struct.id.clock + struct.length))
    found = []
    for client, clocks in bounds.items():
        ordered = sorted(clocks)
        found += [(client, start, end) for start, end in pairwise(ordered)]
    return found[::-1]


def raw_edits(case: Case) -> Iterator[Edit]:
    """Structs and delete ranges that a single update lacks."""
    for number, raw in enumerate(raw_updates(case.steps)):
        if raw.update is None:
            continue
        for client, ranges in raw.update.delete_set.items():
            yield from ({(RAW, "range", number, client, clock): GONE} for clock, _ in ranges)
        for client, structs in raw.update.structs.items():
            for struct in reversed(structs):
                if not isinstance(struct, Skip):
                    yield {(RAW, "struct", number, client, struct.id.clock): GONE}


def byte_edits(case: Case) -> Iterator[Edit]:
    """Bytes of updates that the kit cannot read, or would write otherwise; in those of the others is meaning alone."""
    for number, raw in enumerate(raw_updates(case.steps)):
        if not raw.is_plain:
            yield from ({(RAW, "bytes", number, at, at + 1): GONE} for at in range(len(raw.data)))
            yield from ({(RAW, "byte", number, at): 0} for at, byte in enumerate(raw.data) if byte)


def raw_content_edits(case: Case) -> Iterator[Edit]:
    """Plainer contents of the same length."""
    seen: set[ID] = set()
    for raw in raw_updates(case.steps):
        for structs in raw.update.structs.values() if raw.update is not None else ():
            for struct in structs:
                if isinstance(struct, Item) and struct.id not in seen:
                    seen.add(struct.id)
                    for content in _plainer(struct.content):
                        yield {(RAW, "content", struct.id.client, struct.id.clock): content}


def _plainer(content: Content) -> Iterator[Content]:
    match content:
        case ContentString(text):
            length = utf16_length(text)
            yield from (ContentString("a" * length),) if text != "a" * length else ()
            plain = "".join(char if char.isascii() else "a" * utf16_length(char) for char in text)
            yield from (ContentString(plain),) if plain != text else ()
        case ContentAny(values):
            yield from (ContentAny(other) for other in _plainer_values(values))
        case ContentJSON(values):
            yield from (ContentJSON(other) for other in _plainer_values(values))
        case ContentBinary(data) if data:
            yield ContentBinary(b"")
            yield ContentBinary(data[: len(data) // 2])
        case ContentEmbed(value):
            yield from (ContentEmbed(other) for other in plainer(value))
        case ContentFormat(key, value):
            yield from (ContentFormat(key, other) for other in plainer(value))


def _plainer_values(values: tuple[Value, ...]) -> Iterator[tuple[Value, ...]]:
    zeros: tuple[Value, ...] = (0,) * len(values)
    if values != zeros:
        yield zeros
    if len(values) > 1:
        for place, value in enumerate(values):
            yield from ((*values[:place], other, *values[place + 1 :]) for other in plainer(value))
    else:
        yield from ((other,) for value in values for other in plainer(value))


def plainer(value: Value) -> Iterator[Value]:
    """Simpler values of lib0's `any`, the simplest first."""
    match value:
        case bool() | None:
            return
        case int() | float():
            yield from (number for number in (0, 1) if number != value)
        case str():
            yield from shorter(value)
        case bytes():
            yield from (b"",) if value else ()
        case list():
            yield 0
            yield from (value[:place] + value[place + 1 :] for place in range(len(value)))
            for place, member in enumerate(value):
                yield from ([*value[:place], other, *value[place + 1 :]] for other in plainer(member))
        case dict():
            yield 0
            yield from ({key: item for key, item in value.items() if key != gone} for gone in value)
            for key, member in value.items():
                yield from ({**value, key: other} for other in plainer(member))
        case _:
            yield 0
