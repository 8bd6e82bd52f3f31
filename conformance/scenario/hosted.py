"""A participant that a runner process plays, for one performance."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from typing import TYPE_CHECKING, Any

from conformance.execute.process import LONGEST_LINE
from conformance.jsonio import JSONDecodeError, dumps, loads
from conformance.scenario.participant import Answer, Fault, Setting, failed, ok

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from conformance.provision import Launch
    from conformance.scenario.model import Role, Step

_TAIL = 4000  # bytes of standard error in a report
_GENTLE = 5.0  # seconds that a runner has to leave when its input ends


class Line:
    """A runner process and its line of requests and answers: one at a time."""

    def __init__(self, name: str, launch: Launch, folder: Path) -> None:
        self._name = name
        self._launch = launch
        self.log = folder / f"{name}.log"
        self._process: asyncio.subprocess.Process | None = None
        self._seq = 0
        self._busy = asyncio.Lock()

    async def start(self) -> None:
        """Start the process, in a session of its own: what it starts dies with it. Its standard error is a log."""
        starting = asyncio.create_task(self._spawn())
        try:
            self._process = await asyncio.shield(starting)
        except asyncio.CancelledError:
            self._process = await starting  # half started it could not be ended
            raise

    async def _spawn(self) -> asyncio.subprocess.Process:
        with self.log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *self._launch.argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                cwd=self._launch.cwd,
                env={**os.environ, **self._launch.env},
                limit=LONGEST_LINE,
                start_new_session=True,
            )

    async def ask(self, request: Mapping[str, Any], deadline: float) -> dict[str, Any]:
        """Send a request and wait for its answer; raises Fault."""
        async with self._busy:
            process = self._process
            if process is None:
                raise Fault(self._name, "crash", "is not running")
            assert process.stdin is not None
            assert process.stdout is not None
            self._seq += 1
            try:
                process.stdin.write(dumps({"seq": self._seq, **request}) + b"\n")
                await process.stdin.drain()
                line = await asyncio.wait_for(process.stdout.readline(), deadline)
            except TimeoutError:
                await self.kill()
                raise Fault(self._name, "timeout", f"no answer within {deadline:g} s", self.tail()) from None
            except ValueError:
                raise Fault(self._name, "protocol", "wrote an endless line", self.tail()) from None
            except (BrokenPipeError, ConnectionResetError):
                line = b""
            return await self._answer(process, line)

    async def _answer(self, process: asyncio.subprocess.Process, line: bytes) -> dict[str, Any]:
        if not line.endswith(b"\n"):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), 2)
            raise Fault(self._name, "crash", f"ended with {_exit_name(process.returncode)}", self.tail())
        try:
            answer = loads(line)
        except (JSONDecodeError, UnicodeDecodeError):
            answer = None
        if not isinstance(answer, dict) or answer.get("seq") != self._seq:
            raise Fault(self._name, "protocol", f"wrote to stdout what is no answer: {line[:120]!r}", self.tail())
        return answer

    def tail(self) -> str:
        """The end of standard error."""
        with contextlib.suppress(OSError):
            return self.log.read_bytes()[-_TAIL:].decode(errors="replace").strip()
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


class Hosted:
    """A role that a runner plays.

    `kill` ends the process at once, and `restart` begins a session anew in another one, with the same folder. A step
    that was under way, and each until `restart`, is answered by an error of the kind `killed`. Every other op is the
    runner's.
    """

    def __init__(self, role: Role, launch: Launch, setting: Setting) -> None:
        self.name = role.name
        self._role = role
        self._setting = setting
        self._line = Line(role.name, launch, setting.folder)
        self._begun = False
        self._killed = False

    async def start(self) -> None:
        """Start the process; to be called once, before the first step."""
        await self._line.start()

    async def perform(self, step: Step) -> Answer:
        """One step of the session, which the first one begins."""
        if step["op"] == "kill":
            self._killed = True
            await self._line.kill()
            return ok()
        if step["op"] == "restart":
            await self._line.stop()
            await self._line.start()
            self._begun = self._killed = False
            return ok()
        told = {key: value for key, value in step.items() if key not in _COORDINATORS}
        return await self._run({**told, "peer": self.name}, step.get("within", self._setting.deadline))

    async def _run(self, step: Mapping[str, Any], deadline: float) -> Answer:
        part: dict[str, Any] = {"session": 1, "steps": [step]}
        if not self._begun:
            self._begun = True
            part["roots"] = self._setting.roots
            part["peers"] = {self.name: self._peer()}
        try:
            answer = await self._line.ask({"run": [part]}, deadline)
        except Fault:
            if self._killed:
                return failed("killed", "the process was killed")
            raise
        try:
            (told,) = answer["run"][0]["answers"]
        except (KeyError, IndexError, TypeError, ValueError):
            raise Fault(
                self.name, "protocol", f"answered one step with {str(answer)[:200]}", self._line.tail()
            ) from None
        return ok() if told == 1 or told is None else dict(told)

    def _peer(self) -> dict[str, Any]:
        home = self._setting.folder / self.name
        home.mkdir(exist_ok=True)
        places = {"folder": str(self._setting.folder), "home": str(home)}
        return {"client": 1, **self._role.options, "plays": self._role.plays, **places}

    async def close(self) -> None:
        await self._line.stop()

    def end(self) -> None:
        """End the process at once: for when there is no time to close."""
        self._line.end()


_COORDINATORS = frozenset({"by", "to", "expect", "until", "within", "delay", "title"})
"""Keys of a step that are not the runner's business, which never learns what is expected."""
