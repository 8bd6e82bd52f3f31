"""Execution: performances in, outcomes out, while runners crash, hang and babble.

One thread waits for all runners and never blocks on a pipe. Sessions go out in batches, so a runner that dies
does not say which of them killed it: all in the oldest open line are suspects, and each is tried again alone, in
processes that serve only suspects. Only a session that fails alone is blamed. Every other session that the process
held starts again. A case that broke an implementation once is performed alone from then on, since each further
break would cost the sessions beside it.
"""

from __future__ import annotations

import gc
import os
import selectors
import time
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any, NoReturn

from conformance.execute.process import RunnerError
from conformance.execute.session import Fault, Outcome, Session
from conformance.execute.worker import BATCH, Tee, Worker
from conformance.model.implementation import parse_hello

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from conformance.execute.process import Part, Request, RunnerProcess
    from conformance.model.implementation import Hello
    from conformance.plan.casting import Performance
    from conformance.provision import Launch

_TICK = 0.1  # seconds between checks of deadlines and memory
_MEMORY_AFTER = 0.15  # seconds that a line may take before memory is looked at
_FAMILY_EVERY = 1.0  # seconds between counts of the memory of a runner's children too, which looks at every process
_HANGS_AFTER = 0.2  # of the time for a case: so long one is waited for that is known to hang
_RECYCLE_EVERY = 64  # answered lines between looks at a leaking runner
_CANARY = "@canary"


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


class Engine:
    """Runners, from start to end. Use as a context manager: leaving it ends every process."""

    def __init__(
        self,
        launches: Sequence[Launch],
        limits: Limits,
        tee: Tee | None = None,
        processes: list[RunnerProcess] | None = None,
    ) -> None:
        """`processes` are those of the first copy of each runner, if started; they are taken out of the list."""
        self._limits = limits
        copies = max(1, limits.jobs // max(1, len(launches)))
        self._workers = [[Worker(index, launch, tee) for _ in range(copies)] for index, launch in enumerate(launches)]
        self._alone: dict[int, Worker] = {}
        self._all = [worker for group in self._workers for worker in group]
        self._dangerous: dict[str, set[int]] = {}  # case -> the implementations that broke over it, or will
        self._hanging: Mapping[str, Collection[int]] = {}
        self._launches = list(launches)
        self._early = [] if processes is None else processes
        self._selector = selectors.DefaultSelector()
        self._numbers = count(1)
        self._sessions: dict[int, Session] = {}
        self._finished: list[Outcome] = []
        # Answers are many small objects without cycles: the collector would look through them again and again.
        gc.set_threshold(100_000, 50, 100)
        self._canaries: dict[int, str | None] = {}
        self._next_check = 0.0

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all runner processes and what they started."""
        for worker in self._all:
            if worker.process is not None:
                self._detach(worker.process)
                worker.process.stop()
                worker.process = None
        self._selector.close()

    def expect(self, hanging: Mapping[str, Collection[int]]) -> None:
        """Cases, by their ids, that implementations are known not to end.

        They are performed alone from the first time on, so that no others wait with them, and not waited for as long.
        """
        self._hanging = hanging
        for case, players in hanging.items():
            self._dangerous.setdefault(case, set()).update(players)

    # --- start -----------------------------------------------------------------------------------------------

    def start(self) -> list[Hello | RunnerError]:
        """Start all runners at once; the answer of each to hello, or why it is not fit to be judged by.

        A runner that says ok to an op that does not exist is `untrusted`.
        """
        firsts = [group[0] for group in self._workers]
        for worker in firsts:
            self._start(worker, self._early.pop(0) if self._early else None)
            self._send_canary(worker)
        while any(worker.broken is None and worker.is_busy for worker in firsts):
            self._poll()
        return [self._introduction(worker) for worker in firsts]

    def _send_canary(self, worker: Worker) -> None:
        if worker.process is None:
            return
        op = f"canary.{os.urandom(4).hex()}"
        step = f'{{"op":"{op}","peer":"{_CANARY}"}}'
        session = f'{{"session":0,"roots":{{}},"peers":{{"{_CANARY}":{{"client":1}}}},"steps":[{step}],"end":true}}'
        self._canaries[id(worker)] = op
        worker.send(b'{"seq":%d,"run":[%b]}\n' % (worker.next_seq, session.encode()), "canary")

    def _introduction(self, worker: Worker) -> Hello | RunnerError:
        if worker.broken is not None:
            stderr = worker.process.stderr_text if worker.process else ""
            return RunnerError(worker.broken.kind, worker.broken.message + (f"\n{stderr}" if stderr else ""))
        assert worker.hello is not None
        return worker.hello

    def _check_canary(self, worker: Worker, answer: dict[str, Any]) -> None:
        op = self._canaries.pop(id(worker))
        try:
            said = answer["run"][0]["answers"][0]
        except (KeyError, IndexError, TypeError):
            said = answer
        if not isinstance(said, dict) or "unsupported" not in said:
            raise RunnerError("untrusted", f"was asked for the op {op}, which does not exist, and said {said!r:.100}")

    # --- run -------------------------------------------------------------------------------------------------

    def run(self, performances: Iterator[Performance]) -> Iterator[list[Outcome]]:
        """The outcome of every performance, as they come: those that one turn of waiting brought together."""
        room = 3 * BATCH * len(self._all)  # so that every worker has its lines in flight and one more waiting
        more = True
        while True:
            while more and len(self._sessions) < room:
                performance = next(performances, None)
                if performance is None:
                    more = False
                else:
                    self._begin(performance)
            self._dispatch()
            if self._sessions:
                self._poll()
            if self._finished:
                finished, self._finished = self._finished, []
                yield finished
            if not more and not self._sessions and not self._finished:
                return

    def _begin(self, performance: Performance, *, alone: bool = False) -> None:
        number = next(self._numbers)
        case = performance.program.case.id
        dangerous = self._dangerous.get(case)
        alone = alone or (dangerous is not None and not dangerous.isdisjoint(performance.players))
        workers = tuple(self._worker(player, alone=alone) for player in performance.players)
        session = Session(number, performance, workers, alone=alone)
        for worker in workers:
            if worker.broken is not None:
                self._finish(session, self._fault(worker, worker.broken))
                return
        self._sessions[number] = session
        if not session.advance():
            raise AssertionError(f"the first phase of {case} needs bytes that nobody made")

    def _worker(self, player: int, *, alone: bool) -> Worker:
        """The worker with the least to do; another copy is started when all have enough for two lines."""
        if not alone:
            group = self._workers[player]
            if len(group) == 1:
                return group[0]
            started = [worker for worker in group if worker.process is not None or worker.broken is not None]
            least = min(started, key=lambda worker: len(worker.queue))
            if len(least.queue) >= 2 * BATCH and len(started) < len(group):
                least = group[len(started)]
                self._start(least)
            return least
        if player not in self._alone:
            worker = Worker(player, self._launches[player], alone=True)
            self._alone[player] = worker
            self._all.insert(0, worker)
            self._start(worker)
        return self._alone[player]

    def _finish(self, session: Session, fault: Fault | None = None) -> None:
        self._sessions.pop(session.number, None)
        session.over = True
        self._finished.append(Outcome(session.performance, session.answers, fault, session.is_done and fault is None))

    @staticmethod
    def _fault(worker: Worker, fault: RunnerError, stderr: str = "") -> Fault:
        return Fault(fault.kind, worker.implementation, fault.message, stderr)

    def _dispatch(self) -> None:
        busy = sum(worker.is_busy for worker in self._all)
        # Others may have work without an end: they get none while a suspect waits for a place, and it has the first.
        suspects = any(worker.queue and not worker.is_busy for worker in self._alone.values())
        # Who has the most to do comes first: lines grow longer while the others wait for a place.
        for worker in sorted(self._all, key=self._urgency):
            if worker.draining and not worker.open and not worker.is_busy:
                self._restart(worker)
            if worker.is_busy:
                if not suspects or worker is self._alone.get(worker.implementation):
                    worker.dispatch()
            elif busy < self._limits.jobs:
                worker.dispatch()
                busy += worker.is_busy
            if worker.process is not None and worker.process.wants_to_write:
                self._watch_stdin(worker)

    def _urgency(self, worker: Worker) -> tuple[bool, int]:
        return worker is not self._alone.get(worker.implementation), -len(worker.queue)

    # --- events ----------------------------------------------------------------------------------------------

    def _poll(self) -> None:
        for key, _ in self._selector.select(_TICK):
            worker, process, stream = key.data
            if worker.process is not process:
                continue  # replaced while this batch of events was handled; its descriptors may be others' by now
            try:
                if stream == "stdout":
                    for request, answer in process.read():
                        self._answered(worker, request, answer)
                        if worker.process is not process:
                            break
                elif stream == "stdin":
                    process.write()
                    if not process.wants_to_write:
                        self._selector.unregister(process.stdin)
                elif not process.read_stderr():
                    self._selector.unregister(process.stderr)
            except RunnerError as fault:
                self._failed(worker, fault)
        self._check_limits()

    def _answered(self, worker: Worker, request: Request, answer: dict[str, Any]) -> None:
        if request.purpose == "hello":
            try:
                worker.greeted(parse_hello(answer.get("hello")))
            except ValueError as error:
                raise RunnerError("protocol", str(error)) from None
            worker.answered()
            return
        if request.purpose == "canary":
            worker.answered()
            self._check_canary(worker, answer)
            return
        self._take(worker, request, answer)
        worker.answered()
        if answer.get("restart") is True:
            self._replace(worker, suspects=())
        elif answer.get("renewed") is True:
            self._renewed(worker)
        elif worker.lines_answered % _RECYCLE_EVERY == 0:
            self._recycle_when_swollen(worker)

    def _take(self, worker: Worker, request: Request, answer: dict[str, Any]) -> None:
        """Hand the answers of a line to their sessions; those that a broken library left out begin again."""
        entries = answer.get("run")
        broke = answer.get("restart") is True or answer.get("renewed") is True
        if not isinstance(entries, list) or (len(entries) != len(request.parts) and not broke):
            self._blame(worker, request, RunnerError("protocol", "answered a line of sessions with something else"))
        assert isinstance(entries, list)
        for part, entry in zip(request.parts, entries, strict=False):
            if part is None or part[0].over:
                continue
            session, chunk = part
            if broke and entry is entries[-1]:
                self._broke(session, worker)
            if type(entry) is not dict or entry.get("session") != session.number:
                what = f"answered session {session.number} with {entry!r:.100}"
                self._blame(worker, request, RunnerError("protocol", what))
            answers = entry.get("answers")
            if type(answers) is not list:
                what = f"answered session {session.number} with {entry!r:.100}"
                self._blame(worker, request, RunnerError("protocol", what))
            try:
                goes_on = session.take(chunk, answers)
            except ValueError as error:
                self._blame(worker, request, RunnerError("protocol", str(error)))
            if not goes_on:
                session.drop()
                self._finish(session)
            elif session.unanswered == 0 and not session.advance():
                if session.phase < len(session.performance.program.phases):
                    session.drop()
                self._finish(session)
        for part in request.parts[len(entries) :]:
            if part is not None and not part[0].over:
                self._again(part[0], worker, alone=False)

    def _blame(self, worker: Worker, request: Request, fault: RunnerError) -> NoReturn:
        """Make the sessions of an answered line suspects, as if it were still open."""
        assert worker.process is not None
        worker.process.in_flight.appendleft(request)
        raise fault

    # --- failure ---------------------------------------------------------------------------------------------

    def _failed(self, worker: Worker, fault: RunnerError) -> None:
        process = worker.process
        assert process is not None
        head = process.in_flight[0] if process.in_flight else None
        if (head is not None and head.purpose != "run") or fault.kind == "untrusted":
            worker.failed_to_start(fault)
            if fault.kind == "untrusted":
                worker.broken = fault
            if worker.broken is not None:
                self._retire(worker, fault)
                return
            self._replace(worker, suspects=())
            return
        self._replace(worker, suspects=head.parts if head else (), fault=fault)

    def _replace(self, worker: Worker, suspects: Sequence[Part], fault: RunnerError | None = None) -> None:
        """End the process, start another, and begin again what it held; suspects each alone, or blamed if they were."""
        process = worker.process
        assert process is not None
        self._detach(process)
        process.stop()
        stderr = "" if fault is None else process.stderr_text
        suspected = {part[0].number for part in suspects if part is not None}
        held = {part[0].number: part[0] for request in process.in_flight for part in request.parts if part is not None}
        held |= worker.open
        worker.open.clear()
        for number, session in sorted(held.items()):
            if session.over:
                continue
            if number in suspected and session.alone and fault is not None:
                session.drop(worker)
                self._broke(session, worker)
                self._finish(session, self._fault(worker, fault, stderr))
            else:
                self._again(session, worker, alone=session.alone or number in suspected)
        self._start(worker)

    def _renewed(self, worker: Worker) -> None:
        """Begin again what the library held that was given up: all open sessions but those that are yet to begin."""
        process = worker.process
        assert process is not None
        held = dict(worker.open)
        for request in process.in_flight:
            for part in request.parts:
                if part is None:
                    continue
                session, chunk = part
                if chunk.begin:
                    held.pop(session.number, None)
                else:
                    held[session.number] = session
        for _, session in sorted(held.items()):
            if not session.over:
                self._again(session, worker, alone=session.alone)

    def _broke(self, session: Session, worker: Worker) -> None:
        self._dangerous.setdefault(session.performance.program.case.id, set()).add(worker.implementation)

    def _again(self, session: Session, failed: Worker, *, alone: bool) -> None:
        session.drop(failed)
        del self._sessions[session.number]
        self._begin(session.performance, alone=alone)

    def _retire(self, worker: Worker, fault: RunnerError) -> None:
        """Give up on a runner that does not start: all its sessions end with the fault."""
        process = worker.process
        assert process is not None
        process.read_stderr()
        self._detach(process)
        process.stop()
        process.in_flight.clear()
        worker.open.clear()
        for session in [session for session in self._sessions.values() if worker in session.workers]:
            session.drop(worker)
            self._finish(session, self._fault(worker, fault, process.stderr_text))

    def _start(self, worker: Worker, started: RunnerProcess | None = None) -> None:
        process = worker.start(started)
        if process is None:
            return
        self._selector.register(process.stdout, selectors.EVENT_READ, (worker, process, "stdout"))
        self._selector.register(process.stderr, selectors.EVENT_READ, (worker, process, "stderr"))

    def _restart(self, worker: Worker) -> None:
        assert worker.process is not None
        self._detach(worker.process)
        worker.process.stop(gently=True)
        self._start(worker)

    def _watch_stdin(self, worker: Worker) -> None:
        process = worker.process
        assert process is not None
        if process.stdin not in self._selector.get_map():
            self._selector.register(process.stdin, selectors.EVENT_WRITE, (worker, process, "stdin"))

    def _detach(self, process: RunnerProcess) -> None:
        for fd in (process.stdin, process.stdout, process.stderr):
            if fd in self._selector.get_map():
                self._selector.unregister(fd)

    # --- limits ----------------------------------------------------------------------------------------------

    def _check_limits(self) -> None:
        now = time.monotonic()
        if now < self._next_check:
            return
        self._next_check = now + _TICK
        for worker in self._all:
            if not worker.is_busy or worker.broken is not None:
                continue
            assert worker.process is not None
            allowed = self._allowed(worker, worker.process.in_flight[0])
            waited = now - worker.head_since
            if waited > allowed:
                self._failed(worker, RunnerError("timeout", f"no answer within {allowed:g} s"))
            elif waited > _MEMORY_AFTER:
                family = now - max(worker.head_since, worker.family_seen) > _FAMILY_EVERY
                if family:
                    worker.family_seen = now
                used = worker.process.resident_memory(with_children=family)
                if used > self._limits.memory:
                    limit = self._limits.memory >> 20
                    self._failed(worker, RunnerError("memory", f"used {used >> 20} MiB of memory; {limit} are allowed"))

    def _allowed(self, worker: Worker, head: Request) -> float:
        """Seconds for the oldest line of a worker. One that hangs over a case has it to itself by then."""
        if head.purpose == "hello":
            return self._limits.start_timeout
        for part in head.parts if worker is self._alone.get(worker.implementation) else ():
            case = "" if part is None else part[0].performance.program.case.id
            if worker.implementation in self._hanging.get(case, ()):
                return _HANGS_AFTER * self._limits.timeout
        return self._limits.timeout

    def _recycle_when_swollen(self, worker: Worker) -> None:
        if any(other.draining for other in self._all):
            return  # two that drain at once could wait for each other
        assert worker.process is not None
        if worker.process.resident_memory() > self._limits.recycle:
            worker.draining = True
