"""Whether updates are whole: whether a peer that has applied all of them waits for nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.wire.model import ID, Item, Skip
from conformance.wire.normalize import normalize_deletes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from conformance.wire.model import Update


def is_whole(*updates: Update) -> bool:
    """Whether all that the updates refer to is in one of them, and the elements of each client from 0 without a gap."""
    held = normalize_deletes(_held(updates))
    if any(len(ranges) > 1 or ranges[0][0] > 0 for ranges in held.values()):
        return False
    ends = {client: ranges[0][1] for client, ranges in held.items()}
    return all(clock < ends.get(client, 0) for update in updates for client, clock in _references(update)) and all(
        clock + length <= ends.get(client, 0)
        for update in updates
        for client, ranges in update.delete_set.items()
        for clock, length in ranges
        if length
    )


def _held(updates: Iterable[Update]) -> Mapping[int, tuple[tuple[int, int], ...]]:
    """Client -> ranges (clock, length) of the elements that are there."""
    held: dict[int, list[tuple[int, int]]] = {}
    for update in updates:
        for client, structs in update.structs.items():
            there = [(struct.id.clock, struct.length) for struct in structs if not isinstance(struct, Skip)]
            held.setdefault(client, []).extend(there)
    return {client: tuple(ranges) for client, ranges in held.items()}


def _references(update: Update) -> Iterator[ID]:
    for structs in update.structs.values():
        for struct in structs:
            if isinstance(struct, Item):
                for reference in (struct.origin, struct.right_origin, struct.parent):
                    if isinstance(reference, ID):
                        yield reference
