"""The two ways to listen that the documentation of the Python servers shows."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

from ..channel import Channel


async def listen(server: Any, application: Any, options: dict[str, Any]) -> None:
    """Listens until SIGTERM, or until the server fails."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    async with server:
        if options.get("on", "asgi") == "asgi":
            await _on_hypercorn(application, options["port"], ended)
        else:
            await _on_websockets(server, options["port"], ended)


async def _on_hypercorn(application: Any, port: int, ended: asyncio.Event) -> None:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    await serve(application, config, mode="asgi", shutdown_trigger=ended.wait)


async def _on_websockets(server: Any, port: int, ended: asyncio.Event) -> None:
    from websockets.asyncio.server import serve

    async def handler(connection: Any) -> None:
        await server.serve(Channel(connection, connection.request.path))

    async with serve(handler, "127.0.0.1", port):
        await ended.wait()
