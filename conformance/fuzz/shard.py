"""What a worker does: it provides the implementations once and performs shards, ranges of a campaign's seeds.

Runners stay between tasks, as a shard is short and a start is not.
"""

from __future__ import annotations

import pickle
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from conformance.errors import ConformanceError
from conformance.fuzz.kit import kit_digest
from conformance.fuzz.ledger import Performed, trimmed
from conformance.fuzz.troupe import Answered, Performing, Troupe
from conformance.fuzz.venue import Machine, machine
from conformance.model.manifest import load_manifests
from conformance.report.progress import announce
from conformance.resources import data_root
from conformance.wanted import choose

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from conformance.execute.limits import Limits
    from conformance.fuzz.troupe import Script
    from conformance.model.implementation import Hello, Implementation
    from conformance.model.spec import Spec
    from conformance.plan.casting import Performance

_IDLE = 30.0  # seconds after which runners that nobody wants are ended
KIT = kit_digest()  # of the code that this process runs, whatever its files become


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker provides.

    Attributes:
        specs: implementations; a path is one of the worker's.
        runners: manifests of the user's, on the worker.
        limits: of each shard.
        hellos: how the implementations introduced themselves to the campaign, which they must do everywhere.
    """

    specs: tuple[Spec, ...]
    runners: tuple[Path, ...]
    limits: Limits
    hellos: tuple[Hello, ...] = field(default=(), compare=False)


def job_of(specs: Sequence[Spec], runners: Sequence[Path], limits: Limits) -> Job:
    """A job of these implementations."""
    return Job(tuple(specs), tuple(path.absolute() for path in runners), limits)


class MismatchError(ConformanceError):
    """A worker is not what the campaign began with."""


Refusal = tuple[str, int]  # why a worker cannot do a task, and the exit code that this deserves


def serve(kit: str, request: bytes) -> bytes | Refusal:
    """What a task is on a worker: pickled are, in a kit of the digest `kit`, (function, job, arguments) and the answer.

    A refusal is no failure of the worker: trying the task again elsewhere would not help.
    """
    try:
        if kit != KIT:
            raise MismatchError("it runs another version of the kit; install the same one everywhere and start it anew")
        function, job, arguments = pickle.loads(request)
        with _at(job) as at:
            _compare(at.implementations, job.hellos)
            return pickle.dumps(function(at, *arguments))
    except ConformanceError as error:
        return str(error).splitlines()[0], error.exit_code


def introduce(at: Machine) -> tuple[Implementation, ...]:
    """Who the implementations are."""
    return tuple(at.implementations)


def perform(at: Machine, script: Script, seeds: Sequence[int], settled: frozenset[str]) -> list[Performed]:
    """What seeds came to; kinds of failures that are `settled` need no record."""
    performing = Performing(Troupe(script, at.implementations), at.judge, settled)
    came = _entered(at, performing, chain.from_iterable(map(performing.begin, seeds)))
    return trimmed([each for each in came if isinstance(each, Performed)], settled)


def inquire(at: Machine, script: Script, seed: int) -> Answered:
    """Who is odd in the program of a seed."""
    performing = Performing(Troupe(script, at.implementations), at.judge)
    came = _entered(at, performing, iter(performing.inquire(seed)))
    return next(each for each in came if isinstance(each, Answered))


def _entered(
    at: Machine, performing: Performing, performances: Iterator[Performance]
) -> list[Performed | Answered | None]:
    return [performing.enter(outcome) for outcomes in at.engine.run(performances) for outcome in outcomes]


def _compare(implementations: Sequence[Implementation], hellos: Sequence[Hello]) -> None:
    for implementation, wanted in zip(implementations, hellos, strict=False):
        if _judged_by(implementation.hello) != _judged_by(wanted):
            raise MismatchError(
                f"its {implementation.label} {implementation.hello.version} is not the {wanted.version} of the worker "
                "that was asked first; provide the same one, with the same features, everywhere"
            )


def _judged_by(hello: Hello) -> tuple[object, ...]:
    """All but the runtime, which may be another one on another machine."""
    return hello.name, hello.version, hello.features, hello.lossy


# --- runners that stay --------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Started:
    job: Job
    machine: Machine
    stack: ExitStack
    since: float = 0.0


class _Pool:
    """Started runners that wait for their next task, until they have waited for too long."""

    def __init__(self) -> None:
        self._waiting: list[_Started] = []
        self._lock = threading.Lock()
        self._watched = False

    def take(self, job: Job) -> _Started | None:
        with self._lock:
            for place, started in enumerate(self._waiting):
                if started.job == job:
                    return self._waiting.pop(place)
        return None

    def put(self, started: _Started) -> None:
        started.since = time.monotonic()
        with self._lock:
            self._waiting.append(started)
            if not self._watched:
                self._watched = True
                threading.Thread(target=self._watch, name="conformance-idle", daemon=True).start()

    def _watch(self) -> None:
        while self._watched:
            time.sleep(_IDLE / 4)
            long_ago = time.monotonic() - _IDLE
            with self._lock:
                ended = [started for started in self._waiting if started.since < long_ago]
                self._waiting = [started for started in self._waiting if started.since >= long_ago]
                self._watched = bool(self._waiting)
            for started in ended:
                started.stack.close()


_pool = _Pool()


@contextmanager
def _at(job: Job) -> Iterator[Machine]:
    """Runners of a job for one task, started unless some wait; kept for the next task unless this one broke."""
    started = _pool.take(job) or _start(job)
    try:
        yield started.machine
    except BaseException:
        started.stack.close()
        raise
    _pool.put(started)


def _start(job: Job) -> _Started:
    manifests = load_manifests(data_root(), job.runners)
    stack = ExitStack()
    return _Started(job, stack.enter_context(machine(choose(job.specs, manifests), job.limits, announce)), stack)
