"""One performance of a scenario: its steps one after the other, and what came of them."""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING, Any

from conformance.scenario import verdict
from conformance.scenario.agreement import parted, splits
from conformance.scenario.model import performers
from conformance.scenario.participant import TIMEOUT, Answer, Fault, Missing, ok
from conformance.scenario.predicate import meets
from conformance.scenario.slots import Slots
from conformance.scenario.timeline import short, told
from conformance.scenario.verdict import Failure, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.scenario.casting import Cast
    from conformance.scenario.ensemble import Ensemble
    from conformance.scenario.model import Scenario, Step
    from conformance.scenario.participant import Setting

_FIRST_LOOK, _LAST_LOOK = 0.005, 0.1  # seconds between two looks at what is waited for: the pause doubles


class _Stop(Exception):  # noqa: N818 - the end of a performance
    """Nothing after this step means anything."""


class Stage:
    """Plays one scenario once. Use `perform`."""

    def __init__(
        self,
        scenario: Scenario,
        cast: Cast,
        ensemble: Ensemble,
        setting: Setting,
        slots: Mapping[str, Any] | None = None,
    ) -> None:
        """`ensemble` plays the scenario in this cast and setting; `slots` are filled from the beginning."""
        self._scenario = scenario
        self._cast = cast
        self._setting = setting
        self._ensemble = ensemble
        self._slots = Slots(slots)
        self._failures: list[Failure] = []
        self._chance = random.Random(setting.seed)

    async def perform(self) -> Outcome:
        """Play it to its end, or to the first step that makes the others meaningless; lets go of everything."""
        started = time.monotonic()
        missing: tuple[str, str] | None = None
        fault: Fault | None = None
        situation: dict[str, Any] = {}
        try:
            try:
                await self._ensemble.enter()
                for place, step in enumerate(self._scenario.steps):
                    await self._step(place, step)
            except Missing as stop:
                missing = (stop.participant, stop.feature)
            except _Stop:
                pass
            except Fault as stop:
                fault = stop
                self._setting.timeline.add(stop.participant, "note", f"{stop.kind}: {stop.message}")
            # Documents that were made from a corpus are told by the name of its item, and may be large.
            if (fault is not None or self._failures) and not self._scenario.corpus:
                situation = await self._ensemble.situation()
        finally:
            await self._ensemble.leave()
        return Outcome(
            self._scenario,
            self._cast,
            tuple(self._failures),
            missing,
            fault,
            situation,
            self._setting.timeline.as_json(),
            time.monotonic() - started,
        )

    # Steps

    async def _step(self, place: int, step: Step) -> None:
        match step["op"]:
            case "agree":
                await self._agree(place, step)
            case "exchange":
                await self._exchange(place, step)
            case "together":
                await asyncio.gather(*(self._step(place, inner) for inner in step["steps"]))
            case "repeat":
                for _ in range(step["times"]):
                    await self._all(place, step["steps"])
            case "each":
                for value in step["in"]:
                    self._slots.keep(step["as"], value)
                    await self._all(place, step["steps"])
            case _:
                if "delay" in step:
                    low, high = step["delay"]
                    await asyncio.sleep(self._chance.uniform(low, high) / 1000)
                for who in performers(step):
                    await self._ask(place, who, step)

    async def _all(self, place: int, steps: Sequence[Step]) -> None:
        for step in steps:
            await self._step(place, step)

    async def _ask(self, place: int, who: str, step: Step) -> None:
        filled = await self._filled(who, step)
        until = step.get("until")
        if until is None:
            answer = await self._ensemble.perform(who, filled)
        else:
            answer = await self._wait(who, filled, self._slots.value(until))
        self._setting.timeline.add(who, *told(step, answer))
        if "unsupported" in answer:
            raise Missing(who, str(answer["unsupported"]))
        if until is not None and not self._meets(who, self._slots.value(until), answer):
            self._fail(Failure(place, verdict.WAITED, step, who, until, answer))
            raise _Stop
        expect = step.get("expect")
        if expect is not None and not self._meets(who, demand := self._slots.value(expect), answer):
            self._fail(verdict.difference(place, step, who, demand, answer))
        if expect is None and "error" in answer:
            check = verdict.WAITED if answer["error"]["kind"] == TIMEOUT else verdict.REFUSED
            self._fail(Failure(place, check, step, who, {"ok": "anything"}, answer))
            raise _Stop
        if "ok" in answer:
            await self._remember(who, step, answer)

    async def _remember(self, who: str, step: Step, answer: Answer) -> None:
        if "as" in step:
            self._slots.keep(step["as"], answer["ok"])
        if step["op"] == "start" and isinstance(answer["ok"], dict) and "port" in answer["ok"]:
            await self._ensemble.started(who, answer["ok"])

    async def _wait(self, who: str, step: Step, until: dict[str, Any]) -> Answer:
        """Look again and again, until the answer is as wanted or the time is over; the last answer."""
        deadline = time.monotonic() + step.get("within", self._scenario.within)
        pause = _FIRST_LOOK
        while True:
            answer = await self._ensemble.perform(who, step)
            if "unsupported" in answer or self._meets(who, until, answer) or time.monotonic() > deadline:
                return answer
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LAST_LOOK)

    async def _agree(self, place: int, step: Step) -> None:
        """Wait until all have the same updates; then they must show the same content, and what is expected."""
        deadline = time.monotonic() + step.get("within", self._scenario.within)
        pause = _FIRST_LOOK
        lossy = sorted({loss for who in step["of"] for loss in self._ensemble.lossy(who)})
        while True:
            vectors = [await self._ensemble.vector(who) for who in step["of"]]
            late = time.monotonic() > deadline
            if late or all(vector == vectors[0] for vector in vectors):
                sights = [await self._ensemble.sight(who, step.get("see", "state")) for who in step["of"]]
                how = parted(sights, lossy)
                expect = step.get("expect")
                right = not how and (expect is None or meets(self._slots.value(expect), ok(sights[0].state), lossy))
                if right or late:
                    break
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LAST_LOOK)
        for sight in sights:
            self._setting.timeline.add(sight.who, "saw", short(sight.as_json()))
        if not right:
            check = {"vectors": verdict.UNDELIVERED, "content": verdict.SPLIT, "": verdict.DIFFERS}[how]
            seen = {sight.who: sight.as_json() for sight in sights}
            observed = {"ok": sights[0].state} if not how else seen
            parts = splits(sights) if how == "content" else ()
            self._fail(Failure(place, check, step, "", step.get("expect"), observed, parts))
            raise _Stop

    async def _exchange(self, place: int, step: Step) -> None:
        """Give each document what it lacks of the others, by its state vector: all that was done before, both ways."""
        updates: list[tuple[str, Step]] = []
        for receiver in step["of"]:
            vector = await self._tell(place, step, receiver, {"op": "state_vector"})
            for sender in step["of"]:
                if sender != receiver:
                    update = await self._tell(place, step, sender, {"op": "encode", "since": {"base64": vector}})
                    updates.append((receiver, {"op": "apply", "update": {"base64": update}}))
        for receiver, apply in updates:
            await self._tell(place, step, receiver, apply)

    async def _tell(self, place: int, step: Step, who: str, inner: Step) -> Any:
        """The value that a step of an exchange observes."""
        answer = await self._ensemble.perform(who, {**inner, "by": who})
        self._setting.timeline.add(who, *told(inner, answer))
        if "unsupported" in answer:
            raise Missing(who, str(answer["unsupported"]))
        if "error" in answer:
            self._fail(Failure(place, verdict.REFUSED, {**step, "op": inner["op"]}, who, {"ok": "anything"}, answer))
            raise _Stop
        return answer["ok"]

    async def _filled(self, who: str, step: Step) -> Step:
        """The step with the bytes and values of its slots, and the address of the server that it goes to."""
        return await self._ensemble.directed(who, self._slots.step(step))

    def _meets(self, who: str, demand: dict[str, Any], answer: Answer) -> bool:
        return meets(demand, answer, self._ensemble.lossy(who))

    def _fail(self, failure: Failure) -> None:
        self._failures.append(failure)
        self._setting.timeline.add(failure.who, "note", f"{failure.check}: wanted {short(failure.expected)}")
