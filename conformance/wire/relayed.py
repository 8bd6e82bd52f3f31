"""Whether a peer passed on the structs that it was given.

A peer that applied an update and encodes its document must give the same structs back. Legitimate is what
`normalize` takes away, and, beyond that: the content of a deleted struct may be gone, or the struct be a GC; a
format mark that became redundant may be deleted by one side alone (Yjs `Y.Text` cleans up after remote updates too).
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING

from conformance.wire.diff import diff_normal
from conformance.wire.lib0 import WireError
from conformance.wire.normalize import Normal, Unit, normalize, normalize_deletes, split
from conformance.wire.skim import Key, says_the_same, skim
from conformance.wire.update import decode_update
from conformance.wire.whole import is_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.wire.model import Format

_end = itemgetter(1)


def relayed_differences(given: bytes, back: bytes, format: Format = "v1") -> list[str]:
    """One line a difference between an update and what a peer that had nothing else encoded after it.

    None are looked for where the update is not whole: what waits for something missing is kept in various ways.

    Raises:
        WireError: one of the two cannot be read.
    """
    if given == back or _says_the_same(given, back, format):
        return []
    (left, whole), (right, _) = _prepared(given, format), _prepared(back, format)
    if not whole:
        return []
    marks = _redundant_marks(left, right)
    return diff_normal(_without_deleted(left, marks), _without_deleted(right, marks), collected_alike=True)


def _says_the_same(given: bytes, back: bytes, format: Format) -> bool:
    key = _skimmed(given, format)
    if key is None:
        return False
    alike = says_the_same(key, given, back, format)
    return key == _skimmed(back, format) if alike is None else alike


@lru_cache(maxsize=512)
def _skimmed(data: bytes, format: Format) -> Key | None:
    try:
        return skim(data, format)
    except WireError:
        return None  # decoding says what is wrong


@lru_cache(maxsize=128)
def _prepared(data: bytes, format: Format) -> tuple[Normal, bool]:
    """The normal form, and whether the update is whole; the update that many peers were given is read once."""
    update = decode_update(data, format)
    return normalize(update), is_whole(update)


def _redundant_marks(a: Normal, b: Normal) -> dict[int, set[int]]:
    """Client -> clocks of format marks that only one of the two has deleted."""
    marks: dict[int, set[int]] = {}
    for one, other in ((a, b), (b, a)):
        for client, units in one.units.items():
            for unit in units:
                if unit.kind == "Format":
                    here = _covers(one.deletes.get(client, ()), unit.clock)
                    if here != _covers(other.deletes.get(client, ()), unit.clock):
                        marks.setdefault(client, set()).add(unit.clock)
    return marks


def _covers(ranges: Sequence[tuple[int, int]], clock: int) -> bool:
    place = bisect_right(ranges, clock, key=_end)
    return place < len(ranges) and ranges[place][0] <= clock


def _without_deleted(normal: Normal, marks: Mapping[int, set[int]]) -> Normal:
    """With nothing said of the content and kind of what is deleted, and `marks` deleted."""
    deletes = {client: list(ranges) for client, ranges in normal.deletes.items()}
    for client, clocks in marks.items():
        deletes.setdefault(client, []).extend((clock, clock + 1) for clock in clocks)
    joined = normalize_deletes(
        {client: tuple((start, end - start) for start, end in ranges) for client, ranges in deletes.items()}
    )
    units = {client: list(_masked(client, units, joined.get(client, []))) for client, units in normal.units.items()}
    return Normal(units, joined)


def _masked(client: int, units: Sequence[Unit], deleted: Sequence[tuple[int, int]]) -> Iterator[Unit]:
    for unit in units:
        rest: Unit | None = unit
        for place in range(bisect_right(deleted, unit.clock, key=_end), len(deleted)):
            start, end = deleted[place]
            if rest is None or start >= rest.clock + rest.length:
                break
            if start > rest.clock:
                head, rest = split(client, rest, start - rest.clock)
                yield head
            if end < rest.clock + rest.length:
                head, rest = split(client, rest, end - rest.clock)
                yield _hidden(head)
            else:
                yield _hidden(rest)
                rest = None
        if rest is not None:
            yield rest


def _hidden(unit: Unit) -> Unit:
    return unit if unit.kind == "GC" else replace(unit, kind="Deleted", payload=())
