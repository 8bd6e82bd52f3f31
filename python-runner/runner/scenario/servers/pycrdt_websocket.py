"""pycrdt-websocket's server. Options: `store`, true for an SQLite store; `on`, see `serve` of this package."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from pycrdt.store import SQLiteYStore, YDocNotFound
from pycrdt.websocket import ASGIServer, WebsocketServer, YRoom, exception_logger

from .listening import listen
from .stored import stored


def serve(options: dict[str, Any]) -> None:
    logging.basicConfig(level=logging.INFO)
    asyncio.run(_serve(options))


async def _serve(options: dict[str, Any]) -> None:
    handled = {"exception_handler": exception_logger}
    kind = WebsocketServer
    if options.get("store"):
        kind = stored(WebsocketServer, YRoom, SQLiteYStore, YDocNotFound, options["home"], **handled)
    server = kind(**handled)
    await listen(server, ASGIServer(server), options)
