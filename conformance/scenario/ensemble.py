"""The participants of one performance: who they are, where its servers listen, and what its documents show."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from conformance.model.layers import PEER
from conformance.scenario.agreement import Sight, vector_of
from conformance.scenario.bridge import Bridge
from conformance.scenario.crowd import Crowd
from conformance.scenario.dialect import DIALECT
from conformance.scenario.disk import Disk
from conformance.scenario.hosted import Hosted
from conformance.scenario.http import Http
from conformance.scenario.participant import Fault, Missing
from conformance.scenario.raw import Raw
from conformance.scenario.timeline import short

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.model.implementation import Implementation
    from conformance.model.manifest import Manifest
    from conformance.scenario.casting import Cast
    from conformance.scenario.model import Role, Scenario, Step
    from conformance.scenario.network import Net
    from conformance.scenario.participant import Answer, Participant, Setting

_SITUATION = 2.0  # seconds in which a participant tells what it has, after a failure


class Ensemble:
    """All roles of a scenario, as they are played. From `enter` on, `leave` lets go of everything."""

    def __init__(
        self,
        scenario: Scenario,
        cast: Cast,
        implementations: Sequence[Implementation],
        manifests: Mapping[str, Manifest],
        setting: Setting,
    ) -> None:
        """`manifests` are by the implementations' names."""
        self._roles = scenario.roles
        self._setting = setting
        self._manifests = manifests
        self._players = dict(
            zip([role.name for role in scenario.cast_roles], [implementations[player] for player in cast], strict=True)
        )
        self._network: Net = setting.net(setting.timeline, setting.seed, self._listens_at, self._speaks)
        self._participants: dict[str, Participant] = {}
        self._hosted: list[Hosted] = []
        self._servers: dict[str, dict[str, Any]] = {}

    async def enter(self) -> None:
        for role in self._roles:
            self._participants[role.name] = self._participant(role)
        await asyncio.gather(*(hosted.start() for hosted in self._hosted))

    def _participant(self, role: Role) -> Participant:
        match role.plays:
            case "network":
                return self._network
            case "disk":
                return Disk(self._setting)
            case "http":
                return Http(self._setting)
            case "raw":
                return Raw()
            case "crowd":
                return Crowd()
        player = self._players[role.name]
        hosted = Hosted(role, player.launch, self._setting)
        self._hosted.append(hosted)
        plays = self._manifests[player.name].roles
        if role.plays == "client" and "client" not in plays and PEER in plays:
            return Bridge(hosted, player, int(role.options.get("client", 1)), self._setting)
        return hosted

    async def leave(self) -> None:
        # Clients before servers, in the reverse order of their roles: a server that goes first would be their news.
        try:
            for participant in reversed(list(self._participants.values())):
                if participant is not self._network:
                    await participant.close()
            await self._network.close()
        finally:  # an interrupt may come in the middle of it
            for hosted in self._hosted:
                hosted.end()

    async def perform(self, who: str, step: Step) -> Answer:
        """What one of them answers. Raises Fault."""
        return await self._participants[who].perform(step)

    def lossy(self, who: str) -> tuple[str, ...]:
        """What a participant cannot tell apart."""
        player = self._players.get(who)
        return player.hello.lossy if player is not None else ()

    # Servers

    async def started(self, who: str, server: dict[str, Any]) -> None:
        """Note what a server said as it began to listen, its `port` and what is to be given to all who come."""
        self._servers[who] = server
        await self._network.moved(who)

    async def directed(self, who: str, step: Step) -> Step:
        """A step with the address of the server that it goes to: through the network, but for requests of HTTP."""
        server = step.get("to")
        if server is None:
            return step
        started = self._servers.get(server, {})
        direct = isinstance(self._participants[who], Http)
        port = started.get("port", 1) if direct else await self._network.port(who, server)
        said = {key: value for key, value in started.items() if key not in ("port", *step)}
        directed: Step = {**step, **said, "url": f"http://127.0.0.1:{port}", "speaks": self._speaks(server)}
        if "room" in step:
            directed["address"] = DIALECT[directed["speaks"]].address(directed["url"], step["room"])
        return directed

    def _listens_at(self, server: str) -> int:
        started = self._servers.get(server)
        if started is None:
            raise ConnectionRefusedError(f"{server} was not started")
        return int(started["port"])

    def _speaks(self, server: str) -> str:
        return self._manifests[self._players[server].name].speaks

    # Documents

    async def sight(self, who: str, see: str = "state") -> Sight:
        """The state vector of a document and what the op `see` shows of it. Raises Fault and Missing."""
        vector = await self.vector(who)
        if see == "state":
            return Sight(who, vector, await self._look(who, see))
        shown = await self.perform(who, {"op": see, "by": who})
        if "unsupported" in shown:
            raise Missing(who, str(shown["unsupported"]))
        # Documents of which one is refused to its reader do not agree. The words of an error may differ each time.
        return Sight(who, vector, shown["ok"] if "ok" in shown else {"$error": shown["error"]["kind"]})

    async def vector(self, who: str) -> Mapping[int, int]:
        """The state vector of a document. Raises Fault and Missing."""
        try:
            return vector_of(await self._look(who, "state_vector"))
        except ValueError as error:
            raise Fault(who, "protocol", str(error)) from error

    async def _look(self, who: str, op: str) -> Any:
        answer = await self.perform(who, {"op": op, "by": who})
        if "unsupported" in answer:
            raise Missing(who, str(answer["unsupported"]))
        if "ok" not in answer:
            raise Fault(who, "protocol", f"cannot tell what it has: {short(answer)}")
        return answer["ok"]

    async def situation(self) -> dict[str, Any]:
        """What each document shows now, as far as it can be had."""
        found: dict[str, Any] = {}
        for who in self._players:
            try:
                sight = await asyncio.wait_for(self.sight(who), _SITUATION)
            except (Fault, Missing, TimeoutError):
                continue
            found[who] = sight.as_json()
        return found
