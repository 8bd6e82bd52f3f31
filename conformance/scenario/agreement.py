"""The oracle of the upper layers: documents with equal state vectors have equal content."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.model.value import project, same
from conformance.scenario.notebook import differences
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

    Empty when all agree. Notebooks are one by their normal form (conformance/scenario/notebook.py).
    """
    first = sights[0]
    if any(sight.vector != first.vector for sight in sights[1:]):
        return "vectors"
    return "content" if any(_differ(first.state, sight.state, lossy) for sight in sights[1:]) else ""


def _differ(one: Any, other: Any, lossy: Sequence[str]) -> bool:
    return not same(project(one, lossy), project(other, lossy)) and bool(differences(one, other))


def splits(sights: Sequence[Sight]) -> tuple[str, ...]:
    """Where the notebooks that they show differ; empty when they show something else."""
    first, *others = [sight.state for sight in sights]
    if not all(isinstance(state, dict) and "cells" in state and "nbformat" in state for state in (first, *others)):
        return ()
    return tuple(sorted({difference.what for other in others for difference in differences(first, other)}))
