"""pycrdt-websocket's server. Options: `store`, true for an SQLite store; `on`, see `serve` of this package."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from .. import pycrdt_places
from .listening import listen
from .stored import stored


def serve(options: dict[str, Any]) -> None:
    logging.basicConfig(level=logging.INFO)
    asyncio.run(_serve(options))


async def _serve(options: dict[str, Any]) -> None:
    package = pycrdt_places.servers()
    handled = {"exception_handler": package.exception_logger}
    kind = package.WebsocketServer
    if options.get("store"):
        stores = pycrdt_places.stores()
        kind = stored(kind, package.YRoom, stores.SQLiteYStore, stores.YDocNotFound, options["home"], **handled)
    server = kind(**handled)
    await listen(server, package.ASGIServer(server), options)
