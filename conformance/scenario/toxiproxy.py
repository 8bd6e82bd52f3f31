"""Toxiproxy in place of the kit's own network: the same faults by somebody else's proxy, so that neither is trusted.

It does not look at what passes. So it knows neither messages nor bytes that were counted since a fault began, and the
timeline has no messages. Removed, its toxics let go of what they held, but for `timeout`, which also passes on the end
of a connection: a half-open one cannot be had from it.

Source: the HTTP interface and the toxics of Toxiproxy 2, github.com/Shopify/toxiproxy, README.md and toxics/*.go.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import socket
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from conformance.errors import ProvisionError
from conformance.scenario.fault import DIRECTIONS, SOUND, Faults, directions_of, fault_of, means
from conformance.scenario.participant import Answer, Fault, failed, ok

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from conformance.scenario.fault import Fault as Suffered
    from conformance.scenario.model import Step
    from conformance.scenario.network import MakeNet, PortOf
    from conformance.scenario.timeline import Timeline

_START = 10.0  # seconds in which it must listen
_ANSWER = 10.0  # seconds in which it must answer
_NOWHERE = 1  # a port at which nobody listens
_A_DAY = 86_400_000  # milliseconds
_GAP = 1000  # microseconds between the pieces of a chunked stream, as in the kit's own
_STREAMS = dict(zip(DIRECTIONS, ("upstream", "downstream"), strict=True))

Toxics = dict[str, dict[str, int]]
"""Type -> attributes, in the order in which bytes pass them."""


def lacking(fault: Suffered) -> str:
    """A key of a fault that Toxiproxy cannot do; empty where there is none."""
    return next((key for key in ("messages", "after", "drop") if getattr(fault, key)), "")


def toxics(fault: Suffered) -> Toxics:
    """The toxics that do what a fault says, where it lacks nothing."""
    found: Toxics = {}
    if fault.stall:
        found["latency"] = {"latency": _A_DAY}
    elif fault.latency or fault.jitter:
        # It varies in both directions of the mean, and the kit's jitter is added.
        half = round(fault.jitter / 2)
        found["latency"] = {"latency": round(fault.latency) + half, "jitter": half}
    if fault.bandwidth:
        found["bandwidth"] = {"rate": max(1, round(fault.bandwidth / 1000))}
    if fault.chunk:
        found["slicer"] = {"average_size": fault.chunk, "delay": _GAP}
    if fault.reset:
        found["reset_peer"] = {"timeout": 0}
    return found


@contextlib.asynccontextmanager
async def running(program: str, folder: Path, seed: int) -> AsyncIterator[MakeNet]:
    """A process of Toxiproxy, which ends with the context; what makes networks from it. `folder` is for its log.

    Raises:
        ProvisionError: it does not start.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = folder / "toxiproxy.log"
    with log.open("wb") as out:
        options = ("-host", "127.0.0.1", "-port", str(port), "-seed", str(seed))
        process = await asyncio.create_subprocess_exec(
            program, *options, stdout=out, stderr=out, start_new_session=True
        )
    try:
        api = _Api(port)
        await _listens(api, process, log)
        names = count(1)
        yield lambda timeline, _seed, port_of, _speaks: ToxicNetwork(api, names, timeline, port_of)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _listens(api: _Api, process: asyncio.subprocess.Process, log: Path) -> None:
    try:
        async with asyncio.timeout(_START):
            while process.returncode is None:
                with contextlib.suppress(Fault):
                    await api.ask("GET", "/version")
                    return
                await asyncio.sleep(0.02)
    except TimeoutError:
        pass
    said = log.read_text(errors="replace").strip().splitlines()[-1:]
    raise ProvisionError("toxiproxy", "it does not start", "try another release", "\n".join(said))


@dataclass(frozen=True, slots=True)
class _Api:
    """Its HTTP interface."""

    port: int

    async def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The JSON that it answers, or None. Raises Fault."""
        try:
            status, text = await asyncio.to_thread(self._ask, method, path, body)
        except (OSError, http.client.HTTPException) as error:
            raise Fault("network", "crash", f"Toxiproxy does not answer {method} {path}: {error}") from error
        if status >= 400:
            raise Fault("network", "protocol", f"Toxiproxy refuses {method} {path}: {text.strip()}")
        return json.loads(text) if text.startswith("{") else None

    def _ask(self, method: str, path: str, body: dict[str, Any] | None) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_ANSWER)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            response = connection.getresponse()
            return response.status, response.read().decode(errors="replace")
        finally:
            connection.close()


@dataclass(slots=True)
class _Line:
    """A client's way to one server: a proxy of its own, and the names of the toxics that it has by direction."""

    client: str
    server: str
    path: str
    port: int
    toxics: dict[str, list[str]] = field(default_factory=dict)


class ToxicNetwork:
    """The participant that plays the role `network` by a running Toxiproxy; see conformance/scenario/network.py Net."""

    def __init__(self, api: _Api, names: Iterator[int], timeline: Timeline, port_of: PortOf) -> None:
        """`names` are those of proxies, each once in a process of Toxiproxy."""
        self._api = api
        self._names = names
        self._timeline = timeline
        self._port_of = port_of
        self._lines: dict[tuple[str, str], _Line] = {}
        self._faults = Faults()
        self._making = asyncio.Lock()

    async def port(self, client: str, server: str) -> int:
        async with self._making:
            line = self._lines.get((client, server))
            if line is None:
                line = await self._line(client, server)
                self._lines[client, server] = line
        return line.port

    async def moved(self, server: str) -> None:
        for line in self._lines.values():
            if line.server == server:
                await self._api.ask("POST", line.path, {"upstream": self._upstream(server)})

    async def perform(self, step: Step) -> Answer:
        match step["op"]:
            case "fault" | "heal":
                fault = fault_of(step) if step["op"] == "fault" else SOUND
                if lacks := lacking(fault):
                    return {"unsupported": f"network.{lacks}"}
                self._faults.say(step, fault)
                for line in self._meant(step):
                    for direction in directions_of(step):
                        await self._set(line, direction, fault)
            case "reset":
                for line in self._meant(step):
                    for enabled in (False, True):
                        await self._api.ask("POST", line.path, {"enabled": enabled})
            case "connections" | "opened" as lacks:
                return {"unsupported": f"network.{lacks}"}
            case other:
                return failed("runner", f"the network has no op {other}")
        return ok()

    async def close(self) -> None:
        with contextlib.suppress(Fault):  # it may be what ended the performance
            for line in self._lines.values():
                await self._api.ask("DELETE", line.path)

    def _meant(self, step: Step) -> list[_Line]:
        return [line for line in self._lines.values() if means(step, line.client)]

    async def _line(self, client: str, server: str) -> _Line:
        name = f"{next(self._names)}-{client}-{server}"
        made = {"name": name, "listen": "127.0.0.1:0", "upstream": self._upstream(server)}
        proxy = await self._api.ask("POST", "/proxies", made)
        line = _Line(client, server, f"/proxies/{name}", int(proxy["listen"].rpartition(":")[2]))
        for direction in DIRECTIONS:
            await self._set(line, direction, self._faults.of(client, direction))
        return line

    async def _set(self, line: _Line, direction: str, fault: Suffered) -> None:
        for name in line.toxics.pop(direction, ()):
            await self._api.ask("DELETE", f"{line.path}/toxics/{name}")
        for kind, attributes in toxics(fault).items():
            name = f"{direction}-{kind}"
            toxic = {"name": name, "type": kind, "stream": _STREAMS[direction], "attributes": attributes}
            await self._api.ask("POST", f"{line.path}/toxics", toxic)
            line.toxics.setdefault(direction, []).append(name)

    def _upstream(self, server: str) -> str:
        try:
            return f"127.0.0.1:{self._port_of(server)}"
        except ConnectionRefusedError as refused:
            self._timeline.add("network", "note", str(refused))
            return f"127.0.0.1:{_NOWHERE}"
