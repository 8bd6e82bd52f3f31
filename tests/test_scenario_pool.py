"""Runner processes go from role to role, and never after something went wrong."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from conformance.scenario.hosted import Hosted
from conformance.scenario.model import Role
from conformance.scenario.network import Network
from conformance.scenario.participant import Fault, Setting
from conformance.scenario.pool import Runners
from conformance.scenario.timeline import Timeline
from tests.support import real

if TYPE_CHECKING:
    from pathlib import Path

INSERT = {"by": "a", "op": "text.insert", "path": ["t"], "index": 0, "text": "abc"}


def test_a_process_serves_one_role_after_another(tmp_path: Path) -> None:
    async def play() -> None:
        runners = Runners(tmp_path)
        setting = Setting(tmp_path, {"t": "text"}, Timeline(), 10, 0, runners, Network)
        launch = real("pycrdt")
        seen = []
        for _ in range(2):
            hosted = Hosted(Role("a", "document", (), "", {}), launch, setting)
            await hosted.start()
            await hosted.perform(INSERT)
            seen.append(await hosted.perform({"by": "a", "op": "state"}))
            line = hosted._line
            assert line is not None
            await hosted.close()
        assert seen == [{"ok": {"t": {"$text": "abc"}}}] * 2  # and not what the role before it wrote
        assert (await runners.take(launch, "b")) is line
        assert (await runners.take(launch, "c")) is not line
        await runners.give_back(line, sound=False)
        assert not line.alive
        await runners.close()

    asyncio.run(play())


def test_a_killed_process_is_not_used_again(tmp_path: Path) -> None:
    async def play() -> None:
        runners = Runners(tmp_path)
        setting = Setting(tmp_path, {"t": "text"}, Timeline(), 10, 0, runners, Network)
        hosted = Hosted(Role("a", "document", (), "", {}), real("pycrdt"), setting)
        await hosted.start()
        await hosted.perform(INSERT)
        await hosted.perform({"by": "a", "op": "kill"})
        assert (await hosted.perform(INSERT))["error"]["kind"] == "killed"
        await hosted.perform({"by": "a", "op": "restart"})
        assert await hosted.perform({"by": "a", "op": "state"}) == {"ok": {"t": {"$text": ""}}}
        line = hosted._line
        assert line is not None
        await line.kill()
        with pytest.raises(Fault, match="not running"):
            await hosted.perform(INSERT)
        await hosted.close()
        assert runners._idle == []

    asyncio.run(play())
