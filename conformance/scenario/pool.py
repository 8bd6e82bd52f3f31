"""Runner processes that wait for their next role: to start one costs more than most performances."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from conformance.scenario.line import Line

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.provision import Launch

_ROLES = 200
"""Roles that a process serves: some libraries never free what a document took."""
_IDLE = 16
"""Processes that wait. The one that has waited longest ends first."""


class Runners:
    """The processes of a run of scenarios. A process serves one role of one performance at a time."""

    def __init__(self, folder: Path) -> None:
        """`folder` is for their logs; it exists."""
        self._folder = folder
        self._idle: list[Line] = []
        self._made = 0

    async def take(self, launch: Launch, name: str) -> Line:
        """A process for a role of this name: one that waits, or a new one."""
        for line in self._idle:
            if line.launch == launch and line.alive:
                self._idle.remove(line)
                break
        else:
            self._made += 1
            line = Line(launch, self._folder / f"{self._made}.log")
            await line.start()
        line.serve(name)
        return line

    async def give_back(self, line: Line, *, sound: bool) -> None:
        """Take a process back; one that is not sound, or has served enough, ends."""
        if not sound or line.session >= _ROLES:
            await line.stop()
            return
        self._idle.append(line)
        if len(self._idle) > _IDLE:
            await self._idle.pop(0).stop()

    async def close(self) -> None:
        """End all that wait."""
        idle, self._idle = self._idle, []
        await asyncio.gather(*(line.stop() for line in idle))
