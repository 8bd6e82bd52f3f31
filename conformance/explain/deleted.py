"""Which structs of an update its own delete set deletes."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Literal, TypeAlias

from conformance.wire.normalize import normalize_deletes

if TYPE_CHECKING:
    from conformance.wire.model import DeleteSet, Struct

Share: TypeAlias = Literal["none", "some", "all"]


class Deleted:
    """Answers by bisection: updates hold many structs and many ranges."""

    def __init__(self, deletes: DeleteSet) -> None:
        self._ranges = normalize_deletes(deletes)
        self._starts = {client: [start for start, _ in ranges] for client, ranges in self._ranges.items()}

    def share(self, struct: Struct) -> Share:
        """How much of a struct is deleted."""
        client, clock = struct.id
        ranges = self._ranges.get(client)
        if ranges is None:
            return "none"
        end = clock + struct.length
        # Ranges do not touch: the last one that begins before the end is all that can hold the whole struct.
        index = bisect_right(self._starts[client], end - 1) - 1
        if index < 0 or ranges[index][1] <= clock:
            return "none"
        return "all" if ranges[index][0] <= clock and end <= ranges[index][1] else "some"
