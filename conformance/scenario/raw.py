"""A participant that speaks to a server in bytes of the scenario's choice, such as a faulty client or an attacker."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from typing import TYPE_CHECKING, Any

from conformance.model.layers import Y_WEBSOCKET
from conformance.scenario.dialect import DIALECT, farewell
from conformance.scenario.frames import BINARY, TEXT, Message
from conformance.scenario.messages import in_words
from conformance.scenario.participant import Answer, failed, ok
from conformance.wire.hocuspocus import Closed
from conformance.wire.lib0 import WireError, Writer
from conformance.wire.sync import STEP_2, SYNC, UPDATE

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

    from conformance.scenario.dialect import Dialect
    from conformance.scenario.model import Step

_KINDS = {"step2": STEP_2, "update": UPDATE}
_ASK = "00000100"  # step 1 with an empty state vector
_LONGEST = 1 << 26  # bytes of a message


class Raw:
    """The participant that plays the role `raw`. Its WebSocket is sound; what it sends need not be."""

    def __init__(self) -> None:
        self._socket: ClientConnection | None = None
        self._reading: asyncio.Task[None] | None = None
        self._seen: list[str] = []
        self._answered = False
        self._left: dict[str, Any] | None = None
        self._speaks = Y_WEBSOCKET
        self._room = ""

    async def perform(self, step: Step) -> Answer:
        """`connect`, `send`, `ask`, `disconnect`, `status` and `received`: runners/PROTOCOL.md, the role raw."""
        match step["op"]:
            case "connect":
                return await self._connect(step)
            case "send":
                return await self._send(step)
            case "ask":
                self._answered = False
                return await self._send({"hex": _ASK})
            case "disconnect":
                await self._leave(abruptly=step.get("abruptly", False))
                return ok()
            case "status":
                return ok(self._status())
            case "received":
                return ok(list(self._seen))
            case other:
                return failed("runner", f"raw has no op {other}")

    async def close(self) -> None:
        await self._leave(abruptly=True)

    async def _connect(self, step: Step) -> Answer:
        from websockets.asyncio.client import connect
        from websockets.exceptions import WebSocketException

        await self._leave(abruptly=True)
        self._seen, self._answered, self._left = [], False, None
        self._speaks, self._room = step["speaks"], step["room"]
        try:
            self._socket = await connect(step["address"], max_size=_LONGEST, ping_interval=None, compression=None)
        except (OSError, WebSocketException, TimeoutError) as error:
            return failed("refused", f"{type(error).__name__}: {error}")
        if not step.get("unopened"):
            for frame in self._dialect.opening(self._room):
                await self._socket.send(frame)
        self._reading = asyncio.create_task(self._read(self._socket))
        return ok()

    async def _send(self, step: Step) -> Answer:
        """Bytes as one message, `times` over; or, as `wire`, beside the WebSocket. That it is closed is no error."""
        from websockets.exceptions import ConnectionClosed

        socket = self._socket
        if socket is None:
            return failed("refused", "it is not connected")
        with contextlib.suppress(ConnectionClosed, OSError):
            if "wire" in step:
                socket.transport.write(bytes.fromhex(step["wire"]))
            else:
                for _ in range(step.get("times", 1)):
                    await socket.send(self._frame(step))
        if step.get("leave"):
            await self._leave(abruptly=True)
        return ok()

    async def _read(self, socket: ClientConnection) -> None:
        from websockets.exceptions import ConnectionClosed

        with contextlib.suppress(ConnectionClosed):
            async for message in socket:
                if isinstance(message, str):
                    self._seen.append(in_words(Message(TEXT, message.encode())))
                    continue
                self._seen.append(in_words(Message(BINARY, message), self._speaks))
                with contextlib.suppress(WireError):
                    self._hear(self._dialect.message(self._room, message))

    def _hear(self, message: bytes | Closed | None) -> None:
        if isinstance(message, Closed):
            self._left = farewell(message)
        elif message is not None:
            self._answered = self._answered or message[:2] == bytes([SYNC, STEP_2])

    def _status(self) -> dict[str, Any]:
        socket = self._socket
        open_ = socket is not None and socket.close_code is None
        if self._left is not None:
            return {"connected": False, "answered": self._answered, "closed": self._left}
        closed = None if socket is None or open_ else {"code": socket.close_code, "reason": socket.close_reason}
        return {"connected": open_, "answered": self._answered, "closed": closed}

    async def _leave(self, *, abruptly: bool) -> None:
        """Close the WebSocket, or only the TCP connection below it."""
        socket, reading = self._socket, self._reading
        self._socket = self._reading = None
        if socket is not None:
            if abruptly:
                socket.transport.close()
            with contextlib.suppress(Exception):
                await asyncio.wait_for(socket.close(), 2)
        if reading is not None:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    @property
    def _dialect(self) -> Dialect:
        return DIALECT[self._speaks]

    def _frame(self, step: Step) -> bytes | str:
        """`text` and `frame` (hex) are sent as such; a message in what the server takes for its frame."""
        if "text" in step:
            return str(step["text"])
        if "frame" in step:
            return bytes.fromhex(step["frame"])
        return self._dialect.frame(self._room, _message(step))


def _message(step: Step) -> bytes:
    """`hex` as these bytes; `update`, the bytes of a slot, as a message of a `kind`."""
    if "hex" in step:
        return bytes.fromhex(step["hex"])
    writer = Writer()
    writer.varuint(SYNC)
    writer.varuint(_KINDS[step.get("kind", "update")])
    writer.buffer(base64.b64decode(step["update"]["base64"]))
    return bytes(writer.data)
