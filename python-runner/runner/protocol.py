"""The line protocol: one JSON object a line on the standard streams."""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from typing import TYPE_CHECKING, Any, BinaryIO

from .fastjson import Codec
from .session import Handlers, Session
from .steps import handlers_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from .adapters import Adapter
    from .scenario import Part

PROTOCOL = 1
LINE = 1 << 18
"""Bytes that are read at once: a line has about half of it."""


def claim_streams() -> tuple[BinaryIO, BinaryIO]:
    """Takes standard input and output for the protocol.

    Descriptor 1 is pointed at standard error, so that nothing that a library prints, be it native code, can reach
    the protocol. Call it before the library is loaded.
    """
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return os.fdopen(os.dup(0), "rb", LINE), answers


def serve(adapter: Adapter, requests: BinaryIO, answers: BinaryIO) -> None:
    """Answers every request until the input ends."""
    codec = Codec()
    sessions: dict[int, Session] = {}
    handlers = handlers_of(adapter)
    for line in requests:
        request = codec.loads(line)
        answer: dict[str, Any] = {"seq": request["seq"]}
        if "run" in request:
            answer["run"] = [_run(adapter, handlers, sessions, part) for part in _whole(request["run"])]
        elif "hello" in request:
            answer["hello"] = {**hello(adapter), "like": True}
        else:
            raise ValueError("a request is hello or run")
        answers.write(codec.dumps(answer))
        answers.write(b"\n")
        answers.flush()


def measure(adapter: Adapter, file: Path, answers: BinaryIO) -> None:
    """Writes the CPU seconds of the same work in-process: requests parsed beforehand, answers not written."""
    requests = [json.loads(line) for line in file.read_bytes().splitlines()]
    sessions: dict[int, Session] = {}
    handlers = handlers_of(adapter)
    count = 0
    before = time.process_time()
    for request in requests:
        for part in _whole(request.get("run", ())):
            _run(adapter, handlers, sessions, part)
            count += 1
    seconds = time.process_time() - before
    answers.write(json.dumps({"sessions": count, "seconds": seconds}).encode() + b"\n")
    answers.flush()


def hello(adapter: Adapter | Part) -> dict[str, Any]:
    """What a runner says of the library, or of the part of a scenario, that it hosts."""
    return {
        "protocol": PROTOCOL,
        "name": adapter.name,
        "version": adapter.version,
        "language": "python",
        "runtime": f"{platform.python_implementation()} {platform.python_version()}",
        "features": sorted(adapter.features),
        "lossy": sorted(adapter.lossy),
    }


def _whole(parts: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The parts of a request, with what another one says in place of a mention of it."""
    for part in parts:
        yield {**parts[part["like"]], "session": part["session"]} if "like" in part else part


def _run(adapter: Adapter, handlers: Handlers, sessions: dict[int, Session], part: dict[str, Any]) -> dict[str, Any]:
    """Plays the steps that a request has for one session."""
    key = part["session"]
    session = sessions.pop(key, None)
    if session is None:
        session = Session(adapter, handlers, part.get("roots", {}), part.get("peers", {}), part.get("wrap", False))
    answers = session.run(part["steps"])
    if part.get("end"):
        session.close()
    else:
        sessions[key] = session
    return {"session": key, "answers": answers}
