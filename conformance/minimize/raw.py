"""Updates that a case gives as bytes: all of them, by place, and rewritten together.

Keys of an edit below `RAW`:

- `("unit", client, start, end)`: these elements never were, in no update;
- `("content", client, clock)`: the content of the item that begins there, in all updates;
- `("key", old)`: another key, or name of a node, in its place in all updates;
- `("struct", n, client, clock)`, `("range", n, client, clock)`: update n lacks the struct or the delete range that
  begins there;
- `("bytes", n, start, end)`: update n, which the kit cannot read or would write otherwise, lacks these bytes;
- `("byte", n, at)`: such an update has another byte there.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from conformance.wire.lib0 import WireError
from conformance.wire.model import ID, Format, Update
from conformance.wire.rewrite import less, with_contents, with_names
from conformance.wire.update import decode_partly, encode_update
from conformance.wire.whole import is_whole
from conformance.wire.without import without

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from conformance.wire.model import Content

Step = dict[str, Any]
_NOT_UPDATES = "awareness."  # ops whose `update` is one of awareness


@dataclass(frozen=True, slots=True)
class Raw:
    """An update in bytes: where its operand stands in the steps, and what it says; None when it cannot be decoded."""

    place: tuple[Any, ...]
    format: Format
    data: bytes
    update: Update | None

    @property
    def is_plain(self) -> bool:
        """Whether the kit writes the update as it is, so that nothing but its meaning is in the bytes."""
        try:
            return self.update is not None and encode_update(self.update, self.format) == self.data
        except ValueError:
            return False

    def written(self, update: Update) -> bytes:
        """Another update in the place of this one; the same bytes where it says the same."""
        return self.data if update == self.update else encode_update(update, self.format)


def raw_updates(steps: Sequence[Mapping[str, Any]]) -> Iterator[Raw]:
    """All updates that the steps give as bytes, in their order. What is not base64 is left out."""
    for number, step in enumerate(steps):
        if step["op"].startswith(_NOT_UPDATES):
            continue
        format: Format = "v2" if step.get("format", step.get("from")) == "v2" else "v1"
        operands: list[tuple[tuple[Any, ...], Any]] = [(("update",), step.get("update"))]
        operands += [(("updates", place), operand) for place, operand in enumerate(step.get("updates", ()))]
        for place, operand in operands:
            if isinstance(operand, dict):
                data = _bytes(operand["base64"])
                if data is not None:
                    yield Raw((number, *place), format, data, _decoded(data, format))


def _bytes(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


@lru_cache(maxsize=4096)
def _decoded(data: bytes, format: Format) -> Update | None:
    decoded = decode_partly(data, format)
    return decoded.update if decoded.fault is None else None


def waits_for_nothing(steps: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the updates that are given as bytes are whole together; those that cannot be decoded do not count."""
    return is_whole(*(raw.update for raw in raw_updates(steps) if raw.update is not None))


def rewrite_raw(steps: Sequence[Step], edit: Mapping[tuple[Any, ...], Any]) -> list[Step] | None:
    """The steps with their raw updates rewritten; None where that gives no update."""
    found = list(raw_updates(steps))
    try:
        data = _rewritten(found, edit)
    except (ValueError, WireError):
        return None
    return with_data(steps, found, data)


def with_data(steps: Sequence[Step], found: Sequence[Raw], data: Sequence[bytes]) -> list[Step]:
    """The steps with other bytes at the places of `found`."""
    new = list(steps)
    for raw, content in zip(found, data, strict=True):
        if content == raw.data:
            continue
        number, *rest = raw.place
        operand = {"base64": base64.b64encode(content).decode()}
        step = dict(new[number])
        if len(rest) == 1:
            step["update"] = operand
        else:
            step["updates"] = [operand if place == rest[1] else each for place, each in enumerate(step["updates"])]
        new[number] = step
    return new


def _rewritten(found: Sequence[Raw], edit: Mapping[tuple[Any, ...], Any]) -> list[bytes]:
    units: dict[int, list[tuple[int, int]]] = {}
    contents: dict[ID, Content] = {}
    keys: dict[str, str] = {}
    single: list[tuple[tuple[Any, ...], Any]] = []
    for key, value in edit.items():
        match key:
            case ("unit", client, start, end):
                units.setdefault(client, []).append((start, end))
            case ("content", client, clock):
                contents[ID(client, clock)] = value
            case ("key", old):
                keys[old] = value
            case _:
                single.append((key, value))
    updates = [raw.update for raw in found]
    for number, change in _single_changes(single):
        update = updates[number]
        updates[number] = update and change(update)
    if contents:
        updates = [update and with_contents(update, contents) for update in updates]
    if keys:
        updates = [update and with_names(update, {}, keys) for update in updates]
    if units:
        whole = iter(without([update for update in updates if update is not None], units))
        updates = [None if update is None else next(whole) for update in updates]
    return [
        _cut(raw, number, single) if update is None or update is raw.update else raw.written(update)
        for number, (raw, update) in enumerate(zip(found, updates, strict=True))
    ]


def _single_changes(
    single: Sequence[tuple[tuple[Any, ...], Any]],
) -> Iterator[tuple[int, Callable[[Update], Update]]]:
    for key, _ in single:
        match key:
            case ("struct", number, client, clock):
                yield number, partial(less, client=client, clock=clock)
            case ("range", number, client, clock):
                yield number, partial(_without_range, client=client, clock=clock)


def _without_range(update: Update, client: int, clock: int) -> Update:
    ranges = tuple(each for each in update.delete_set[client] if each[0] != clock)
    others = {other: ranges if other == client else of for other, of in update.delete_set.items()}
    return replace(update, delete_set={other: of for other, of in others.items() if of})


def _cut(raw: Raw, number: int, single: Sequence[tuple[tuple[Any, ...], Any]]) -> bytes:
    """Raises ValueError where an update that could be read cannot be any more."""
    changed = bytearray(raw.data)
    cuts = []
    for key, value in single:
        match key:
            case ("byte", place, at) if place == number:
                changed[at] = value
            case ("bytes", place, start, end) if place == number:
                cuts.append((start, end))
    for start, end in sorted(cuts, reverse=True):
        del changed[start:end]
    data = bytes(changed)
    if raw.update is not None and data != raw.data and _decoded(data, raw.format) is None:
        raise ValueError("no update any more")
    return data
