"""A real server made wrong in one way, as miniature.py does for libraries: what the oracles of layer 5 must notice.

python server.py FAULT RUNNER-COMMAND...

It stands before the runner, and before the server that the runner starts: clients are told its own port.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from websockets.asyncio import server as sockets
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.miniatures.miniature import Answer, Miniature, Step, Wrong, serve, steps

if TYPE_CHECKING:
    from collections.abc import Callable

    from websockets.asyncio.server import ServerConnection

STEP_2, UPDATE, AWARENESS = b"\x00\x01", b"\x00\x02", b"\x01"
EMPTY_STEP_2 = b"\x00\x01\x02\x00\x00"
LONGEST = 1 << 26


class WrongServer(Miniature):
    """Passes everything on; a fault overrides one of the hooks."""

    def step(self, step: Step, reply: Answer) -> None:
        if step["op"] == "start" and "ok" in reply:
            reply["ok"]["port"] = self.before_port(reply["ok"]["port"])

    def before_port(self, port: int) -> int:
        """The port of a relay before the server at `port`."""
        listening: list[int] = []
        ready = threading.Event()

        async def run() -> None:
            async with sockets.serve(
                lambda client: self.relay(client, port), "127.0.0.1", 0, max_size=LONGEST
            ) as relay:
                listening.append(next(iter(relay.sockets)).getsockname()[1])
                ready.set()
                await asyncio.Event().wait()

        threading.Thread(target=asyncio.run, args=(run(),), daemon=True).start()
        ready.wait()
        return listening[0]

    async def relay(self, client: ServerConnection, port: int) -> None:
        assert client.request is not None
        address = f"ws://127.0.0.1:{port}{self.path(client.request.path)}"
        try:
            async with connect(address, max_size=LONGEST) as server, asyncio.TaskGroup() as tasks:
                tasks.create_task(_pass(client, server, self.up))
                tasks.create_task(_pass(server, client, self.down))
        except* (OSError, ConnectionClosed):
            pass

    def path(self, path: str) -> str:
        return path

    def up(self, message: bytes) -> bytes | None:
        """What of a client's message the server gets."""
        return message

    def down(self, message: bytes) -> bytes | None:
        """What of a server's message the client gets."""
        return message


async def _pass(source: Any, target: Any, change: Callable[[bytes], bytes | None]) -> None:
    async for message in source:
        changed = change(message)
        if changed is not None:
            await target.send(changed)
    await target.close()


class DropsUpdates(WrongServer):
    """Swallows each second update."""

    updates = 0

    def up(self, message: bytes) -> bytes | None:
        self.updates += message[:2] == UPDATE
        return None if message[:2] == UPDATE and self.updates % 2 == 0 else message


class OneRoom(WrongServer):
    """Lets everybody into the same room."""

    def path(self, _path: str) -> str:
        return "/one"


class EmptyStep2(WrongServer):
    """Answers step 1 with nothing."""

    def down(self, message: bytes) -> bytes | None:
        return EMPTY_STEP_2 if message[:2] == STEP_2 else message


class NobodyLeaves(WrongServer):
    """Keeps to itself who went."""

    def up(self, message: bytes) -> bytes | None:
        return None if message[:1] == AWARENESS and message.endswith(b"null") else message

    def down(self, message: bytes) -> bytes | None:
        return None if message[:1] == AWARENESS and message.endswith(b"null") else message


class ForgetsAll(WrongServer):
    """Says that it has a store, and has none."""

    def before(self, request: dict[str, Any]) -> None:
        for step in steps(request):
            step.pop("store", None)


class DiesOfGarbage(WrongServer):
    """Ends when it is sent what it cannot read."""

    def up(self, message: bytes) -> bytes | None:
        if message == b"\x00":
            self.ask({"seq": 0, "run": [{"session": self.session, "steps": [{"op": "crash", "peer": "server"}]}]})
        return message

    def before(self, request: dict[str, Any]) -> None:
        for session in request.get("run", ()):
            self.session = session["session"]


class AllSynced(Miniature):
    """A provider that takes for applied what it sent."""

    def step(self, step: Step, reply: Answer) -> None:
        if step["op"] == "status" and "ok" in reply:
            reply["ok"]["unsynced"] = 0


class LetsEverybodyWrite(WrongServer):
    """Forgets who may only read."""

    def before(self, request: dict[str, Any]) -> None:
        for step in steps(request):
            step.pop("read_only", None)


_OF = "y-websocket-server"
_CLIENTS = ("yjs", "yrs", "pycrdt")
_TELLS, _LISTENS = "hocuspocus-server", "hocuspocus"

FAULTS = {
    "drops-updates": Wrong(DropsUpdates, _OF, _CLIENTS, "websocket/late-joiner", "*:agree"),
    "one-room": Wrong(OneRoom, _OF, _CLIENTS, "websocket/rooms-apart", "differs:agree:*"),
    "empty-step-2": Wrong(EmptyStep2, _OF, _CLIENTS, "websocket/first-sync", "undelivered:agree"),
    "nobody-leaves": Wrong(NobodyLeaves, _OF, _CLIENTS, "websocket/awareness-leave", "waited:*.awareness.states"),
    "forgets-all": Wrong(ForgetsAll, _OF, _CLIENTS, "websocket/restart-with-store", "undelivered:agree"),
    "dies-of-garbage": Wrong(DiesOfGarbage, _OF, _CLIENTS, "websocket/malformed-sync", "waited:server.alive"),
    "all-synced": Wrong(AllSynced, _LISTENS, (_TELLS, "yjs"), "websocket/unsynced-until-applied", "differs:a.status:*"),
    "lets-everybody-write": Wrong(
        LetsEverybodyWrite, _TELLS, (_LISTENS, "yjs"), "websocket/read-only", "waited:a.status"
    ),
}

if __name__ == "__main__":
    serve(FAULTS)
