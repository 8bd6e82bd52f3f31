"""A room of a Jupyter Server: the session that admits a client, and the WebSocket with its messages.

Source: jupyter-collaboration `handlers.py` (DocSessionHandler, YDocWebSocketHandler) and y-protocols `PROTOCOL.md`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

from pycrdt import Decoder, Encoder, create_sync_message, create_update_message, handle_sync_message

from ..errors import StepError

if TYPE_CHECKING:
    from pycrdt import Doc, TransactionEvent

SYNC, RAW = 0, 2
STEP_2 = 1
LONGEST = 1 << 26


async def session(url: str, token: str, path: str, form: str, kind: str) -> dict[str, Any]:
    """What a server answers to a client that wants to open a file: `fileId` and `sessionId` among it."""
    wanted = Request(
        f"{url}/api/collaboration/session/{quote(path)}",
        json.dumps({"format": form, "type": kind}).encode(),
        {"Authorization": f"token {token}"},
        method="PUT",
    )
    try:
        return await asyncio.to_thread(_json, wanted)
    except HTTPError as error:
        raise StepError("refused", f"the session is answered with {error.code}") from error
    except (URLError, OSError) as error:
        raise StepError("refused", f"no session: {error}") from error


def _json(wanted: Request) -> dict[str, Any]:
    with urlopen(wanted, timeout=10) as response:
        answer: dict[str, Any] = json.loads(response.read())
    return answer


class RoomSocket:
    """A document in a room, until the connection ends or is closed."""

    def __init__(self, doc: Doc[Any], socket: Any) -> None:
        self._doc = doc
        self._socket = socket
        self._applying = False
        self._synced = False
        self._ended = asyncio.Event()
        self._news = asyncio.Event()
        self._errors: list[str] = []
        self._told: list[Any] = []
        self._outgoing: asyncio.Queue[bytes] = asyncio.Queue()
        self._subscription = doc.observe(self._changed)
        self._tasks = [asyncio.ensure_future(self._send()), asyncio.ensure_future(self._receive())]
        self._outgoing.put_nowait(create_sync_message(doc))

    @classmethod
    async def open(cls, doc: Doc[Any], url: str) -> RoomSocket:
        from websockets.asyncio.client import connect
        from websockets.exceptions import WebSocketException

        try:
            socket = await connect(url, max_size=LONGEST, ping_interval=None, proxy=None)
        except (OSError, WebSocketException) as error:
            raise StepError("refused", f"{type(error).__name__}: {error}") from error
        return cls(doc, socket)

    @property
    def status(self) -> dict[str, Any]:
        """`connected`, `synced`, `closed` (null, or `code` and `reason`), `told` (raw messages), own `errors`."""
        code = self._socket.close_code
        closed = None if code is None else {"code": code, "reason": self._socket.close_reason}
        return {
            "connected": code is None,
            "synced": code is None and self._synced,
            "closed": closed,
            "told": self._told,
            "errors": self._errors,
        }

    async def synced(self, patience: float) -> None:
        """Wait until the first step 2 has come. Raises StepError when the server closes, or does not send it."""
        end = asyncio.get_running_loop().time() + patience
        while not self.status["synced"]:
            if (closed := self.status["closed"]) is not None:
                raise StepError("refused", f"closed with {closed['code']} {closed['reason']}")
            await self._wait(end, "no sync step 2")

    async def save(self, number: int, patience: float) -> Any:
        """The status in the server's reply to a request to save."""
        encoder = Encoder()
        encoder.write_var_uint(RAW)
        encoder.write_var_string("save")
        encoder.write_var_uint(number)
        self._outgoing.put_nowait(encoder.to_bytes())
        end = asyncio.get_running_loop().time() + patience
        while True:
            for told in self._told:
                if isinstance(told, dict) and told.get("responseTo") == number:
                    return told.get("status")
            if self._ended.is_set():
                raise StepError("refused", "the connection ended before the reply")
            await self._wait(end, "no reply to save")

    async def _wait(self, end: float, without: str) -> None:
        self._news.clear()
        left = end - asyncio.get_running_loop().time()
        try:
            await asyncio.wait_for(self._news.wait(), max(left, 0.001))
        except asyncio.TimeoutError:
            raise StepError("refused", f"{without} in time") from None

    def _changed(self, event: TransactionEvent) -> None:
        if not self._applying:
            self._outgoing.put_nowait(create_update_message(event.update))

    async def _send(self) -> None:
        with contextlib.suppress(Exception):  # what ends the connection is seen by the one who receives
            while True:
                await self._socket.send(await self._outgoing.get())

    async def _receive(self) -> None:
        from websockets.exceptions import ConnectionClosed

        with contextlib.suppress(ConnectionClosed):
            while True:
                self._read(await self._socket.recv())
                self._news.set()
        self._ended.set()
        self._news.set()

    def _read(self, message: bytes) -> None:
        if message[0] == SYNC:
            self._applying = True
            try:
                reply = handle_sync_message(message[1:], self._doc)
            except BaseException as error:  # a panic of the library is no Exception
                self._errors.append(f"{type(error).__name__}: {error}")
                return
            finally:
                self._applying = False
            if reply is not None:
                self._outgoing.put_nowait(reply)
            self._synced = self._synced or message[1] == STEP_2
        elif message[0] == RAW:
            decoder = Decoder(message)
            decoder.read_var_uint()
            self._told.append(json.loads(decoder.read_var_string()))

    async def close(self) -> None:
        """Leave in the way of a WebSocket. What was to be sent is sent before."""
        self._detach()
        while not self._outgoing.empty() and not self._ended.is_set():
            await asyncio.sleep(0.001)
        await self._socket.close()
        await self._over()

    async def abandon(self) -> None:
        """Be gone, without a word."""
        self._detach()
        self._socket.transport.abort()
        await self._over()

    def _detach(self) -> None:
        self._doc.unobserve(self._subscription)

    async def _over(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
