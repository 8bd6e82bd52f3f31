"""The oracle of the upper layers: documents with equal state vectors have equal content."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.model.value import project, same
from conformance.wire.lib0 import WireError
from conformance.wire.state_vector import decode_state_vector

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Sight:
    """What one participant shows: its state vector (client -> clock) and its typed state."""

    who: str
    vector: Mapping[int, int]
    state: Any

    def as_json(self) -> dict[str, Any]:
        vector = {str(client): clock for client, clock in sorted(self.vector.items())}
        return {"state_vector": vector, "state": self.state}


def vector_of(answer: str) -> Mapping[int, int]:
    """A state vector from the base64 of an answer, without clients of whom nothing is known.

    Raises:
        ValueError: these are no bytes of a state vector.
    """
    try:
        vector = decode_state_vector(base64.b64decode(answer))
    except WireError as error:
        raise ValueError(f"no state vector: {error}") from error
    return {client: clock for client, clock in vector.items() if clock}


def parted(sights: Sequence[Sight], lossy: Sequence[str]) -> str:
    """How they differ: `vectors` when one lacks updates of another, `content` when equal vectors show two documents.

    Empty when all agree.
    """
    first = sights[0]
    if any(sight.vector != first.vector for sight in sights[1:]):
        return "vectors"
    shown = project(first.state, lossy)
    return "" if all(same(project(sight.state, lossy), shown) for sight in sights[1:]) else "content"
