"""One direction of a connection through the kit's proxy: bytes are taken, are on their way, and are given.

What takes and what gives are two tasks, so bytes that are delayed do not delay those behind them any further.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.scenario.fault import SOUND, Fault
from conformance.scenario.frames import Message, Watcher

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

_READ = 1 << 16
_NEAR, _FAR = 1 << 16, 1 << 24  # bytes on their way before the sender waits: without latency, and with it
_GAP = 0.001  # seconds between the pieces of a chunked stream, so that they are read one by one
_SLICES = 50  # pieces in which a second's worth of a limited bandwidth goes


class Reset(Exception):  # noqa: N818 - what happens to a connection
    """The connection is to be reset."""


class Setting:
    """The fault of a direction of a line, which all connections of the line look at."""

    def __init__(self, fault: Fault = SOUND) -> None:
        self.fault = fault
        self._changed = asyncio.Event()

    def set(self, fault: Fault) -> None:
        self.fault = fault
        self._changed.set()
        self._changed = asyncio.Event()

    async def change(self) -> None:
        """Wait until it is set anew."""
        await self._changed.wait()


@dataclass(slots=True)
class _Parcel:
    """Bytes on their way, until `due` (in the loop's time). Empty ones are the end of the stream."""

    data: bytes
    due: float


class Flow:
    """One direction of one connection."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        setting: Setting,
        chance: random.Random,
        saw: Callable[[Message], None],
    ) -> None:
        """`saw` is told of each message that has been given."""
        self._reader = reader
        self._writer = writer
        self._setting = setting
        self._chance = chance
        self._saw = saw
        self._way: deque[_Parcel] = deque()
        self._weight = 0
        self._moved = asyncio.Event()
        self._watcher = Watcher()
        self._ahead: deque[tuple[int, Message]] = deque()
        self._taken = 0
        self._given = 0
        self._fault = setting.fault
        self._count = 0  # messages that have passed since the fault was set
        self._base = 0  # where its bytes begin to count
        self._lost = asyncio.Event()

    async def run(self) -> None:
        """Carry until the end of the stream. Raises Reset, and OSError when nobody is there to give to."""
        # A drain waits until everything is in the hands of the system: what is reset later has arrived first.
        self._writer.transport.set_write_buffer_limits(0)
        async with asyncio.TaskGroup() as tasks:
            watch = tasks.create_task(self._forget())
            tasks.create_task(self._take())
            await self._give()
            watch.cancel()

    async def _take(self) -> None:
        loop = asyncio.get_running_loop()
        due = 0.0
        data = b" "
        while data:
            data = await self._read()
            fault = self._setting.fault
            delay = (fault.latency + self._chance.uniform(0, fault.jitter)) / 1000
            due = max(due, loop.time() + delay)
            self._way.append(_Parcel(data, due))
            self._weight += len(data)
            self._stir()
            while self._weight > (_FAR if self._setting.fault.latency else _NEAR):
                await self._moved.wait()

    async def _read(self) -> bytes:
        """What comes next; nothing at the end, also where a reset is the end: what was taken before is still given."""
        try:
            return await self._reader.read(_READ)
        except OSError:
            return b""

    async def _give(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            while not self._way:
                await self._moved.wait()
            parcel = self._way.popleft()
            if (wait := parcel.due - loop.time()) > 0:
                await asyncio.sleep(wait)
            if not parcel.data:
                await self._end()
                return
            self._look_ahead(parcel.data)
            await self._carry(parcel.data)
            self._weight -= len(parcel.data)
            self._stir()

    def _stir(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()

    def _look_ahead(self, data: bytes) -> None:
        """Where the messages end that these bytes complete, counted from the beginning of the connection."""
        self._taken += len(data)
        for message in self._watcher.feed(data):
            self._ahead.append((self._taken - self._watcher.pending, message))

    async def _forget(self) -> None:
        """Once bytes were lost, wait until no more are to be, and raise Reset: the stream has a hole."""
        await self._lost.wait()
        while self._setting.fault.drop:
            await self._setting.change()
        raise Reset

    async def _carry(self, data: bytes) -> None:
        while data:
            fault = await self._now()
            free = self._free(fault)
            if free == 0 and fault.drop:
                self._lost.set()
                return
            size = min(len(data), free) if free else self._piece(fault, len(data))
            self._writer.write(data[:size])
            await self._writer.drain()
            self._pass(size)
            data = data[size:]
            if free == 0:
                await self._pause(fault, size)
            elif fault.reset and self._free(fault) == 0:
                raise Reset

    async def _now(self) -> Fault:
        """The fault that holds now, once nothing stalls. Raises Reset."""
        while True:
            fault = self._setting.fault
            if fault is not self._fault:
                self._fault, self._count, self._base = fault, 0, self._given
            if not self._free(fault):
                if fault.reset:
                    raise Reset
                if fault.stall:
                    await self._setting.change()
                    continue
            return fault

    def _free(self, fault: Fault) -> int:
        """Bytes that pass before the fault begins, as far as can be seen; 0 when it has begun."""
        if self._count < fault.messages:
            wanted = fault.messages - self._count
            ends = [end for end, _ in self._ahead]
            if len(ends) < wanted:
                return self._taken - self._given or 1
            return ends[wanted - 1] - self._given + fault.after
        return max(0, self._base + fault.after - self._given)

    def _pass(self, size: int) -> None:
        self._given += size
        while self._ahead and self._ahead[0][0] <= self._given:
            end, message = self._ahead.popleft()
            self._count += 1
            if self._count == self._fault.messages:
                self._base = end
            self._saw(message)

    def _piece(self, fault: Fault, size: int) -> int:
        most = fault.chunk or size
        if fault.bandwidth:
            most = min(most, max(1, int(fault.bandwidth / _SLICES)))
        return min(most, size)

    async def _pause(self, fault: Fault, size: int) -> None:
        pause = size / fault.bandwidth if fault.bandwidth else 0
        if fault.chunk:
            pause = max(pause, _GAP)
        if pause:
            await asyncio.sleep(pause)

    async def _end(self) -> None:
        """Pass the end of the stream on, unless it is hidden. Raises Reset."""
        while True:
            fault = await self._now()
            if not (fault.drop and self._free(fault) == 0):
                break
            self._lost.set()
            await self._setting.change()
        with contextlib.suppress(OSError):
            self._writer.write_eof()
