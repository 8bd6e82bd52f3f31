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
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from conformance.scenario.fault import DIRECTIONS, SOUND, Faults, directions_of, fault_of, means
from conformance.scenario.flow import Flow, Reset, Setting
from conformance.scenario.messages import in_words
from conformance.scenario.participant import Answer, failed, ok

if TYPE_CHECKING:
    from conformance.scenario.fault import Fault
    from conformance.scenario.frames import Message
    from conformance.scenario.model import Step
    from conformance.scenario.timeline import Timeline

Pair = tuple[asyncio.StreamWriter, asyncio.StreamWriter]


class Net(Protocol):
    """A network: the participant that plays the role `network`, with a way from each client to each server."""

    async def port(self, client: str, server: str) -> int:
        """The port through which a client reaches a server; the same as long as the performance goes on."""

    async def moved(self, server: str) -> None:
        """A server listens at another port than before."""

    async def perform(self, step: Step) -> Answer:
        """`fault`, `heal`, `reset`, `connections`, `opened`; `of` names the clients, all when it is left out."""

    async def close(self) -> None: ...


PortOf = Callable[[str], int]
"""The port at which a server listens now; raises ConnectionRefusedError."""

Speaks = Callable[[str], str]
"""The dialect of a server: conformance/scenario/dialect.py."""

MakeNet = Callable[["Timeline", int, PortOf, Speaks], Net]
"""A network for one performance: its timeline, and the seed of what happens by chance."""


@dataclass(slots=True)
class _Line:
    """A client's way to one server: the listening socket, the faults by direction, the open connections."""

    client: str
    server: str
    listener: asyncio.Server
    port: int
    settings: dict[str, Setting]
    open: set[Pair] = field(default_factory=set)
    opened: int = 0


class Network:
    """The kit's own network. Everything that happens by chance comes from the seed."""

    def __init__(self, timeline: Timeline, seed: int, port_of: PortOf, speaks: Speaks) -> None:
        self._timeline = timeline
        self._seed = seed
        self._port_of = port_of
        self._speaks = speaks
        self._lines: dict[tuple[str, str], _Line] = {}
        self._faults = Faults()
        self._tasks: set[asyncio.Task[None]] = set()

    async def port(self, client: str, server: str) -> int:
        line = self._lines.get((client, server))
        if line is None:
            listener = await asyncio.start_server(
                lambda reader, writer: self._connected(client, server, reader, writer), "127.0.0.1", 0
            )
            settings = {direction: Setting(self._faults.of(client, direction)) for direction in DIRECTIONS}
            line = _Line(client, server, listener, listener.sockets[0].getsockname()[1], settings)
            self._lines[client, server] = line
        return line.port

    async def moved(self, server: str) -> None:
        """Nothing to do: each connection asks."""

    async def perform(self, step: Step) -> Answer:
        match step["op"]:
            case "fault":
                self._set(step, fault_of(step))
            case "heal":
                self._set(step, SOUND)
            case "reset":
                for line in self._meant(step):
                    for pair in tuple(line.open):
                        _reset(*pair)
            case "connections":
                return ok(sum(len(line.open) for line in self._meant(step)))
            case "opened":
                return ok(sum(line.opened for line in self._meant(step)))
            case other:
                return failed("runner", f"the network has no op {other}")
        return ok()

    async def close(self) -> None:
        for line in self._lines.values():
            line.listener.close()
            for pair in tuple(line.open):
                _reset(*pair)
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _meant(self, step: Step) -> list[_Line]:
        return [line for line in self._lines.values() if means(step, line.client)]

    def _set(self, step: Step, fault: Fault) -> None:
        self._faults.say(step, fault)
        for line in self._meant(step):
            for direction in directions_of(step):
                line.settings[direction].set(fault)

    async def _connected(
        self, client: str, server: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        line = self._lines[client, server]
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._lead(line, reader, writer)
        except asyncio.CancelledError:
            _reset(writer)
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _lead(self, line: _Line, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._way(line)
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port_of(line.server))
        except OSError:
            self._timeline.add(line.client, "note", f"{line.server} does not listen")
            _reset(writer)
            return
        pair = (writer, far_writer)
        for each in pair:
            each.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.open.add(pair)
        line.opened += 1
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_carried(self._flow(line, "up", reader, far_writer)))
                tasks.create_task(_carried(self._flow(line, "down", far_reader, writer)))
        except* Reset:
            self._timeline.add(line.client, "note", f"the connection to {line.server} is reset")
            _reset(*pair)
        finally:
            line.open.discard(pair)
            far_writer.close()

    async def _way(self, line: _Line) -> None:
        """Wait while a connection cannot be opened: its first bytes would be stopped or lost."""
        setting = line.settings["up"]
        while (fault := setting.fault).stall or fault.drop:
            if fault.after or fault.messages:
                return
            await setting.change()

    def _flow(self, line: _Line, direction: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Flow:
        chance = random.Random(f"{self._seed} {line.client} {line.server} {line.opened} {direction}")
        kind = "sent" if direction == "up" else "received"
        speaks = self._speaks(line.server)

        def saw(message: Message) -> None:
            self._timeline.add(line.client, kind, in_words(message, speaks))

        return Flow(reader, writer, line.settings[direction], chance, saw)


async def _carried(flow: Flow) -> None:
    """One direction. When nobody is there to give to, what goes the other way still arrives: who dies may have sent."""
    with contextlib.suppress(OSError):
        try:
            await flow.run()
        except* OSError as gone:
            raise gone.exceptions[0] from None


def _reset(*writers: asyncio.StreamWriter) -> None:
    """Close connections so that the other side gets a reset."""
    for writer in writers:
        with contextlib.suppress(OSError, AttributeError):
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
