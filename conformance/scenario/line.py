"""A runner process: its line of requests and answers, its sessions one after the other, its log."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from typing import TYPE_CHECKING, Any

from conformance.execute.process import LONGEST_LINE
from conformance.jsonio import JSONDecodeError, dumps, loads
from conformance.scenario.participant import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from conformance.provision import Launch

_TAIL = 4000  # bytes of standard error in a report
_GENTLE = 5.0  # seconds that a runner has to leave when its input ends


class Line:
    """A runner process and its line of requests and answers: one at a time.

    It serves one role after another. `name` is that of the role, for errors; `session` numbers the roles.
    """

    def __init__(self, launch: Launch, log: Path) -> None:
        """`log` is the file that its standard error is added to; temporary files come into a folder beside it."""
        self.launch = launch
        self.name = ""
        self.session = 0
        self._log = log
        self._mark = 0
        self._process: asyncio.subprocess.Process | None = None
        self._seq = 0
        self._busy = asyncio.Lock()

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        """Of the process, which was started."""
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Start the process, in a session of its own: what it starts dies with it."""
        starting = asyncio.create_task(self._spawn())
        try:
            self._process = await asyncio.shield(starting)
        except asyncio.CancelledError:
            self._process = await starting  # half started it could not be ended
            await self.kill()
            raise

    async def _spawn(self) -> asyncio.subprocess.Process:
        temporary = self._log.parent / "tmp"  # a browser that is killed leaves a folder behind
        temporary.mkdir(exist_ok=True)
        with self._log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *self.launch.argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                cwd=self.launch.cwd,
                env={**os.environ, "TMPDIR": str(temporary), **self.launch.env},
                limit=LONGEST_LINE,
                start_new_session=True,
            )

    def serve(self, name: str) -> None:
        """Turn to a new role; what is in the log is of others."""
        self.name = name
        self.session += 1
        self._mark = self._log.stat().st_size

    def logged(self) -> bytes:
        """What was written to standard error for this role."""
        with self._log.open("rb") as log:
            log.seek(self._mark)
            return log.read()

    async def ask(self, request: Mapping[str, Any], deadline: float) -> dict[str, Any]:
        """Send a request and wait for its answer; raises Fault."""
        async with self._busy:
            process = self._process
            if process is None:
                raise Fault(self.name, "crash", "is not running")
            assert process.stdin is not None
            assert process.stdout is not None
            self._seq += 1
            try:
                process.stdin.write(dumps({"seq": self._seq, **request}) + b"\n")
                await process.stdin.drain()
                line = await asyncio.wait_for(process.stdout.readline(), deadline)
            except TimeoutError:
                await self.kill()
                raise Fault(self.name, "timeout", f"no answer within {deadline:g} s", self.tail()) from None
            except ValueError:
                raise Fault(self.name, "protocol", "wrote an endless line", self.tail()) from None
            except (BrokenPipeError, ConnectionResetError):
                line = b""
            return await self._answer(process, line)

    async def _answer(self, process: asyncio.subprocess.Process, line: bytes) -> dict[str, Any]:
        if not line.endswith(b"\n"):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), 2)
            raise Fault(self.name, "crash", f"ended with {_exit_name(process.returncode)}", self.tail())
        try:
            answer = loads(line)
        except (JSONDecodeError, UnicodeDecodeError):
            answer = None
        if not isinstance(answer, dict) or answer.get("seq") != self._seq:
            raise Fault(self.name, "protocol", f"wrote to stdout what is no answer: {line[:120]!r}", self.tail())
        return answer

    def tail(self) -> str:
        """The end of standard error."""
        with contextlib.suppress(OSError):
            return self.logged()[-_TAIL:].decode(errors="replace").strip()
        return ""

    def end(self) -> None:
        """End the process and all that it started, at once, without waiting until it has gone."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def kill(self) -> None:
        """End the process and all that it started, at once."""
        self.end()
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        await process.wait()
        with contextlib.suppress(TimeoutError, ValueError):  # so that its pipes are closed before the event loop is
            await asyncio.wait_for(process.stdout.read(), 1)

    async def stop(self) -> None:
        """Let the process leave, and end what is left of it."""
        process = self._process
        if process is None:
            return
        assert process.stdin is not None
        process.stdin.close()
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), _GENTLE)
        finally:
            await self.kill()


def _exit_name(code: int | None) -> str:
    if code is None:
        return "a closed standard output"
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"
