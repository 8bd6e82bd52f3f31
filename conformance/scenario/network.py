"""The network between clients and servers: a TCP proxy for each pair, whose faults a scenario scripts.

Every connection passes through it, so the timeline has all messages, and faults can begin and end while it is open.
What TCP hides stays hidden: a fault delays, cuts or silences a connection, it does not lose bytes in the middle of one.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from conformance.scenario.frames import Watcher
from conformance.scenario.messages import in_words
from conformance.scenario.participant import Answer, Setting, failed, ok

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.scenario.model import Step

_READ = 1 << 16
_GAP = 0.001  # seconds between the pieces of a chunked stream, so that they are read one by one
DIRECTIONS = ("up", "down")
"""From the client to the server, and back."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What one direction of a client's connections suffers.

    Attributes:
        latency: milliseconds that bytes are on their way; `jitter` is added by chance, up to as many.
        bandwidth: bytes a second, 0 for no limit.
        chunk: bytes that arrive at once at most, 0 for as many as come.
        stall: nothing is taken from the sender any more, which after a while cannot send.
        drop: bytes are swallowed, and the end of one side is hidden from the other: a half-open connection.
        after: bytes of a connection that pass before any of this begins.
        reset: the connection is reset at that point.
    """

    latency: float = 0
    jitter: float = 0
    bandwidth: float = 0
    chunk: int = 0
    stall: bool = False
    drop: bool = False
    after: int = 0
    reset: bool = False


SOUND = Fault()


@dataclass(slots=True)
class _Line:
    """A client's way to one server: the listening socket, the faults by direction, the open connections."""

    client: str
    server: str
    listener: asyncio.Server
    port: int
    faults: dict[str, Fault] = field(default_factory=lambda: dict.fromkeys(DIRECTIONS, SOUND))
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    open: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = field(default_factory=set)

    def set(self, direction: str, fault: Fault) -> None:
        self.faults[direction] = fault
        self.changed.set()
        self.changed = asyncio.Event()


class Network:
    """All lines of a performance, and the participant that plays the role `network`."""

    def __init__(self, setting: Setting, port_of: Callable[[str], int]) -> None:
        """`port_of` gives the port at which a server listens now."""
        self._setting = setting
        self._port_of = port_of
        self._lines: dict[tuple[str, str], _Line] = {}
        self._chance = random.Random(setting.seed)
        self._tasks: set[asyncio.Task[None]] = set()

    async def port(self, client: str, server: str) -> int:
        """The port through which a client reaches a server; the same as long as the performance goes on."""
        line = self._lines.get((client, server))
        if line is None:
            listener = await asyncio.start_server(
                lambda reader, writer: self._connected(client, server, reader, writer), "127.0.0.1", 0
            )
            line = _Line(client, server, listener, listener.sockets[0].getsockname()[1])
            self._lines[client, server] = line
        return line.port

    async def perform(self, step: Step) -> Answer:
        """`fault`, `heal`, `reset` and `connections`; `of` names the clients, all of them when it is left out."""
        lines = [line for line in self._lines.values() if line.client in step.get("of", (line.client,))]
        match step["op"]:
            case "fault":
                given = {part.name: step[part.name] for part in fields(Fault) if part.name in step}
                for line in lines:
                    for direction in DIRECTIONS if step.get("direction", "both") == "both" else (step["direction"],):
                        line.set(direction, replace(SOUND, **given))
                return ok()
            case "heal":
                for line in lines:
                    for direction in DIRECTIONS:
                        line.set(direction, SOUND)
                return ok()
            case "reset":
                for line in lines:
                    for pair in tuple(line.open):
                        _reset(*pair)
                return ok()
            case "connections":
                return ok(sum(len(line.open) for line in lines))
            case other:
                return failed("runner", f"the network has no op {other}")

    async def close(self) -> None:
        for line in self._lines.values():
            line.listener.close()
            for pair in tuple(line.open):
                _reset(*pair)
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(
        self, client: str, server: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        line = self._lines[client, server]
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port_of(server))
        except OSError:
            self._setting.timeline.add(client, "note", f"{server} does not listen")
            _reset(writer)
            return
        pair = (writer, far_writer)
        for each in pair:
            each.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.open.add(pair)
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await asyncio.gather(
                self._pump(line, "up", reader, far_writer, pair), self._pump(line, "down", far_reader, writer, pair)
            )
        except (OSError, asyncio.CancelledError):
            _reset(*pair)
        finally:
            line.open.discard(pair)
            self._tasks.discard(task)
            for each in pair:
                each.close()

    async def _pump(
        self,
        line: _Line,
        direction: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        pair: tuple[asyncio.StreamWriter, asyncio.StreamWriter],
    ) -> None:
        watcher = Watcher()
        passed = 0
        while True:
            await self._flowing(line, direction, passed)
            fault = line.faults[direction]
            most = _READ if passed >= fault.after or not _bites(fault) else min(_READ, fault.after - passed)
            data = await reader.read(most)
            fault = line.faults[direction]
            if fault.drop and passed >= fault.after:
                if not data:  # the other side does not learn of it
                    await asyncio.Event().wait()
                continue
            if not data:
                break
            await self._flowing(line, direction, passed)
            fault = line.faults[direction]
            if passed >= fault.after:
                await self._carry(data, fault, writer)
            else:
                writer.write(data)
                await writer.drain()
            passed += len(data)
            self._watch(line, direction, watcher, data)
            if fault.reset and passed >= fault.after:
                self._setting.timeline.add(
                    line.client, "note", f"the connection is reset after {passed} bytes {direction}"
                )
                _reset(*pair)
                return
        with contextlib.suppress(OSError):
            writer.write_eof()

    async def _flowing(self, line: _Line, direction: str, passed: int) -> None:
        """Wait while the line stalls."""
        while (fault := line.faults[direction]).stall and passed >= fault.after:
            await line.changed.wait()

    async def _carry(self, data: bytes, fault: Fault, writer: asyncio.StreamWriter) -> None:
        delay = (fault.latency + self._chance.uniform(0, fault.jitter)) / 1000
        if delay:
            await asyncio.sleep(delay)
        size = fault.chunk or len(data)
        for start in range(0, len(data), size):
            piece = data[start : start + size]
            writer.write(piece)
            await writer.drain()
            pause = len(piece) / fault.bandwidth if fault.bandwidth else 0
            if fault.chunk:
                pause = max(pause, _GAP)
            if pause:
                await asyncio.sleep(pause)

    def _watch(self, line: _Line, direction: str, watcher: Watcher, data: bytes) -> None:
        kind = "sent" if direction == "up" else "received"
        for message in watcher.feed(data):
            self._setting.timeline.add(line.client, kind, in_words(message))


def _bites(fault: Fault) -> bool:
    return fault != SOUND


def _reset(*writers: asyncio.StreamWriter) -> None:
    """Close connections so that the other side gets a reset."""
    for writer in writers:
        with contextlib.suppress(OSError, AttributeError):
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()


def listening(answer: Any) -> int:
    """The port in a server's answer to `start`."""
    return int(answer["ok"]["port"])
