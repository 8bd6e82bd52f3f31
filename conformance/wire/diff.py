"""Where two updates differ in meaning, in lines for a reader.

client 5, clock 3+2: origin 5:2 in a, 5:1 in b
client 5, clock 9+1: only in a: String "x" after 5:8
client 7: deleted only in b: 4+2
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.wire.model import ID, ContentMove, RootName
from conformance.wire.normalize import normalize, split
from conformance.wire.values import BigInt, Undefined

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.wire.model import Parent, Update
    from conformance.wire.normalize import Normal, Unit

_SHOWN = 60
_COLLECTED = {"GC", "Deleted"}


def diff_updates(a: Update, b: Update) -> list[str]:
    """One line a difference, by client and clock; empty when both updates mean the same."""
    return diff_normal(normalize(a), normalize(b))


def diff_normal(left: Normal, right: Normal, *, collected_alike: bool = False) -> list[str]:
    """As `diff_updates`, of what is normal already; with `collected_alike` a GC is as good as a deleted item."""
    lines: list[str] = []
    for client in sorted(left.units.keys() | right.units.keys()):
        ours, theirs = left.units.get(client, []), right.units.get(client, [])
        lines += _diff_units(client, ours, theirs, collected_alike=collected_alike)
    for client in sorted(left.deletes.keys() | right.deletes.keys()):
        deleted_left, deleted_right = left.deletes.get(client, []), right.deletes.get(client, [])
        if deleted_left != deleted_right:
            sides = (("a", _minus(deleted_left, deleted_right)), ("b", _minus(deleted_right, deleted_left)))
            for side, ranges in sides:
                if ranges:
                    shown = ", ".join(f"{start}+{end - start}" for start, end in ranges)
                    lines.append(f"client {client}: deleted only in {side}: {shown}")
    return lines


def _diff_units(client: int, a: list[Unit], b: list[Unit], *, collected_alike: bool) -> Iterator[str]:
    """Walks both by clock, and cuts units where the other side has a boundary."""
    left, right = a[::-1], b[::-1]
    while left or right:
        if left and right and left[-1] == right[-1]:
            left.pop()
            right.pop()
        elif not right or (left and left[-1].clock < right[-1].clock):
            yield _only(client, "a", _until(client, left, right[-1].clock if right else None))
        elif not left or right[-1].clock < left[-1].clock:
            yield _only(client, "b", _until(client, right, left[-1].clock if left else None))
        else:
            end = left[-1].clock + min(left[-1].length, right[-1].length)
            one, other = _until(client, left, end), _until(client, right, end)
            if not (collected_alike and {one.kind, other.kind} == _COLLECTED):
                yield from _compare(client, one, other)


def _until(client: int, units: list[Unit], clock: int | None) -> Unit:
    """Takes the last unit off a list, or of this unit what lies before `clock`."""
    unit = units.pop()
    if clock is None or unit.clock + unit.length <= clock:
        return unit
    head, tail = split(client, unit, clock - unit.clock)
    units.append(tail)
    return head


def _compare(client: int, a: Unit, b: Unit) -> Iterator[str]:
    differing = []
    if a.kind != b.kind or a.payload != b.payload:
        ours, theirs = _from_first_difference(_content(a), _content(b))
        differing.append(f"{ours} in a, {theirs} in b")
    # A GC has no place, so there is nothing to compare it with.
    if "GC" not in (a.kind, b.kind):
        if a.origin != b.origin:
            differing.append(f"origin {a.origin or 'none'} in a, {b.origin or 'none'} in b")
        if a.right_origin != b.right_origin:
            differing.append(f"right origin {a.right_origin or 'none'} in a, {b.right_origin or 'none'} in b")
        if a.parent != b.parent:
            differing.append(f"parent {_parent(a.parent)} in a, {_parent(b.parent)} in b")
        if a.parent_sub != b.parent_sub:
            differing.append(f"key {a.parent_sub!r} in a, {b.parent_sub!r} in b")
    if differing:
        yield f"client {client}, clock {a.clock}+{a.length}: {'; '.join(differing)}"


def _only(client: int, side: str, unit: Unit) -> str:
    place = [f"after {unit.origin}"] if unit.origin else []
    if unit.right_origin:
        place.append(f"before {unit.right_origin}")
    if unit.parent is not None:
        place.append(f"in {_parent(unit.parent)}")
    if unit.parent_sub is not None:
        place.append(f"under key {unit.parent_sub!r}")
    where = f"client {client}, clock {unit.clock}+{unit.length}"
    return " ".join([f"{where}: only in {side}: {_shorten(_content(unit))}", *place])


def _content(unit: Unit) -> str:
    if not unit.payload:
        return unit.kind
    payload = unit.payload
    if isinstance(payload, str):
        return f"{unit.kind} {payload!r}"
    return f"{unit.kind} {', '.join([_show(value) for value in payload])}"


def _show(value: object) -> str:
    """A value of `normalize.canonical` as a reader would write it."""
    match value:
        case ("number", float(number)):
            return repr(number).removesuffix(".0")
        case ("number", str(name)):
            return name
        case ("bool", bool(truth)):
            return "true" if truth else "false"
        case ("array", tuple(members)):
            return f"[{', '.join([_show(member) for member in members])}]"
        case ("object", tuple(entries)):
            return f"{{{', '.join([f'{key!r}: {_show(member)}' for key, member in entries])}}}"
        case ContentMove(start, end, flags):
            return f"{start}..{end} flags {flags:#x}"
        case BigInt(number):
            return f"{number}n"
        case None:
            return "null"
        case Undefined():
            return "undefined"
        case tuple(parts) if not isinstance(value, ID):
            return " ".join([_show(part) for part in parts if part is not None])
    return repr(value)


def _from_first_difference(a: str, b: str) -> tuple[str, str]:
    """Both texts short enough for a line, and so that what differs is in them."""
    pairs = enumerate(zip(a, b, strict=False))
    same = next((index for index, (ours, theirs) in pairs if ours != theirs), min(len(a), len(b)))
    start = max(0, same - _SHOWN // 2)
    return _shorten(a, start), _shorten(b, start)


def _shorten(text: str, start: int = 0) -> str:
    stop = start + _SHOWN
    if start == 0:
        return text if len(text) <= stop else text[:stop] + "..."
    kind = text.split(" ", 1)[0]
    return f"{kind} ...{text[start:stop]}{'...' if len(text) > stop else ''}"


def _parent(parent: Parent) -> str:
    if isinstance(parent, RootName):
        return f"root {parent.name!r}"
    return "none" if parent is None else str(parent)


def _minus(a: list[tuple[int, int]], b: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The parts of the ranges `a` that no range of `b` covers; both sorted and without overlap."""
    rest: list[tuple[int, int]] = []
    index = 0
    for begin, end in a:
        start = begin
        while index < len(b) and b[index][1] <= start:
            index += 1
        at = index
        while at < len(b) and b[at][0] < end:
            if b[at][0] > start:
                rest.append((start, b[at][0]))
            start = max(start, b[at][1])
            at += 1
        if start < end:
            rest.append((start, end))
    return rest
