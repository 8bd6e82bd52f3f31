"""A library without a network of its own as a client: the kit carries the messages that it reads and writes.

What is tested is the library's sync protocol (`sync.step1`, `sync.read`) against a server. Source: y-websocket
`y-websocket.js` setupWS and messageHandlers.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
from typing import TYPE_CHECKING, Any

from conformance.model.layers import Y_WEBSOCKET
from conformance.scenario.dialect import DIALECT, farewell
from conformance.scenario.participant import Answer, Fault, Setting, failed, ok
from conformance.wire.hocuspocus import Closed
from conformance.wire.lib0 import Reader, WireError, Writer
from conformance.wire.sync import AWARENESS, QUERY_AWARENESS, STEP_2, SYNC, UPDATE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from websockets.asyncio.client import ClientConnection

    from conformance.model.implementation import Implementation
    from conformance.scenario.dialect import Dialect
    from conformance.scenario.hosted import Hosted
    from conformance.scenario.model import Step

_LONGEST = 1 << 26  # bytes of a message
_LOCAL = ("text.", "array.", "map.", "xml.", "transact")


class Bridge:
    """A client role that a library of the lower layers plays, through its runner and a WebSocket of the kit."""

    def __init__(self, hosted: Hosted, implementation: Implementation, client: int, setting: Setting) -> None:
        self.name = hosted.name
        self._hosted = hosted
        self._features = implementation.hello.features
        self._client = client
        self._setting = setting
        self._socket: ClientConnection | None = None
        self._reading: asyncio.Task[None] | None = None
        self._synced = False
        self._closed: Mapping[str, Any] | None = None
        self._fault: Fault | None = None
        self._turn = asyncio.Lock()
        self._dialect: Dialect = DIALECT[Y_WEBSOCKET]
        self._room = ""

    async def perform(self, step: Step) -> Answer:
        """The steps of a client; those of a document are the runner's."""
        if self._fault is not None:
            raise self._fault
        op = step["op"]
        async with self._turn:
            if op == "connect":
                return await self._connect(step)
            if op == "disconnect":
                return await self._disconnect()
            if op == "status":
                return ok({"connected": self._socket is not None, "synced": self._synced, "closed": self._closed})
            if op in ("kill", "restart"):
                await self._drop()
                return await self._hosted.perform(step)
            if op.startswith(_LOCAL) and self._socket is not None and "as" not in step:
                return await self._edit(step)
            answer = await self._hosted.perform(step)
            if op == "awareness.set" and "ok" in answer:
                await self._show_awareness()
            elif op in ("undo", "redo") and self._socket is not None and "ok" in answer:
                await self._send_all()
            return answer

    async def close(self) -> None:
        await self._drop()
        await self._hosted.close()

    async def _connect(self, step: Step) -> Answer:
        from websockets.asyncio.client import connect
        from websockets.exceptions import WebSocketException

        try:
            self._socket = await connect(
                step["address"],
                max_size=_LONGEST,
                ping_interval=None,
                open_timeout=step.get("within", 10),
            )
        except (OSError, WebSocketException, TimeoutError) as error:
            return failed("refused", f"{type(error).__name__}: {error}")
        self._synced, self._closed = False, None
        self._dialect, self._room = DIALECT[step["speaks"]], step["room"]
        for frame in self._dialect.opening(self._room):
            await self._give(frame)
        self._reading = asyncio.create_task(self._read(self._socket))
        await self._send(SYNC, await self._bytes({"op": "sync.step1"}))
        return ok()

    async def _disconnect(self) -> Answer:
        if self._socket is not None and "awareness.set" in self._features:
            # As y-websocket: who leaves says so.
            await self._hosted.perform({"op": "awareness.set", "state": None})
            await self._show_awareness()
        await self._drop()
        return ok()

    async def _drop(self) -> None:
        socket, reading = self._socket, self._reading
        self._socket = self._reading = None
        self._synced = False
        if socket is not None:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(socket.close(), 2)
        if reading is not None:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _edit(self, step: Step) -> Answer:
        """A local change, and the message of the update that it emitted."""
        answer = await self._hosted.perform({**step, "as": "_emitted"})
        if answer.get("ok"):
            writer = Writer()
            writer.varuint(UPDATE)
            writer.buffer(base64.b64decode(answer["ok"]))
            await self._send(SYNC, bytes(writer.data))
        return ok() if "ok" in answer else answer

    async def _send_all(self) -> None:
        """The whole document as an update: for changes whose update cannot be had by itself."""
        writer = Writer()
        writer.varuint(UPDATE)
        writer.buffer(await self._bytes({"op": "encode"}))
        await self._send(SYNC, bytes(writer.data))

    async def _show_awareness(self) -> None:
        if self._socket is not None:
            update = await self._bytes({"op": "awareness.encode", "clients": [self._client]})
            writer = Writer()
            writer.buffer(update)
            await self._send(AWARENESS, bytes(writer.data))

    async def _read(self, socket: ClientConnection) -> None:
        """Hand each message that comes to the library, and its answer back."""
        from websockets.exceptions import ConnectionClosed

        try:
            async for message in socket:
                if isinstance(message, bytes):
                    async with self._turn:
                        if (left := await self._receive(message)) is not None:
                            self._end(socket, farewell(left))
                            break
            await socket.close()
        except ConnectionClosed:
            pass
        except Fault as fault:
            self._fault = fault
        self._end(socket, {"code": socket.close_code, "reason": socket.close_reason})

    def _end(self, socket: ClientConnection, closed: Mapping[str, Any]) -> None:
        if self._socket is socket:
            self._closed = closed
            self._socket = None
            self._synced = False

    async def _receive(self, frame: bytes) -> Closed | None:
        """Hand a message to the library; what ended the room, if this did."""
        try:
            message = self._dialect.message(self._room, frame)
            if message is None or isinstance(message, Closed):
                return message
            reader = Reader(message)
            kind = reader.varuint()
            if kind == SYNC:
                await self._sync(message[reader.pos :])
            elif kind == AWARENESS and "awareness.apply" in self._features:
                update = base64.b64encode(reader.buffer()).decode()
                await self._hosted.perform({"op": "awareness.apply", "update": {"base64": update}})
            elif kind == QUERY_AWARENESS and "awareness.encode" in self._features:
                writer = Writer()
                writer.buffer(await self._bytes({"op": "awareness.encode"}))
                await self._send(AWARENESS, bytes(writer.data))
        except WireError as error:
            self._setting.timeline.add(self.name, "note", f"a message that cannot be read: {error}")
        return None

    async def _sync(self, body: bytes) -> None:
        answer = await self._hosted.perform({"op": "sync.read", "message": {"base64": base64.b64encode(body).decode()}})
        if "error" in answer:
            self._setting.timeline.add(self.name, "note", f"refused a message: {answer['error']['message']}")
            return
        if body[:1] == bytes([STEP_2]):
            self._synced = True
        if answer.get("ok"):
            await self._send(SYNC, base64.b64decode(answer["ok"]))

    async def _send(self, kind: int, body: bytes) -> None:
        await self._give(self._dialect.frame(self._room, bytes([kind]) + body))

    async def _give(self, frame: bytes) -> None:
        from websockets.exceptions import ConnectionClosed

        socket = self._socket
        if socket is not None:
            with contextlib.suppress(ConnectionClosed):
                await socket.send(frame)

    async def _bytes(self, step: Step) -> bytes:
        """What a step of the library observed; raises Fault when it is not done."""
        answer = await self._hosted.perform(step)
        if "ok" not in answer:
            raise Fault(self.name, "protocol", f"{step['op']} is among its features and answered {answer}")
        return base64.b64decode(answer["ok"] or "")
