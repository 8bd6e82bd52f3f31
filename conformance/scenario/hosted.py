"""A participant that a runner process plays, for one performance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.scenario.limits import limit_file_size
from conformance.scenario.participant import Answer, Fault, Setting, failed, ok

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.provision import Launch
    from conformance.scenario.line import Line
    from conformance.scenario.model import Role, Step


class Hosted:
    """A role that a runner plays.

    `kill` ends the process at once, and `restart` begins a session anew in another one, with the same folder. A step
    that was under way, and each until `restart`, is answered by an error of the kind `killed`. `limit` keeps the
    process from writing files of more than `file_size` bytes, or lets it again (null). Every other op is the runner's.
    """

    def __init__(self, role: Role, launch: Launch, setting: Setting) -> None:
        self.name = role.name
        self._role = role
        self._launch = launch
        self._setting = setting
        self._line: Line | None = None
        self._begun = False
        self._killed = False
        self._sound = True

    async def start(self) -> None:
        """Take a process; to be called once, before the first step."""
        self._line = await self._setting.runners.take(self._launch, self.name)

    async def perform(self, step: Step) -> Answer:
        """One step of the session, which the first one begins."""
        if step["op"] == "kill":
            self._killed = True
            await self._leave(sound=False)
            return ok()
        if step["op"] == "restart":
            await self._leave(sound=False)
            await self.start()
            self._begun = self._killed = False
            return ok()
        if step["op"] == "limit":
            return self._limit(step["file_size"])
        told = {key: value for key, value in step.items() if key not in _COORDINATORS}
        return await self._run({**told, "peer": self.name}, step.get("within", self._setting.deadline))

    async def _run(self, step: Mapping[str, Any], deadline: float) -> Answer:
        line = self._line
        if line is None:
            return self._lost()
        part: dict[str, Any] = {"session": line.session, "steps": [step]}
        if not self._begun:
            self._begun = True
            part["roots"] = self._setting.roots
            part["peers"] = {self.name: self._peer()}
        try:
            answer = await line.ask({"run": [part]}, deadline)
        except Fault:
            self._sound = False
            if self._killed:
                return self._lost()
            raise
        try:
            (told,) = answer["run"][0]["answers"]
        except (KeyError, IndexError, TypeError, ValueError):
            self._sound = False
            raise Fault(self.name, "protocol", f"answered one step with {str(answer)[:200]}", line.tail()) from None
        if told == 1 or told is None:
            return ok()
        if "error" in told and told["error"]["kind"] == "panic":
            self._sound = False  # it may leave the library unfit for another session
        return dict(told)

    def _limit(self, file_size: int | None) -> Answer:
        """See conformance/scenario/limits.py. Such a process serves no other role."""
        self._sound = False
        if self._line is None:
            return self._lost()
        return ok() if limit_file_size(self._line.pid, file_size) else {"unsupported": "limit"}

    def _lost(self) -> Answer:
        if self._killed:
            return failed("killed", "the process was killed")
        raise Fault(self.name, "crash", "is not running")

    def _peer(self) -> dict[str, Any]:
        home = self._setting.folder / self.name
        home.mkdir(exist_ok=True)
        places = {"folder": str(self._setting.folder), "home": str(home)}
        return {"client": 1, **self._role.options, "plays": self._role.plays, **places}

    async def close(self) -> None:
        await self._leave(sound=self._sound)

    def end(self) -> None:
        """End the process at once, if it was not let go of: for when there is no time to close."""
        if self._line is not None:
            self._line.end()

    async def _leave(self, *, sound: bool) -> None:
        """Let go of the process; a sound one serves another role later. What it logged stays in the folder."""
        line = self._line
        if line is None:
            return
        if self._killed:
            await line.kill()
        elif sound and self._begun:
            sound = await self._ended(line)
        self._line = None
        if said := line.logged():
            with (self._setting.folder / f"{self.name}.log").open("ab") as log:
                log.write(said)
        await self._setting.runners.give_back(line, sound=sound)

    async def _ended(self, line: Line) -> bool:
        """End the session; false when the process must not be used again."""
        try:
            await line.ask({"run": [{"session": line.session, "steps": [], "end": True}]}, self._setting.deadline)
        except Fault:
            return False
        return True


_COORDINATORS = frozenset({"by", "to", "expect", "until", "within", "delay", "title", "speaks"})
"""Keys of a step that are not the runner's business, which never learns what is expected."""
