"""Bounds of time and memory, and which runner is beyond them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.execute.process import RunnerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.execute.danger import Danger
    from conformance.execute.worker import Worker

TICK = 0.1
"""Seconds between looks at all workers."""

_MEMORY_AFTER = 0.15  # seconds that a line may take before memory is looked at
_FAMILY_EVERY = 1.0  # seconds between counts of the memory of a runner's children too, which looks at every process
_HANGS_AFTER = 0.2  # of the time for a case: so long one is waited for that is known to hang
_STALL = 1.0  # seconds that the guard may come late; after more, the machine stood still, and its runners with it


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a run.

    Attributes:
        timeout: seconds for a case.
        start_timeout: seconds for a runner to answer hello.
        memory: bytes of resident memory per runner.
        recycle: bytes of resident memory at which an idle runner is replaced, because its library leaks.
        jobs: how many runner processes work at the same time.
    """

    timeout: float = 10.0
    start_timeout: float = 60.0
    memory: int = 2 << 30
    recycle: int = 512 << 20
    jobs: int = 2


class Guard:
    """Holds workers to the limits."""

    def __init__(self, limits: Limits, danger: Danger) -> None:
        self._limits = limits
        self._danger = danger
        self._next = time.monotonic()

    def beyond(self, workers: Iterable[Worker]) -> Iterator[tuple[Worker, RunnerError]]:
        """The busy workers whose oldest line takes too long or too much memory; none before the next tick.

        Time in which nobody looked, as the machine slept or was choked, is not held against them.
        """
        now = time.monotonic()
        if now < self._next:
            return
        stalled = now - self._next if now - self._next > _STALL else 0.0
        self._next = now + TICK
        for worker in tuple(workers):
            if worker.is_busy and worker.broken is None:
                worker.head_since = min(now, worker.head_since + stalled)
                fault = self._fault(worker, now)
                if fault is not None:
                    yield worker, fault

    def _fault(self, worker: Worker, now: float) -> RunnerError | None:
        allowed, waited = self._allowed(worker), now - worker.head_since
        if waited > allowed:
            return RunnerError("timeout", f"no answer within {allowed:g} s")
        if waited <= _MEMORY_AFTER:
            return None
        assert worker.process is not None
        family = now - max(worker.head_since, worker.family_seen) > _FAMILY_EVERY
        if family:
            worker.family_seen = now
        used = worker.process.resident_memory(with_children=family)
        if used <= self._limits.memory:
            return None
        limit = self._limits.memory >> 20
        return RunnerError("memory", f"used {used >> 20} MiB of memory; {limit} are allowed")

    def _allowed(self, worker: Worker) -> float:
        """Seconds for the oldest line of a worker. One that hangs over a case has it to itself by then."""
        assert worker.process is not None
        head = worker.process.in_flight[0]
        if head.purpose == "hello":
            return self._limits.start_timeout
        for part in head.parts if worker.alone else ():
            if part is not None and self._danger.hangs(part[0].performance.program.case.id, worker.implementation):
                return _HANGS_AFTER * self._limits.timeout
        return self._limits.timeout

    def is_swollen(self, worker: Worker) -> bool:
        """Whether a worker that answered holds so much memory that its library must leak."""
        assert worker.process is not None
        return worker.process.resident_memory() > self._limits.recycle
