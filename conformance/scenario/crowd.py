"""Many visitors of one server, each in a room of its own: do rooms keep their contents to themselves?"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.scenario.dialect import DIALECT
from conformance.scenario.participant import Answer, failed, ok
from conformance.wire.lib0 import WireError
from conformance.wire.model import ID, ContentString, Item, RootName, Update
from conformance.wire.sync import SyncMessage, SyncStep1, SyncStep2, SyncUpdate, decode_message, encode_message
from conformance.wire.update import decode_update, encode_update

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

    from conformance.scenario.dialect import Dialect
    from conformance.scenario.model import Step

_ROOT = "t"
_FIRST_CLIENT = 1000
_NOTHING = b"\x00"
"""A state vector without entries."""
_EMPTY = b"\x00\x00"
_PATIENCE = 3  # seconds
_FAREWELL = 1  # seconds that a server may take to answer the end of a connection


class Crowd:
    """The participant that plays the role `crowd`. The rooms are called r0, r1 and so on, and hold their names."""

    def __init__(self) -> None:
        self._open: list[ClientConnection] = []

    async def perform(self, step: Step) -> Answer:
        """`write` joins so many `rooms`, stays, and writes its name into each; `read` looks at each as a newcomer.

        `join` lets so many `visitors` into one room at once, and observes how many of them get an answer.
        """
        names = [f"r{number}" for number in range(step.get("rooms", 0))]
        door = _Door(step["url"], DIALECT[step["speaks"]])
        try:
            match step["op"]:
                case "write":
                    await asyncio.gather(*(self._write(door, place, name) for place, name in enumerate(names)))
                    return ok()
                case "join":
                    return ok(await self._join(door, step["room"], step["visitors"]))
                case "read":
                    return ok(await self._read(door, names or [f"r{n}" for n in range(len(self._open))]))
        except (OSError, TimeoutError) as error:
            return failed("refused", f"{type(error).__name__}: {error}")
        return failed("runner", f"a crowd has no op {step['op']}")

    async def close(self) -> None:
        await asyncio.gather(*(socket.close() for socket in self._open), return_exceptions=True)

    async def _write(self, door: _Door, place: int, name: str) -> None:
        socket = await door.open(name)
        self._open.append(socket)
        item = Item.of(ID(_FIRST_CLIENT + place, 0), ContentString(name), parent=RootName(_ROOT))
        await door.say(socket, name, SyncUpdate(encode_update(Update({item.id.client: (item,)}, {}))))

    async def _join(self, door: _Door, room: str, visitors: int) -> int:
        async def answered() -> bool:
            socket = await door.open(room)
            self._open.append(socket)
            return await door.step_2(socket, room) is not None

        return sum(await asyncio.gather(*(answered() for _ in range(visitors))))

    async def _read(self, door: _Door, names: list[str]) -> dict[str, Any]:
        """`own`: rooms that hold their name alone; `foreign`: what others hold."""
        found = dict(zip(names, await asyncio.gather(*(door.content(name) for name in names)), strict=True))
        return {
            "own": sum(text == name for name, text in found.items()),
            "foreign": {name: text for name, text in found.items() if text != name},
        }


@dataclass(frozen=True, slots=True)
class _Door:
    """A server as its visitors see it."""

    url: str
    dialect: Dialect

    async def open(self, room: str) -> ClientConnection:
        from websockets.asyncio.client import connect

        at = self.dialect.address(self.url, room)
        socket = await connect(at, ping_interval=None, compression=None, close_timeout=_FAREWELL)
        for frame in self.dialect.opening(room):
            await socket.send(frame)
        return socket

    async def say(self, socket: ClientConnection, room: str, message: SyncMessage) -> None:
        await socket.send(self.dialect.frame(room, encode_message(message)))

    async def content(self, room: str) -> str:
        """All text of a room, as its step 2 for somebody who has nothing tells it."""
        socket = await self.open(room)
        try:
            return _text(await self.step_2(socket, room) or _EMPTY)
        finally:
            await socket.close()

    async def step_2(self, socket: ClientConnection, room: str) -> bytes | None:
        """The update that answers a step 1 with nothing; None when the connection ends, or nothing comes."""
        from websockets.exceptions import ConnectionClosed

        with contextlib.suppress(TimeoutError, ConnectionClosed):
            await self.say(socket, room, SyncStep1(_NOTHING))
            async with asyncio.timeout(_PATIENCE):
                async for data in socket:
                    with contextlib.suppress(WireError):
                        said = self.dialect.message(room, data if isinstance(data, bytes) else data.encode())
                        message = decode_message(said) if isinstance(said, bytes) else None
                        if isinstance(message, SyncStep2):
                            return message.update
        return None


def _text(update: bytes) -> str:
    structs = decode_update(update).structs
    items = [struct for run in structs.values() for struct in run if isinstance(struct, Item)]
    return "".join(item.content.text for item in items if isinstance(item.content, ContentString))
