"""The libraries under test: importable, or in a folder named by PYCRDT_SITE or YPY_SITE."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

RUNNER = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(RUNNER))

MODULES = {"pycrdt": ("pycrdt", "PYCRDT_SITE"), "ypy": ("y_py", "YPY_SITE")}


def site_of(impl: str) -> str:
    """The folder that has the library. A missing one is a failure: it says how to name it."""
    module, variable = MODULES[impl]
    if variable in os.environ:
        return os.environ[variable]
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        pytest.fail(f"{impl} is not importable: install it, or name its folder by {variable}")
    return str(Path(spec.origin).parent.parent)


class Process:
    """A runner process and the requests that were sent to it."""

    def __init__(self, impl: str, site: str) -> None:
        command = [sys.executable, "-S", "-s", str(RUNNER / "main.py"), "--impl", impl, "--site", site]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.seq = 0

    def ask(self, **request: Any) -> dict[str, Any]:
        """The answer of a request, which must repeat its number."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.seq += 1
        self.process.stdin.write(json.dumps({"seq": self.seq, **request}).encode() + b"\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        assert answer["seq"] == self.seq
        return answer

    def play(self, *steps: dict[str, Any], **session: Any) -> list[Any]:
        """The answers of one session: two peers, a text, an array, a map. None for a step that observed nothing."""
        part = {
            "session": self.seq,
            "roots": {"t": "text", "l": "array", "m": "map"},
            "peers": {"a": {"client": 1}, "b": {"client": 2}},
            "steps": steps,
            "end": True,
            **session,
        }
        answers: list[Any] = []
        for told in self.ask(run=[part])["run"][0]["answers"]:
            answers += [None] * told if isinstance(told, int) else [told]
        return answers

    def close(self) -> tuple[bytes, int]:
        """Ends the input; what was left on standard output, and the exit code."""
        rest, _ = self.process.communicate(timeout=60)
        return rest, self.process.returncode


@pytest.fixture(params=sorted(MODULES))
def impl(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def site(impl: str) -> str:
    return site_of(impl)


@pytest.fixture
def runner(impl: str, site: str) -> Any:
    process = Process(impl, site)
    yield process
    assert process.close() == (b"", 0)
