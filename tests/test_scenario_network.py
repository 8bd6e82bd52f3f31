"""The proxy alone, and Toxiproxy in its place, before a plain server that sends back what it gets."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from conformance.model.layers import Y_WEBSOCKET
from conformance.provision.toxiproxy import find
from conformance.scenario.network import Net, Network
from conformance.scenario.timeline import Timeline
from conformance.scenario.toxiproxy import running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from conformance.scenario.network import PortOf

N = TypeVar("N", bound=Net)
Story = Callable[[Net, "Echo"], Awaitable[None]]
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]
ENOUGH = 5  # seconds


class Echo:
    """A server that echoes, and remembers when how many bytes came."""

    def __init__(self) -> None:
        self.got: list[tuple[float, int]] = []
        self.ends: list[str] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1 << 16):
                self.got.append((time.monotonic(), len(data)))
                writer.write(data)
                await writer.drain()
            self.ends.append("closed")
        except ConnectionError:
            self.ends.append("reset")
        finally:
            writer.close()

    @property
    def bytes(self) -> int:
        return sum(size for _, size in self.got)

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(ENOUGH):
            while not holds():
                await asyncio.sleep(0.005)


def spoken(_server: str) -> str:
    return Y_WEBSOCKET


async def told(network: N, story: Callable[[N, Echo], Awaitable[None]], echo: Echo) -> None:
    """Let a story happen, and close its network."""
    try:
        async with asyncio.timeout(20):
            await story(network, echo)
    finally:
        await network.close()


@contextlib.asynccontextmanager
async def echoing() -> AsyncIterator[tuple[Echo, PortOf]]:
    """A server, and where it listens."""
    echo = Echo()
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield echo, lambda _: port
    finally:
        server.close()


def play(story: Callable[[Network, Echo], Awaitable[None]], seed: int = 1) -> None:
    """With the kit's own network."""

    async def whole() -> None:
        async with echoing() as (echo, port_of):
            await told(Network(Timeline(), seed, port_of, spoken), story, echo)

    asyncio.run(whole())


@pytest.fixture(scope="session")
def toxiproxy(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The program: the one of this machine, or one that go builds."""
    found = find()
    if found is None:
        if not shutil.which("go"):
            pytest.skip("there is no go on PATH")
        folder = tmp_path_factory.mktemp("toxiproxy")
        package = "github.com/Shopify/toxiproxy/v2/cmd/server@v2.5.0"
        subprocess.run(["go", "install", package], env={**os.environ, "GOBIN": str(folder)}, check=True)
        found = str(folder / "server")
    return found


@pytest.fixture(params=["own", "toxiproxy"])
def play_both(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Story], None]:
    """With the kit's own network, and with Toxiproxy."""
    if request.param == "own":
        return play
    program = request.getfixturevalue("toxiproxy")

    def play_toxic(story: Story) -> None:
        async def whole() -> None:
            async with echoing() as (echo, port_of), running(program, tmp_path, 1) as net:
                await told(net(Timeline(), 1, port_of, spoken), story, echo)

        asyncio.run(whole())

    return play_toxic


async def opened(network: Net, client: str = "a") -> Stream:
    return await asyncio.open_connection("127.0.0.1", await network.port(client, "server"))


async def fault(network: Net, **given: Any) -> None:
    assert await network.perform({"op": "fault", **given}) == {"ok": None}


async def heal(network: Net) -> None:
    await network.perform({"op": "heal"})


async def echoed(stream: Stream, data: bytes) -> float:
    """Send, wait until all has come back; the seconds that it took."""
    reader, writer = stream
    started = time.monotonic()
    writer.write(data)
    assert await asyncio.wait_for(reader.readexactly(len(data)), ENOUGH) == data
    return time.monotonic() - started


async def is_reset(stream: Stream) -> bool:
    reader, _ = stream
    try:
        async with asyncio.timeout(ENOUGH):
            while await reader.read(1 << 16):
                pass
    except ConnectionResetError:
        return True
    return False


def test_nothing_is_lost_and_the_end_is_passed_on() -> None:
    async def story(network: Network, echo: Echo) -> None:
        stream = await opened(network)
        await echoed(stream, bytes(range(256)) * 4000)
        stream[1].write_eof()
        assert await stream[0].read() == b""
        await echo.until(lambda: echo.ends == ["closed"])
        await echo.until(lambda: not network._tasks)

    play(story)


def test_latency_delays_and_does_not_limit(play_both: Callable[[Story], None]) -> None:
    async def story(network: Net, _: Echo) -> None:
        stream = await opened(network)
        await fault(network, latency=100, direction="up")
        assert await echoed(stream, b"x") >= 0.1
        # A proxy that waited for each piece of 64 KiB would take 64 times as long.
        assert 0.1 <= await echoed(stream, bytes(1 << 22)) < 2

    play_both(story)


def test_jitter_keeps_the_order_and_comes_from_the_seed() -> None:
    seen: list[list[float]] = []

    async def story(network: Network, _: Echo) -> None:
        stream = await opened(network)
        await fault(network, jitter=60, direction="up")
        seen.append([await echoed(stream, bytes([number]) * 10) for number in range(6)])

    for seed in (1, 1, 2):
        play(story, seed)

    def apart(first: list[float], second: list[float]) -> float:
        return max(abs(one - other) for one, other in zip(first, second, strict=True))

    assert apart(seen[0], seen[1]) < apart(seen[0], seen[2])


def test_a_bandwidth(play_both: Callable[[Story], None]) -> None:
    async def story(network: Net, _: Echo) -> None:
        stream = await opened(network)
        await fault(network, bandwidth=20_000, direction="up")
        assert 0.4 <= await echoed(stream, bytes(10_000)) < 2

    play_both(story)


def test_one_byte_at_a_time(play_both: Callable[[Story], None]) -> None:
    async def story(network: Net, echo: Echo) -> None:
        stream = await opened(network)
        await fault(network, chunk=1, direction="up")
        await echoed(stream, b"one at a time")
        assert len(echo.got) > 6  # what comes late is read together

    play_both(story)


def test_what_is_stopped_comes_after_all(play_both: Callable[[Story], None]) -> None:
    async def story(network: Net, echo: Echo) -> None:
        stream = await opened(network)
        await echoed(stream, b"before")
        await fault(network, stall=True)
        stream[1].write(b"during")
        late = asyncio.create_task(opened(network, "b"))
        other = await opened(network, "c")
        other[1].write(b"c")
        await asyncio.sleep(0.1)
        assert echo.bytes == len(b"before")
        await heal(network)
        assert await stream[0].readexactly(6) == b"during"
        assert await other[0].readexactly(1) == b"c"
        await echoed(await late, b"b")

    play_both(story)


def test_a_sender_has_to_wait_when_nothing_is_taken() -> None:
    async def story(network: Network, _: Echo) -> None:
        reader, writer = await opened(network)
        await fault(network, stall=True, direction="up")
        writer.write(bytes(1 << 25))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(writer.drain(), 0.3)
        await heal(network)
        await asyncio.wait_for(reader.readexactly(1 << 25), ENOUGH)

    play(story)


def test_half_open_and_then_forgotten() -> None:
    async def story(network: Network, echo: Echo) -> None:
        stream = await opened(network)
        await echoed(stream, b"before")
        await fault(network, drop=True)
        stream[1].write(b"lost")
        stream[1].write_eof()
        await asyncio.sleep(0.1)
        assert (echo.bytes, echo.ends) == (6, [])
        assert (await network.perform({"op": "connections"}))["ok"] == 1
        await heal(network)
        # Bytes are missing in the middle: such a connection never carries anything again.
        assert await is_reset(stream)
        await echoed(await opened(network), b"after")

    play(story)


@pytest.mark.parametrize("at", [0, 1, 7, 70_000])
def test_a_reset_at_a_byte(at: int) -> None:
    async def story(network: Network, echo: Echo) -> None:
        await fault(network, reset=True, after=at, direction="up")
        stream = await opened(network)
        with contextlib.suppress(ConnectionError):
            stream[1].write(bytes(100_000))
        assert await is_reset(stream)
        await echo.until(lambda: bool(echo.ends))
        assert (echo.bytes, echo.ends) == (at, ["reset"])

    play(story)


def test_bytes_count_from_when_the_fault_is_set() -> None:
    async def story(network: Network, echo: Echo) -> None:
        stream = await opened(network)
        await echoed(stream, bytes(1000))
        await fault(network, stall=True, after=10, direction="up")
        stream[1].write(bytes(100))
        await echo.until(lambda: echo.bytes >= 1010)
        await asyncio.sleep(0.05)
        assert echo.bytes == 1010

    play(story)


def test_messages_count() -> None:
    frames = [b"\x82\x03one", b"\x82\x03two", b"\x82\x05three"]
    head = b"GET /r HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"

    async def story(network: Network, echo: Echo) -> None:
        await fault(network, reset=True, messages=2, after=3, direction="up")
        stream = await opened(network)
        stream[1].write(head + b"".join(frames))
        assert await is_reset(stream)
        await echo.until(lambda: bool(echo.ends))
        assert echo.bytes == len(head) + 5 + 5 + 3

    play(story)


def test_faults_are_of_clients_and_also_of_those_that_come_later(play_both: Callable[[Story], None]) -> None:
    async def story(network: Net, _: Echo) -> None:
        await fault(network, latency=200, of=["slow"])
        fast, slow = await opened(network, "fast"), await opened(network, "slow")
        assert await echoed(fast, b"x") < 0.15 < 0.4 <= await echoed(slow, b"x")
        await heal(network)
        assert await echoed(slow, b"x") < 0.15

    play_both(story)


def test_reset_of_open_connections_and_a_server_that_is_not_there() -> None:
    async def story(network: Network, echo: Echo) -> None:
        stream = await opened(network)
        await echoed(stream, b"x")
        await network.perform({"op": "reset", "of": ["a"]})
        assert await is_reset(stream)
        await echo.until(lambda: echo.ends == ["reset"])
        network._port_of = lambda _: 1
        assert await is_reset(await opened(network))

    play(story)


def test_toxiproxy_resets_what_is_opened_then_and_follows_a_server(toxiproxy: str, tmp_path: Path) -> None:
    async def whole() -> None:
        port = 1
        async with echoing() as (_, port_of), running(toxiproxy, tmp_path, 1) as net:
            network = net(Timeline(), 1, lambda _: port, spoken)
            way = await network.port("a", "server")
            refused, _ = await opened(network)
            assert await refused.read() == b""
            port = port_of("server")
            await network.moved("server")
            stream = await opened(network)
            assert await network.port("a", "server") == way
            await echoed(stream, b"x")
            await network.perform({"op": "reset"})
            assert await stream[0].read() == b""
            await fault(network, reset=True)
            late = await opened(network)
            late[1].write(b"x")
            assert await is_reset(late)
            await network.close()

    asyncio.run(whole())


@pytest.mark.parametrize("given", [{"drop": True}, {"reset": True, "after": 7}, {"stall": True, "messages": 1}])
def test_what_toxiproxy_cannot_is_unsupported(toxiproxy: str, tmp_path: Path, given: dict[str, Any]) -> None:
    async def whole() -> None:
        async with running(toxiproxy, tmp_path, 1) as net:
            answer = await net(Timeline(), 1, lambda _: 1, spoken).perform({"op": "fault", **given})
            assert answer["unsupported"] in ("network.drop", "network.after", "network.messages")

    asyncio.run(whole())
