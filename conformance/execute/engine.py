"""Execution: performances in, outcomes out, while runners crash, hang and babble.

One thread waits for all runners and never blocks on a pipe. Sessions go out in batches, so a runner that dies
does not say which of them killed it: all in the oldest open line are suspects, and each is tried again alone, in
processes that serve only suspects. So is one that says itself that the library broke: another session may have spoiled
the memory that it read. Only a session that fails alone is blamed. Every other session that the process held starts
again, and fewer are open at the same time then (room.py). A case that broke an implementation once is performed alone
from then on, since each further break would cost the sessions beside it.
"""

from __future__ import annotations

import gc
import selectors
from collections import deque
from itertools import count
from typing import TYPE_CHECKING, Any, NoReturn

from conformance.execute.canary import Canary
from conformance.execute.danger import Danger
from conformance.execute.limits import TICK, Guard
from conformance.execute.places import Places
from conformance.execute.process import RunnerError
from conformance.execute.room import Room
from conformance.execute.session import Fault, Outcome, Session
from conformance.execute.worker import BATCH
from conformance.model.implementation import parse_hello

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from conformance.execute.limits import Limits
    from conformance.execute.process import Part, Request, RunnerProcess
    from conformance.execute.worker import Tee, Worker
    from conformance.model.implementation import Hello
    from conformance.plan.casting import Performance
    from conformance.provision import Launch

_RECYCLE_EVERY = 64  # answered lines between looks at a leaking runner


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
        self._jobs = limits.jobs
        self._danger = Danger()
        self._guard = Guard(limits, self._danger)
        self._places = Places(launches, limits.jobs, tee)
        self._early = [] if processes is None else processes
        self._selector = selectors.DefaultSelector()
        self._numbers = count(1)
        self._sessions: dict[int, Session] = {}
        self._finished: list[Outcome] = []
        self._interrupted: deque[Performance] = deque()
        self._room = Room(BATCH)
        # Answers are many small objects without cycles: the collector would look through them again and again.
        gc.set_threshold(100_000, 50, 100)
        self._canaries: dict[Worker, Canary] = {}

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all runner processes and what they started: they die side by side."""
        processes = [worker.process for worker in self._places if worker.process is not None]
        for process in processes:
            self._detach(process)
            process.kill()
        for process in processes:
            process.stop()
        for worker in self._places:
            worker.process = None
        self._selector.close()

    def expect(self, hanging: Mapping[str, Collection[int]]) -> None:
        """Cases, by their ids, that implementations are known not to end.

        They are performed alone from the first time on, so that no others wait with them, and not waited for as long.
        """
        self._danger.expect(hanging)

    # --- start -----------------------------------------------------------------------------------------------

    def start(self) -> list[Hello | RunnerError]:
        """Start all runners at once; the answer of each to hello, or why it is not fit to be judged by.

        A runner that does anything with an op that does not exist but say so is `untrusted`.
        """
        firsts = self._places.firsts
        for worker in firsts:
            self._start(worker, self._early.pop(0) if self._early else None)
            if worker.process is not None:
                self._canaries[worker] = Canary()
                self._canaries[worker].send(worker)
        while any(worker.broken is None and worker.is_busy for worker in firsts):
            self._poll()
        return [self._introduction(worker) for worker in firsts]

    def _introduction(self, worker: Worker) -> Hello | RunnerError:
        if worker.broken is not None:
            stderr = worker.process.stderr_text if worker.process else ""
            return RunnerError(worker.broken.kind, worker.broken.message + (f"\n{stderr}" if stderr else ""))
        assert worker.hello is not None
        return worker.hello

    # --- run -------------------------------------------------------------------------------------------------

    def run(self, performances: Iterator[Performance]) -> Iterator[list[Outcome]]:
        """The outcome of every performance, as they come: those that one turn of waiting brought together."""
        self._room = Room(3 * BATCH * len(self._places))  # every worker has its lines in flight and one more waiting
        more = True
        while True:
            while self._room.is_free and (more or self._interrupted):
                if self._interrupted:
                    self._begin(self._interrupted.popleft())
                elif (performance := next(performances, None)) is not None:
                    self._begin(performance)
                else:
                    more = False
            self._dispatch()
            if self._sessions:
                self._poll()
            if self._finished:
                finished, self._finished = self._finished, []
                self._room.widen(len(finished))
                yield finished
            if not more and not self._sessions and not self._finished and not self._interrupted:
                return

    def _begin(self, performance: Performance, *, alone: bool = False) -> None:
        number = next(self._numbers)
        alone = alone or self._danger.concerns(performance)
        workers = tuple(self._worker(player, alone=alone) for player in performance.players)
        session = Session(number, performance, workers, alone=alone)
        for worker in workers:
            if worker.broken is not None:
                self._finish(session, self._fault(worker, worker.broken))
                return
        self._sessions[number] = session
        self._room.take(session.places)
        if not session.advance():
            raise AssertionError(f"the first turn of {performance.program.case.id} needs bytes that nobody made")

    def _worker(self, player: int, *, alone: bool) -> Worker:
        worker = self._places.taker_alone(player) if alone else self._places.taker(player)
        if worker.is_unstarted:
            self._start(worker)
        return worker

    def _finish(self, session: Session, fault: Fault | None = None) -> None:
        if self._sessions.pop(session.number, None) is not None:
            self._room.leave(session.places)
        session.over = True
        self._finished.append(Outcome(session.performance, session.answers, fault, session.is_done and fault is None))

    @staticmethod
    def _fault(worker: Worker, fault: RunnerError, stderr: str = "") -> Fault:
        return Fault(fault.kind, worker.implementation, fault.message, stderr)

    def _dispatch(self) -> None:
        busy = sum(worker.is_busy and not worker.is_late for worker in self._places)
        suspects = self._places.suspects_wait
        for worker in self._places.by_urgency():
            if worker.draining and not worker.open and not worker.is_busy:
                self._restart(worker)
            if worker.is_busy:
                if not suspects or worker.alone:
                    worker.dispatch()
            elif busy < self._jobs:
                worker.dispatch()
                busy += worker.is_busy
            if worker.process is not None and worker.process.wants_to_write:
                self._watch_stdin(worker)

    # --- events ----------------------------------------------------------------------------------------------

    def _poll(self) -> None:
        for key, _ in self._selector.select(TICK):
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
        for worker, excess in self._guard.beyond(self._places):
            self._failed(worker, excess)

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
            self._canaries.pop(worker).check(answer)
            return
        self._take(worker, request, answer)
        worker.answered()
        if answer.get("restart") is True:
            self._replace(worker, suspects=())
        elif answer.get("renewed") is True:
            self._renewed(worker)
        elif self._is_due(worker):
            worker.draining = self._guard.is_swollen(worker)

    def _is_due(self, worker: Worker) -> bool:
        """Whether it is time to look at how much an idle worker holds.

        One that takes sessions alone is looked at after each, since the next one would be blamed for all of it. Two
        that drain at once could wait for each other.
        """
        every = 1 if worker.alone else _RECYCLE_EVERY
        return worker.lines_answered % every == 0 and not any(other.draining for other in self._places)

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
                worker.open.pop(session.number, None)  # forgotten with the library, and not to begin again there
                if not session.alone:
                    self._again(session, worker, alone=True)
                    continue
            if type(entry) is not dict or entry.get("session") != session.number:
                what = f"answered session {session.number} with {entry!r:.100}"
                self._blame(worker, request, RunnerError("protocol", what))
            answers = entry.get("answers")
            if type(answers) is not list:
                what = f"answered session {session.number} with {entry!r:.100}"
                self._blame(worker, request, RunnerError("protocol", what))
            try:
                session.take(chunk, answers)
            except ValueError as error:
                self._blame(worker, request, RunnerError("protocol", str(error)))
            self._go_on(session)
        for part in request.parts[len(entries) :]:
            if part is not None and not part[0].over:
                self._again(part[0], worker, alone=False)

    def _go_on(self, session: Session) -> None:
        """The next turn of a session, or its end."""
        if session.advance():
            return
        if session.ended or session.turn < len(session.performance.program.turns):
            session.drop()
        self._finish(session)

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
        if head is not None and head.purpose == "canary" and worker.hello is not None:
            fault = self._canaries.pop(worker).unanswered(fault)
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
        self._narrow(worker)
        for number, session in sorted(held.items()):
            if session.over:
                continue
            if number in suspected and session.alone and fault is not None:
                session.drop(worker)
                self._broke(session, worker, hangs=fault.kind == "timeout")
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
        self._narrow(worker)
        for _, session in sorted(held.items()):
            if not session.over:
                self._again(session, worker, alone=session.alone)

    def _narrow(self, worker: Worker) -> None:
        """Open fewer sessions after a break, but for one of a suspect, which costs nobody else."""
        if not worker.alone:
            self._room.narrow()

    def _broke(self, session: Session, worker: Worker, *, hangs: bool = False) -> None:
        self._danger.broke(session.performance.program.case.id, worker.implementation, hangs=hangs)

    def _again(self, session: Session, failed: Worker, *, alone: bool) -> None:
        """Give a session up and begin it again: a suspect at once, another one when there is room."""
        session.drop(failed)
        del self._sessions[session.number]
        self._room.leave(session.places)
        if alone:
            self._begin(session.performance, alone=True)
        else:
            self._interrupted.append(session.performance)

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
