"""pycrdt-websocket's server. Options: `store`, true for an SQLite store; `on`, see `serve` of this package."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from pathlib import Path
from typing import Any

from pycrdt.store import SQLiteYStore, YDocNotFound
from pycrdt.websocket import ASGIServer, WebsocketServer, YRoom, exception_logger

from .listening import listen


def serve(options: dict[str, Any]) -> None:
    logging.basicConfig(level=logging.INFO)
    asyncio.run(_serve(options))


async def _serve(options: dict[str, Any]) -> None:
    server = _with_store(options) if options.get("store") else WebsocketServer(exception_handler=exception_logger)
    await listen(server, ASGIServer(server), options)


def _with_store(options: dict[str, Any]) -> WebsocketServer:
    class Store(SQLiteYStore):
        db_path = str(Path(options["home"], "ystore.db"))

    loading = asyncio.Lock()

    class Server(WebsocketServer):
        async def get_room(self, name: str) -> YRoom:
            async with loading:  # nobody is served before the room has its content
                if name not in self.rooms:
                    await self._load(name)
                return await super().get_room(name)

        async def _load(self, name: str) -> None:
            store = Store(name)
            room = YRoom(ready=False, ystore=store, exception_handler=exception_logger)
            self.rooms[name] = room
            await self.start_room(room)
            await store.started.wait()
            with contextlib.suppress(YDocNotFound):
                await store.apply_updates(room.ydoc)
            room.ready = True

    return Server(exception_handler=exception_logger)
