"""The workers of a run: some copies of each runner, and one of each that takes only suspects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.execute.worker import BATCH, Worker

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.execute.worker import Tee
    from conformance.provision import Launch


class Places:
    """Who is there, who takes a session, and who comes first. Workers are made here and started by the caller."""

    def __init__(self, launches: Sequence[Launch], jobs: int, tee: Tee | None) -> None:
        """Each runner has as many copies as let `jobs` of them work at the same time."""
        copies = max(1, jobs // max(1, len(launches)))
        self._launches = tuple(launches)
        self._groups = [[Worker(index, launch, tee) for _ in range(copies)] for index, launch in enumerate(launches)]
        self._alone: dict[int, Worker] = {}

    @property
    def firsts(self) -> list[Worker]:
        """The first copy of each runner, which is started first."""
        return [group[0] for group in self._groups]

    def __iter__(self) -> Iterator[Worker]:
        """Those for suspects come first: others may have work without an end."""
        yield from self._alone.values()
        for group in self._groups:
            yield from group

    def __len__(self) -> int:
        return len(self._alone) + sum(map(len, self._groups))

    @property
    def suspects_wait(self) -> bool:
        """Whether a suspect waits for a place: others get none then."""
        return any(worker.queue and not worker.is_busy for worker in self._alone.values())

    def by_urgency(self) -> list[Worker]:
        """Who has the most to do comes first: lines grow longer while the others wait for a place."""
        return sorted(self, key=lambda worker: (not worker.alone, -len(worker.queue)))

    def taker(self, player: int) -> Worker:
        """The copy with the least to do, or one that is not yet started when all have enough for two lines."""
        group = self._groups[player]
        if len(group) == 1:
            return group[0]
        started = [worker for worker in group if not worker.is_unstarted]
        least = min(started, key=lambda worker: len(worker.queue))
        if len(least.queue) >= 2 * BATCH and len(started) < len(group):
            return group[len(started)]
        return least

    def taker_alone(self, player: int) -> Worker:
        """The worker that serves only suspects, one at a time; it is not yet started the first time."""
        if player not in self._alone:
            self._alone[player] = Worker(player, self._launches[player], alone=True)
        return self._alone[player]
