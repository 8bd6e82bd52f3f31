"""Where peers that must agree part: the answers of one aspect, gathered into clusters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.model.value import Value, canonical_bytes, project, quick_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


REFUSED = {"refused": True}
"""The answer of a peer that refused the step."""


@dataclass(frozen=True, slots=True)
class Voice:
    """What one peer answered where several must answer alike.

    `group` is state or state_vector (decoded), of peers that are done, or that of a group which the case names.
    """

    place: int
    stage: str
    peer: str
    player: int
    group: str
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
    """Where voices of one group differ; states of peers that are done may, when their state vectors do.

    A peer that refused something is not asked for more: what it holds is a consequence, and whether a refused update
    may leave traces is another question.


    Args:
        lossy: what each player cannot report; answers are compared without what one of the players cannot.
    """
    groups: dict[str, list[Voice]] = {}
    for voice in voices:
        groups.setdefault(voice.group, []).append(voice)
    vectors = {voice.peer: quick_bytes(voice.answer) for voice in groups.get("state_vector", ())}
    refused: set[str] = set()
    for group, everybody in groups.items():
        members = [voice for voice in everybody if voice.peer not in refused]
        refused |= {voice.peer for voice in members if voice.answer == REFUSED}
        if group != "state":
            yield from _part(group, members, lossy)
            continue
        for vector in dict.fromkeys(vectors.values()):
            yield from _part(group, [voice for voice in members if vectors.get(voice.peer) == vector], lossy)


def _part(group: str, voices: Sequence[Voice], lossy: Sequence[Sequence[str]]) -> Iterator[Parting]:
    if len({quick_bytes(voice.answer) for voice in voices}) < 2:
        return
    lost = sorted({loss for voice in voices for loss in lossy[voice.player]})
    clusters: dict[bytes, list[Voice]] = {}
    for voice in voices:
        clusters.setdefault(canonical_bytes(_projected(voice.answer, lost)), []).append(voice)
    if len(clusters) > 1:
        ordered = sorted(clusters.values(), key=len, reverse=True)
        yield Parting(group.partition(" ")[0], tuple(map(tuple, ordered)))


def _projected(answer: Value, lost: Sequence[str]) -> Value:
    return project(answer, lost) if isinstance(answer, dict) else answer
