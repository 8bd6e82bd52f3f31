"""ypy-websocket's server. Options: `store`, true for an SQLite store; `on`, see `serve` of this package."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from ypy_websocket import ASGIServer, WebsocketServer
from ypy_websocket.yroom import YRoom
from ypy_websocket.ystore import SQLiteYStore, YDocNotFound

from .listening import listen
from .stored import stored


def serve(options: dict[str, Any]) -> None:
    logging.basicConfig(level=logging.INFO)
    asyncio.run(_serve(options))


async def _serve(options: dict[str, Any]) -> None:
    kind = WebsocketServer
    if options.get("store"):
        kind = stored(WebsocketServer, YRoom, SQLiteYStore, YDocNotFound, options["home"])
    server = kind()
    await listen(server, ASGIServer(server), options)
