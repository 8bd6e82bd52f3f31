"""One runner process: its pipes, never blocked on, and what it has been asked but has not answered."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.execute.session import Session
    from conformance.plan.program import Chunk
    from conformance.provision import Launch

    Part = tuple[Session, Chunk] | None
    """A chunk of a session; None for the end of one that was given up."""

LONGEST_LINE = 64 * 1024 * 1024  # bytes; a runner that writes more without a newline floods
_READ = 1 << 18
_PIPE = 1 << 18
_STDERR_TAIL = 4000  # bytes kept for reports


class RunnerError(Exception):
    """The runner process broke its contract. `kind` is the verdict: crash, timeout, memory or protocol."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


@dataclass(slots=True)
class Request:
    """A line in flight: hello, canary or run. `parts` are what a run carries, in order."""

    seq: int
    purpose: str
    parts: tuple[Part, ...]


class RunnerProcess:
    """A started runner. All calls return at once; the caller waits for readiness of the file descriptors."""

    def __init__(self, launch: Launch) -> None:
        """Start the process in a session of its own, so that its children die with it.

        Raises:
            OSError: the program cannot be started.
        """
        self._popen = subprocess.Popen(
            launch.argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=launch.cwd,
            env={**os.environ, **launch.env},
            bufsize=0,
            start_new_session=True,
        )
        assert self._popen.stdin and self._popen.stdout and self._popen.stderr
        self.stdin = self._popen.stdin.fileno()
        self.stdout = self._popen.stdout.fileno()
        self.stderr = self._popen.stderr.fileno()
        for fd in (self.stdin, self.stdout, self.stderr):
            os.set_blocking(fd, False)
        for fd in (self.stdin, self.stdout):
            _widen(fd)
        self.in_flight: deque[Request] = deque()
        self._outgoing: deque[memoryview] = deque()
        self._incoming: list[bytes] = []
        self._incoming_size = 0
        self._stderr_tail = b""

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def wants_to_write(self) -> bool:
        return bool(self._outgoing)

    @property
    def stderr_text(self) -> str:
        """The last text of standard error that was read, also after the end."""
        return self._stderr_tail.decode(errors="replace").strip()

    def send(self, line: bytes, request: Request) -> None:
        """Queue a request line and write as much as the pipe takes."""
        self.in_flight.append(request)
        self._outgoing.append(memoryview(line))
        self.write()

    def write(self) -> None:
        """Write queued bytes until the pipe is full. A closed pipe shows itself when stdout is read."""
        try:
            while self._outgoing:
                written = os.write(self.stdin, self._outgoing[0])
                if written < len(self._outgoing[0]):
                    self._outgoing[0] = self._outgoing[0][written:]
                else:
                    self._outgoing.popleft()
        except BlockingIOError:
            pass
        except BrokenPipeError:
            self._outgoing.clear()

    def read(self) -> Iterator[tuple[Request, dict[str, Any]]]:
        """The answers that have arrived since the last call, each given before the next line is looked at.

        Raises:
            RunnerError: the process ended, or wrote what is no answer to the oldest open request.
        """
        try:
            data = os.read(self.stdout, _READ)
        except BlockingIOError:
            return
        if not data:
            raise self._ended()
        for line in self._lines(data):
            yield self._answer(line)

    def _lines(self, data: bytes) -> list[bytes]:
        head, newline, tail = data.rpartition(b"\n")
        if not newline:
            self._keep(tail)
            return []
        complete = b"".join((*self._incoming, head))
        self._incoming.clear()
        self._incoming_size = 0
        self._keep(tail)
        return complete.split(b"\n")

    def _keep(self, tail: bytes) -> None:
        if not tail:
            return
        self._incoming.append(tail)
        self._incoming_size += len(tail)
        if self._incoming_size > LONGEST_LINE:
            raise RunnerError("protocol", f"wrote {self._incoming_size} bytes to stdout without a newline")

    def _answer(self, line: bytes) -> tuple[Request, dict[str, Any]]:
        from conformance.jsonio import JSONDecodeError, loads  # a process may be started before there is time for it

        try:
            answer = loads(line)
        except (JSONDecodeError, UnicodeDecodeError):
            raise RunnerError("protocol", f"wrote to stdout what is no JSON: {_excerpt(line)}") from None
        if not isinstance(answer, dict) or "seq" not in answer:
            raise RunnerError("protocol", f"wrote to stdout what is no answer: {_excerpt(line)}")
        if not self.in_flight:
            raise RunnerError("protocol", f"answered though nothing was asked: {_excerpt(line)}")
        request = self.in_flight[0]
        if answer["seq"] != request.seq:
            raise RunnerError("protocol", f"answered request {answer['seq']!r} when {request.seq} was next")
        self.in_flight.popleft()
        return request, answer

    def _ended(self) -> RunnerError:
        try:
            code = self._popen.wait(timeout=2)
        except subprocess.TimeoutExpired:
            return RunnerError("protocol", "closed its stdout while it still ran")
        half = f" in the middle of a line ({_excerpt(b''.join(self._incoming))})" if self._incoming else ""
        return RunnerError("crash", f"ended with {_exit_name(code)}{half}")

    def read_stderr(self) -> bool:
        """Keep the tail of standard error. False at its end."""
        with contextlib.suppress(BlockingIOError, OSError):
            while data := os.read(self.stderr, _READ):
                self._stderr_tail = (self._stderr_tail + data)[-_STDERR_TAIL:]
                if len(data) < _READ:
                    return True
            return False
        return True

    def resident_memory(self, *, with_children: bool = False) -> int:
        """Bytes of resident memory; 0 when the process has gone. Finding its children means a look at every process."""
        if not with_children:
            with contextlib.suppress(OSError), open(f"/proc/{self.pid}/statm", "rb") as file:  # noqa: PTH123 - often
                return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        import psutil

        try:
            process = psutil.Process(self.pid)
            family = (process, *process.children(recursive=True)) if with_children else (process,)
            return sum(member.memory_info().rss for member in family)
        except psutil.Error:
            return 0

    def kill(self) -> None:
        """Let the process and all that it started die; `stop` waits until it has."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def stop(self, *, gently: bool = False) -> None:
        """End the process and all that it started. `gently` lets it leave by itself when its input ends."""
        with contextlib.suppress(OSError, ValueError):
            if self._popen.stdin:
                self._popen.stdin.close()
        if gently:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._popen.wait(timeout=1)
        self.kill()
        self._popen.wait()
        self.read_stderr()
        for pipe in (self._popen.stdout, self._popen.stderr):
            if pipe:
                pipe.close()


@contextlib.contextmanager
def started(launches: Sequence[Launch]) -> Iterator[list[RunnerProcess]]:
    """Processes of all runners, which load their libraries while the caller does something else.

    Whoever goes on with them takes them out of the list; those that are left are ended. The list is empty where one of
    them cannot be started: to start it once more says why.
    """
    processes: list[RunnerProcess] = []
    try:
        with contextlib.suppress(OSError):
            for launch in launches:
                processes.append(RunnerProcess(launch))  # noqa: PERF401 - those before one that fails are ended
        if len(processes) < len(launches):
            _stop(processes)
        yield processes
    finally:
        _stop(processes)


def _stop(processes: list[RunnerProcess]) -> None:
    while processes:
        processes.pop().stop()


def _widen(pipe: int) -> None:
    """Let a pipe hold a whole line, where the system can: fewer and larger reads and writes."""
    with contextlib.suppress(OSError, AttributeError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE)


def _exit_name(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"


def _excerpt(line: bytes) -> str:
    text = line[:120].decode(errors="replace")
    return repr(text) + ("..." if len(line) > 120 else "")
