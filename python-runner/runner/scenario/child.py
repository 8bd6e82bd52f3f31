"""A server as a process of its own: it can be stopped, killed and started again."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from ..errors import StepError, Unsupported

OPS = frozenset({"start", "stop", "crash", "alive"})
SERVER = Path(__file__).resolve().parents[2] / "server.py"
UP = 30.0
"""Seconds in which a server must listen."""
DOWN = 10.0
"""Seconds in which it must end when it is told to; see the notes of a server that does not."""


class Port:
    """A port for a server, below those that systems give to connections and to whoever asks for any.

    A server takes a while until it listens, and another one that was given the same port would be taken for it. So the
    UDP port of the same number, which nothing here speaks on, is held as long as the port is in use: all runners do so.
    """

    def __init__(self) -> None:
        """Looks for a port at which nobody listens, and which no other runner holds."""
        while True:
            self.number = random.randrange(20_000, 32_000)
            self._lease = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            with socket.socket() as probe, contextlib.suppress(OSError):
                self._lease.bind(("127.0.0.1", self.number))
                probe.bind(("127.0.0.1", self.number))
                return
            self._lease.close()

    def free(self) -> None:
        """Lets others have it."""
        self._lease.close()


class Child:
    """The process. It has a session of its own only as far as its runner has one: both end together."""

    def __init__(self, argv: list[str], env: dict[str, str], folder: Path) -> None:
        self._argv = argv
        self._env = env
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, port: int, ready: Any) -> None:
        """Starts it and waits until `ready()`, a coroutine function, says so.

        Raises StepError when it ends before, or is not up in time.
        """
        if self.alive:
            raise StepError("refused", "the server runs already")
        self._process = await asyncio.create_subprocess_exec(
            *self._argv, env={**os.environ, **self._env}, cwd=self._folder, stdin=asyncio.subprocess.DEVNULL, stdout=2
        )
        loop = asyncio.get_running_loop()
        deadline = loop.time() + UP
        while not await ready():
            if self._process.returncode is not None:
                raise StepError("refused", f"the server ended with {self._process.returncode} before it listened")
            if loop.time() > deadline:
                raise StepError("refused", f"the server did not listen at {port} within {UP:g} s")
            await asyncio.sleep(0.02)

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def stop(self, patience: float = DOWN) -> bool:
        """Tells it to end (SIGTERM); false when it had to be killed, after so many seconds."""
        process = self._process
        if process is None or process.returncode is not None:
            return True
        process.terminate()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(process.wait(), patience)
            return True
        await self.kill()
        return False

    async def kill(self) -> None:
        process = self._process
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGKILL)
            await process.wait()


async def listens(port: int) -> bool:
    """Whether somebody accepts connections at a port."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def python_server(name: str, options: dict[str, Any], folder: Path) -> Child:
    """A server of this runner (servers/), by the interpreter and the packages of this process."""
    flags = [flag for flag, given in (("-S", sys.flags.no_site), ("-s", sys.flags.no_user_site)) if given]
    argv = [
        sys.executable,
        *flags,
        str(SERVER),
        "--impl",
        name,
        "--site",
        sys.path[0],
        "--options",
        json.dumps(options),
    ]
    return Child(argv, {}, folder)


class ServerActor:
    """The role of a server: `start`, `stop` (SIGTERM), `crash` (SIGKILL), and whether it is `alive`.

    The keys of `start` are options of the server.
    """

    def __init__(self, name: str, home: str) -> None:
        self._name = name
        self._home = Path(home)
        self._child: Child | None = None
        self._port: Port | None = None

    def options_of(self, step: dict[str, Any]) -> dict[str, Any]:
        """What the server is told, beside its port and its home."""
        return {key: value for key, value in step.items() if key not in ("op", "peer", "as")}

    async def is_up(self, port: int) -> bool:
        return await listens(port)

    def address(self, port: int) -> dict[str, Any]:
        """What `start` observes."""
        return {"port": port}

    async def perform(self, step: dict[str, Any]) -> Any:
        if step["op"] not in OPS:
            raise Unsupported(step["op"])
        if step["op"] == "start":
            if self._port is not None:
                self._port.free()
            self._port = Port()
            port = self._port.number
            options = {**self.options_of(step), "port": port, "home": str(self._home)}
            self._child = python_server(self._name, options, self._home)
            await self._child.start(port, lambda: self.is_up(port))
            return self.address(port)
        if self._child is None:
            raise StepError("refused", "the server was not started")
        if step["op"] == "alive":
            return self._child.alive
        if step["op"] == "crash":
            return await self._child.kill()
        return await self._child.stop(step.get("patience", DOWN))

    async def close(self) -> None:
        if self._child is not None:
            await self._child.kill()
        if self._port is not None:
            self._port.free()
