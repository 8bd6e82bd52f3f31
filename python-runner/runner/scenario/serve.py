"""The line protocol for parts: one request at a time, on an event loop that goes on between requests."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, BinaryIO

from ..errors import Unsupported
from ..protocol import hello
from ..session import answer_of

if TYPE_CHECKING:
    from . import Actor, Part, Step

LONGEST_LINE = 64 * 1024 * 1024


def serve(part: Part, requests: BinaryIO, answers: BinaryIO) -> None:
    """Answers every request until the input ends; then everything that was begun is let go."""
    asyncio.run(_serve(part, requests, answers))


async def _serve(part: Part, requests: BinaryIO, answers: BinaryIO) -> None:
    reader = asyncio.StreamReader(limit=LONGEST_LINE)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), requests)
    actors: dict[int, Actor] = {}
    try:
        while line := await reader.readline():
            request = json.loads(line)
            answer: dict[str, Any] = {"seq": request["seq"]}
            if "hello" in request:
                answer["hello"] = hello(part)
            else:
                answer["run"] = [await _run(part, actors, wanted) for wanted in request["run"]]
            answers.write(json.dumps(answer).encode() + b"\n")
            answers.flush()
    finally:
        for actor in actors.values():
            await actor.close()


async def _run(part: Part, actors: dict[int, Actor], wanted: dict[str, Any]) -> dict[str, Any]:
    """Performs the steps that a request has for one session; a session has one participant."""
    key = wanted["session"]
    answers = [await _step(part, actors, key, wanted, step) for step in wanted["steps"]]
    if wanted.get("end") and key in actors:
        await actors.pop(key).close()
    return {"session": key, "answers": answers}


async def _step(part: Part, actors: dict[int, Actor], key: int, wanted: dict[str, Any], step: Step) -> dict[str, Any]:
    try:
        if step["op"] not in part.features:
            raise Unsupported(step["op"])
        if key not in actors:
            ((role, options),) = wanted["peers"].items()
            actors[key] = part.begin(role, wanted.get("roots", {}), options)
        return {"ok": await actors[key].perform(step)}
    except BaseException as error:
        return answer_of(error)
