"""A runner in a process of its own, for the standalone mode: a library that aborts costs one case, not the run."""

from __future__ import annotations

import json
import subprocess
from threading import Timer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .values import Json

DEADLINE = 60.0
"""Seconds for one case."""


class Crash(Exception):  # noqa: N818 - a result
    """The runner's process ended, or had to be killed, in the middle of a case."""


class Worker:
    """Starts the runner, and starts it again after a crash. A context manager."""

    def __init__(self, command: list[str]) -> None:
        """Raises ImportError when the runner cannot load its library."""
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._seq = 0
        try:
            hello = self._ask({"hello": {"protocol": 1}})["hello"]
        except Crash as crash:
            raise ImportError(str(crash)) from None
        self.features: frozenset[str] = frozenset(hello["features"])
        self.lossy: frozenset[str] = frozenset(hello["lossy"])

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.communicate()

    def run(self, roots: Json, peers: Json, steps: list[dict[str, Any]], wrap: bool) -> list[dict[str, Json]]:
        """The answers of a session of its own. Raises Crash."""
        session = {"session": self._seq, "roots": roots, "peers": peers, "wrap": wrap, "steps": steps, "end": True}
        answers: list[dict[str, Json]] = []
        for told in self._ask({"run": [session]})["run"][0]["answers"]:
            answers += [{"ok": None}] * told if isinstance(told, int) else [told]
        return answers

    def _ask(self, request: dict[str, Json]) -> dict[str, Json]:
        if self._process is None:
            self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        self._seq += 1
        # Killing it is what ends a wait for a process that hangs.
        timer = Timer(DEADLINE, process.kill)
        timer.start()
        line = b""
        try:
            process.stdin.write(json.dumps({"seq": self._seq, **request}).encode() + b"\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            pass
        finally:
            timer.cancel()
        if not line.endswith(b"\n"):
            self._process = None
            process.stdout.close()
            raise Crash(f"the runner's process ended with {process.wait()}")
        answer: dict[str, Json] = json.loads(line)
        return answer
