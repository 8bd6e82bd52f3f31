"""A place in the run for one implementation: its process, started again when it fails, and the work queued for it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from conformance.execute.process import Request, RunnerError, RunnerProcess

if TYPE_CHECKING:
    from conformance.execute.process import Part
    from conformance.execute.session import Session
    from conformance.model.implementation import Hello
    from conformance.plan.program import Chunk
    from conformance.provision import Launch

BATCH = 50  # sessions a line
BATCH_BYTES = 48 * 1024  # more than a second cache holds, once parsed, costs runners a tenth of their time
IN_FLIGHT = 2  # lines
_START_ATTEMPTS = 3
_LATE = 1.0  # seconds

Waiting = tuple["Session", "Chunk", tuple[bytes, ...]]
"""What a session has for a runner, with its text behind the number of the session, in pieces."""

Tee = Callable[[int, bytes], object]
"""Sees every line that is sent, with the number of the implementation."""

HELLO = b'{"seq":0,"hello":{"protocol":1}}\n'


class Worker:
    """One runner process at a time for one implementation.

    A worker takes batches, or, to find out who breaks a runner, one session at a time (`alone`).
    """

    def __init__(self, implementation: int, launch: Launch, tee: Tee | None = None, *, alone: bool = False) -> None:
        self.implementation = implementation
        self._tee = tee
        self.launch = launch
        self.alone = alone
        self._batch, self._lines = (1, 1) if alone else (BATCH, IN_FLIGHT)
        self.hello: Hello | None = None
        self.broken: RunnerError | None = None
        self.queue: deque[Waiting] = deque()
        self.closings: list[bytes] = []
        self.open: dict[int, Session] = {}
        self.head_since = 0.0
        self.family_seen = 0.0  # when the memory of the process and its children was counted last
        self.lines_answered = 0
        self.draining = False
        self.process: RunnerProcess | None = None
        self._seq = 0
        self._failed_starts = 0

    # --- the process -----------------------------------------------------------------------------------------

    def start(self, started: RunnerProcess | None = None) -> RunnerProcess | None:
        """Start a process, or take one that is started, and greet it. None, and `broken` is set, when it cannot be."""
        try:
            self.process = started or RunnerProcess(self.launch)
        except OSError as error:
            self.broken = RunnerError("crash", f"cannot be started: {error}")
            return None
        self._seq = 0
        self.closings.clear()
        self.draining = False
        self.send(HELLO, "hello")
        return self.process

    def send(self, line: bytes, purpose: str, parts: tuple[Part, ...] = ()) -> None:
        """Send a line that already carries the next sequence number."""
        assert self.process is not None
        if not self.process.in_flight:
            self.head_since = time.monotonic()
        if self._tee is not None:
            self._tee(self.implementation, line)
        self.process.send(line, Request(self._seq, purpose, parts))
        self._seq += 1

    def answered(self) -> None:
        """Account for an answered line."""
        assert self.process is not None
        self.head_since = time.monotonic()
        self.lines_answered += 1

    def greeted(self, hello: Hello) -> None:
        self.hello = hello
        self._failed_starts = 0

    def failed_to_start(self, fault: RunnerError) -> None:
        """Count a process that ended before it answered hello; after some of them the worker is broken."""
        self._failed_starts += 1
        if self._failed_starts >= _START_ATTEMPTS or self.hello is None:
            self.broken = fault

    @property
    def is_unstarted(self) -> bool:
        """Whether nobody tried to start it yet."""
        return self.process is None and self.broken is None

    @property
    def is_busy(self) -> bool:
        return self.process is not None and bool(self.process.in_flight)

    @property
    def is_late(self) -> bool:
        """Whether its oldest line takes so long that it may never end: others do not wait for its place."""
        return time.monotonic() - self.head_since > _LATE

    # --- dispatch --------------------------------------------------------------------------------------------

    @property
    def next_seq(self) -> int:
        return self._seq

    def dispatch(self) -> None:
        """Send as many lines as may be in flight and are worth sending."""
        process = self.process
        if process is None:
            return
        while len(process.in_flight) < self._lines and (self.queue or self.closings):
            if process.in_flight and len(self.queue) < self._batch:
                return  # a short line now would leave the next one short too
            if not self._send_batch():
                return

    def _send_batch(self) -> bool:
        """Send closings and what is queued. A draining process begins no session; what would wait for the next one.

        What castings repeat is said once a line, where the runner understands it.
        """
        texts: list[bytes] = []
        parts: list[Part] = []
        for closing in self.closings:
            texts += (closing, b",")
            parts.append(None)
        self.closings = []
        waiting: list[Waiting] = []
        size = 0
        written: dict[tuple[bytes, ...], int] = {}
        knows_like = self.hello is not None and self.hello.like
        while self.queue and len(parts) < self._batch and size < BATCH_BYTES:
            session, chunk, text = first = self.queue.popleft()
            if session.over:
                continue
            if self.draining and session.number not in self.open:
                waiting.append(first)
                continue
            if chunk.end:
                self.open.pop(session.number, None)
            else:
                self.open[session.number] = session
            like = written.setdefault(text, len(parts)) if knows_like else len(parts)
            texts.append(session.head)
            if like < len(parts):
                texts.append(b'"like":%d}' % like)
            else:
                texts += text
                size += chunk.size
            texts.append(b",")
            parts.append((session, chunk))
        self.queue.extendleft(reversed(waiting))
        if not parts:
            return False
        texts[-1] = b"]}\n"
        self.send(b'{"seq":%d,"run":[%b' % (self._seq, b"".join(texts)), "run", tuple(parts))
        return True
