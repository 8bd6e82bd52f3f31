"""What tests share: the kit as a user calls it, a small suite of their own, and a run of it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from conformance.__main__ import main

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Said:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Kit = Callable[..., Said]


@pytest.fixture
def kit(capsys: pytest.CaptureFixture[str]) -> Kit:
    """`kit("list", "vectors")`: a command of the kit, called in this process."""

    def call(*arguments: object) -> Said:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Said(code, captured.out, captured.err)

    return call


def _case(name: str, expected: str, **others: Any) -> dict[str, Any]:
    return {
        "id": f"demo/{name}",
        "title": f"A text: {name}",
        "reason": "What was inserted is what a text holds.",
        "level": "required",
        "roots": {"t": "text"},
        "peers": {"a": {"client": 1}},
        "steps": [{"op": "text.insert", "peer": "a", "path": ["t"], "index": 0, "text": "abc"}],
        "expect": {"converged": {"state": {"t": {"$text": expected}}, "state_vector": {"1": 3}}},
        **others,
    }


def demo_suite() -> dict[str, Any]:
    """A valid suite of five cases. No library has the answer that two of them demand."""
    insert = {"op": "text.insert", "peer": "a", "path": ["t"], "index": 0, "text": "abc"}
    delete = {"op": "text.delete", "peer": "a", "path": ["t"], "index": 0, "length": 1}
    convert = {"op": "convert", "peer": "a", "update": {"base64": "AAA="}, "from": "v1", "to": "v2", "as": "u"}
    return {
        "suite": "demo",
        "title": "What tests run",
        "notes": {"flagged": {"description": "Marks a case."}},
        "cases": [
            _case("right", "abc", flags=["flagged"]),
            _case("wrong", "cba"),
            _case("wrong-but-informational", "cba", level="informational"),
            _case("delete", "bc", steps=[insert, delete]),
            _case("convert", "abc", steps=[insert, convert]),
        ],
    }


def write_suite(folder: Path, suite: dict[str, Any]) -> Path:
    """Write `folder`/demo/cases.json; the folder, as --vectors takes it."""
    file = folder / "demo" / "cases.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(suite, indent=2))
    return folder


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    """A folder with the demo suite, to be changed as a test likes."""
    return write_suite(tmp_path / "own", demo_suite())


@pytest.fixture(scope="session")
def demo_results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results file of the demo suite on pycrdt and Yjs, alone and as each other's peers."""
    folder = tmp_path_factory.mktemp("demo")
    vectors = write_suite(folder / "own", demo_suite())
    return run_demo(folder / "results.ndjson", "--vectors", vectors, "--impls", "pycrdt,yjs")


def run_demo(results: Path, *arguments: object) -> Path:
    """Run the kit as a process of its own; `results`, the file that it wrote. Two cases fail, so the code is 1."""
    command = [sys.executable, "-m", "conformance", "run", "--results", str(results), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    return results
