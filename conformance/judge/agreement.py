"""Where peers that must agree part: the answers of one aspect, gathered into clusters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.model.value import Value, canonical_bytes, project, quick_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True, slots=True)
class Voice:
    """What one peer answered of one aspect: state or state_vector (decoded)."""

    place: int
    stage: str
    peer: str
    player: int
    aspect: str
    answer: Value


@dataclass(frozen=True, slots=True)
class Parting:
    """Peers that do not agree. `clusters` are their voices by answer, the largest first."""

    aspect: str
    clusters: tuple[tuple[Voice, ...], ...]

    @property
    def minority(self) -> Voice:
        """The first voice of the smallest cluster."""
        return self.clusters[-1][0]

    def parted(self, labels: Sequence[str]) -> str:
        """The implementations of each cluster, such as `pycrdt|yjs,yrs`; the same however many peers they play."""
        sides = {",".join(sorted({labels[voice.player] for voice in cluster})) for cluster in self.clusters}
        return "|".join(sorted(sides))


def partings(voices: Sequence[Voice], lossy: Sequence[Sequence[str]]) -> Iterator[Parting]:
    """State vectors that differ, and states that differ between peers with the same state vector.

    Args:
        lossy: what each player cannot report; states are compared without what one of their players cannot.
    """
    vectors = {voice.peer: quick_bytes(voice.answer) for voice in voices if voice.aspect == "state_vector"}
    states = [voice for voice in voices if voice.aspect == "state"]
    yield from _part("state_vector", [voice for voice in voices if voice.aspect == "state_vector"], ())
    for vector in dict.fromkeys(vectors.values()):
        alike = [voice for voice in states if vectors.get(voice.peer) == vector]
        lost = sorted({loss for voice in alike for loss in lossy[voice.player]})
        yield from _part("state", alike, lost)


def _part(aspect: str, voices: Sequence[Voice], lost: Sequence[str]) -> Iterator[Parting]:
    if len({quick_bytes(voice.answer) for voice in voices}) < 2:
        return
    clusters: dict[bytes, list[Voice]] = {}
    for voice in voices:
        clusters.setdefault(canonical_bytes(project(voice.answer, lost)), []).append(voice)
    if len(clusters) > 1:
        ordered = sorted(clusters.values(), key=len, reverse=True)
        yield Parting(aspect, tuple(map(tuple, ordered)))
