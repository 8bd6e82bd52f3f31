"""A Python WebSocket server that keeps its rooms in an SQLite store, as the documentation of both puts it together."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any


def stored(server: Any, room: Any, store: Any, missing: type[Exception], home: str, **room_options: Any) -> Any:
    """A subclass of the package's WebsocketServer.

    `room` and `store` are the package's YRoom and SQLiteYStore, `missing` is what a store raises that has no such
    document; `home` is the folder of the database.
    """

    class Store(store):
        db_path = str(Path(home, "ystore.db"))

    loading = asyncio.Lock()

    class Server(server):
        async def get_room(self, name: str) -> Any:
            async with loading:  # nobody is served before the room has its content
                if name not in self.rooms:
                    await self._load(name)
                return await super().get_room(name)

        async def _load(self, name: str) -> None:
            kept = Store(name)
            made = room(ready=False, ystore=kept, **room_options)
            self.rooms[name] = made
            await self.start_room(made)
            await kept.started.wait()
            with contextlib.suppress(missing):
                await kept.apply_updates(made.ydoc)
            made.ready = True

    return Server
