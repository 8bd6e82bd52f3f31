"""A campaign on the workers of a dask.distributed scheduler, told as if it were performed on this machine.

Shards of seeds are tasks (shard.py). The scheduler runs those of a lost worker again on another. Their answers go into
the campaign's ledger, which tells them in the order of the seeds. This is the only module that needs the extra.
"""

from __future__ import annotations

import logging
import pickle
import time
import uuid
import warnings
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, TypeAlias

from conformance.errors import ConformanceError
from conformance.fuzz import shard
from conformance.fuzz.troupe import Answered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from conformance.fuzz.campaign import Campaign
    from conformance.fuzz.shard import Job
    from conformance.model.implementation import Implementation
    from conformance.run import Sink

Client: TypeAlias = Any  # of distributed, whose types are partial
Future: TypeAlias = Any

_CONNECT = 5.0  # seconds
_TURN = 1.0  # seconds after which it is looked again whether the time is over and how many workers there are
_AHEAD = 2  # shards in flight for each thread of a worker, so that none waits for its next one


class ClusterError(ConformanceError):
    """There is no cluster to be had, or it failed. What was told is kept."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """See Venue. `size` is the number of seeds of a shard."""

    client: Client
    address: str
    job: Job
    size: int
    implementations: Sequence[Implementation]
    report: Callable[[str], None]

    def perform(self, campaign: Campaign, sinks: Sequence[Sink]) -> None:
        """See Venue.

        Raises:
            ClusterError: the scheduler or the workers fail in a way that another attempt does not mend.
        """
        campaign.begin()
        scattered = _Scattered(self, campaign)
        while scattered.goes_on():
            scattered.take()
            campaign.tell(sinks)
        campaign.tell(sinks)  # what became ready after the last task


@contextmanager
def cluster(address: str, job: Job, size: int, report: Callable[[str], None]) -> Iterator[Cluster]:
    """Connect to a scheduler, and have a worker provide and introduce the implementations.

    Raises:
        ClusterError: the extra is missing, no scheduler answers at `address`, or it runs other versions.
        ConformanceError: a worker cannot provide an implementation.
    """
    client = _connect(address)
    try:
        _check_versions(client, address)
        _wait_for_workers(client, address, report)
        found = _answer(_send(client, "introduce", 0, shard.introduce, job), address)
        job = replace(job, hellos=tuple(implementation.hello for implementation in found))
        yield Cluster(client, address, job, size, found, report)
    finally:
        with suppress(Exception):
            client.close(timeout=2)


def _connect(address: str) -> Client:
    try:
        from distributed import Client
    except ImportError:
        raise ClusterError(
            "--scheduler needs dask.distributed; install it with: pip install 'yjs-conformance[cluster]'"
        ) from None
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters of it is said by this module
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of versions: _check_versions says it in one line
            return Client(address, timeout=_CONNECT, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        what = str(error).splitlines()[0]
        raise ClusterError(
            f"no scheduler at {address}: {what}; start one with: dask scheduler, and give the address that it prints"
        ) from None


def _check_versions(client: Client, address: str) -> None:
    found = client.get_versions()
    own = _versions(found["client"])
    for place, versions in [("the scheduler", found["scheduler"]), *found["workers"].items()]:
        if (theirs := _versions(versions)) != own:
            raise ClusterError(f"{address}: {place} has {theirs} and this machine {own}; install the same everywhere")


def _versions(found: dict[str, Any]) -> str:
    python = ".".join(found["host"]["python"].split(".")[:2])
    return f"distributed {found['packages']['distributed']} on Python {python}"


def _wait_for_workers(client: Client, address: str, report: Callable[[str], None]) -> None:
    told = False
    while not (threads := client.nthreads()):
        if not told:
            report(f"{address}: no worker yet; start some with: dask worker {address} --nworkers -1 --nthreads 1")
            told = True
        time.sleep(_TURN)
    report(f"{address}: workers: {len(threads)}, shards at a time: {sum(threads.values())}")


def _send(client: Client, name: str, priority: int, function: Callable[..., Any], job: Job, *arguments: Any) -> Future:
    """Have a worker call a function of shard.py; `name` is what the scheduler's page shows."""
    return client.submit(
        _task(),
        shard.KIT,
        pickle.dumps((function, job, arguments)),
        key=f"{name}-{uuid.uuid4().hex[:12]}",  # several campaigns may share a scheduler
        priority=priority,
        pure=False,
    )


def _task() -> Callable[[str, bytes], Any]:
    """A function that is pickled by value: a worker or scheduler without the kit would die of one of the kit's."""

    def conformance_task(kit: str, request: bytes) -> tuple[str, Any]:
        import platform

        try:
            from conformance.fuzz.shard import serve
        except ImportError as error:
            refusal = (f"it lacks the kit ({error}); install the same one everywhere and start it anew", 3)
            return platform.node(), refusal
        return platform.node(), serve(kit, request)

    return conformance_task


class _Scattered:
    """A campaign's shards and inquiries that are out, and those that came back."""

    def __init__(self, cluster: Cluster, campaign: Campaign) -> None:
        self._cluster = cluster
        self._campaign = campaign
        self._out: set[Future] = set()
        self._inquiries: set[Future] = set()  # of those that are out
        self._back: SimpleQueue[Future] = SimpleQueue()
        self._looked = 0.0
        self._room = 0

    def goes_on(self) -> bool:
        """Send out what there is room for; whether anything is out or left."""
        campaign = self._campaign
        if time.monotonic() - self._looked > _TURN:
            self._look()
        if campaign.is_late:
            self._stop_inquiring()
        while len(self._out) < self._room and campaign.has_seeds:
            seeds = campaign.seeds(self._cluster.size)
            settled = frozenset(campaign.ledger.settled)
            self._send(f"seeds-{seeds[0]}-to-{seeds[-1]}", seeds[0], shard.perform, seeds, settled)
        return bool(self._out) or campaign.has_seeds

    def _look(self) -> None:
        """How many workers there are may change at any time."""
        self._looked = time.monotonic()
        threads = sum(self._cluster.client.nthreads().values())
        if not threads and self._room:
            self._cluster.report(f"{self._cluster.address}: no worker is left; it goes on when there is one again")
        self._room = _AHEAD * threads

    def _stop_inquiring(self) -> None:
        """Give up the inquiries, which may take long: the findings are told as they came."""
        for future in self._inquiries:
            future.release()
        self._out -= self._inquiries
        self._inquiries.clear()
        self._campaign.ledger.answer_all({})

    def _send(self, name: str, seed: int, function: Callable[..., Any], *arguments: Any) -> Future:
        script = self._campaign.troupe.script
        future = _send(self._cluster.client, name, -seed, function, self._cluster.job, script, *arguments)
        self._out.add(future)
        future.add_done_callback(self._back.put)
        return future

    def take(self) -> None:
        """Wait for what comes back, for a while, and enter it into the campaign's ledger."""
        with suppress(Empty):
            self._enter(self._back.get(timeout=_TURN))
            while True:
                self._enter(self._back.get_nowait())

    def _enter(self, future: Future) -> None:
        if future not in self._out:
            return
        ledger = self._campaign.ledger
        self._out.discard(future)
        self._inquiries.discard(future)
        came = _answer(future, self._cluster.address)
        if isinstance(came, Answered):
            ledger.answer(came.seed, came.sides)
            return
        for performed in came:
            for seed in ledger.add(performed):
                self._inquiries.add(self._send(f"inquiry-{seed}", seed, shard.inquire, seed))


def _answer(future: Future, address: str) -> Any:
    """What a function of shard.py answered; raises ConformanceError when its worker refused, or the task failed."""
    try:
        host, answer = future.result()
    except Exception as error:
        raise _failure(error, address, future.key) from error
    if isinstance(answer, bytes):
        return pickle.loads(answer)
    line, code = answer
    refusal = ConformanceError(f"{address}: the worker on {host} cannot take part: {line}")
    refusal.exit_code = code
    raise refusal


def _failure(error: Exception, address: str, task: str) -> ClusterError:
    from distributed import CancelledError, KilledWorker

    again = "the findings so far are kept, go on with --resume"
    if isinstance(error, KilledWorker):
        return ClusterError(
            f"{address}: all workers that tried {task} were lost; give them more memory, or raise the "
            f"scheduler's allowed-failures where machines are taken away; {again}"
        )
    if isinstance(error, CancelledError):
        return ClusterError(f"{address}: the connection to the scheduler was lost; {again}")
    what = f"{type(error).__name__}: {error}".splitlines()[0]
    return ClusterError(f"{address}: {task} failed: {what}; the worker's log says more; {again}")
