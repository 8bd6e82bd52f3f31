"""pycrdt-websocket's ASGI server, on hypercorn, as its documentation has it.

Options: `store`, true for an SQLite store.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from pathlib import Path
from typing import Any

from pycrdt.store import SQLiteYStore, YDocNotFound
from pycrdt.websocket import ASGIServer, WebsocketServer, YRoom, exception_logger


def serve(options: dict[str, Any]) -> None:
    logging.basicConfig(level=logging.INFO)
    asyncio.run(_serve(options))


async def _serve(options: dict[str, Any]) -> None:
    from hypercorn.asyncio import serve as listen
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"127.0.0.1:{options['port']}"]
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    server = _with_store(options) if options.get("store") else WebsocketServer(exception_handler=exception_logger)
    async with server:
        await listen(ASGIServer(server), config, shutdown_trigger=ended.wait)


def _with_store(options: dict[str, Any]) -> WebsocketServer:
    class Store(SQLiteYStore):
        db_path = str(Path(options["home"], "ystore.db"))

    class Server(WebsocketServer):
        async def get_room(self, name: str) -> YRoom:
            if name not in self.rooms:
                store = Store(name)
                room = YRoom(ready=False, ystore=store, exception_handler=exception_logger)
                self.rooms[name] = room
                await self.start_room(room)
                await store.started.wait()
                with contextlib.suppress(YDocNotFound):
                    await store.apply_updates(room.ydoc)
                room.ready = True
            return await super().get_room(name)

    return Server(exception_handler=exception_logger)
