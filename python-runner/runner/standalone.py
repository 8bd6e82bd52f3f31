"""Plays vectors with all peers in one runner, and compares."""

from __future__ import annotations

import json
import sys
from binascii import a2b_base64
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Iterator, NamedTuple

from .compare import Judge, Observed, allows_failure, read_state_vector
from .finale import RELAY, RELAY_CLIENT, finale, in_format
from .worker import Crash, Worker

if TYPE_CHECKING:
    from pathlib import Path

AGREED, DISAGREED, USAGE = 0, 1, 2

_WORDS = ("pass", "FAIL", "unsupported")
_NEEDED = ("id", "roots", "peers", "steps", "expect")


class BadVector(Exception):  # noqa: N818 - the vector's fault, not the program's
    """A file is no suite of vectors."""


class Result(NamedTuple):
    """What came of a case in one format. `unsupported` is a feature; `complaints` are empty when it agrees."""

    case: str
    formatted: str
    unsupported: str | None
    complaints: list[str]
    state: Any


def run(worker: Worker, paths: list[Path], formatted: str, pattern: str) -> int:
    """Plays the vectors of files and folders; prints a line a case. Returns the exit code."""
    formats = ["v1", "v2"] if formatted == "both" else [formatted]
    if formatted == "both" and "encode.v2" not in worker.features:
        formats = ["v1"]
    counts = dict.fromkeys(_WORDS, 0)
    try:
        for case in cases(paths, pattern):
            for each in formats:
                counts[_print(play(worker, case, each))] += 1
    except BadVector as error:
        sys.stderr.write(f"python-runner: {error}\n")
        return USAGE
    passed, failed, unsupported = (counts[word] for word in _WORDS)
    sys.stdout.write(
        f"{passed + failed + unsupported} cases: {passed} passed, {failed} failed, {unsupported} unsupported\n"
    )
    return DISAGREED if failed else AGREED


def cases(paths: list[Path], pattern: str = "*") -> Iterator[dict[str, Any]]:
    """The cases of the suites at these paths whose id matches."""
    for path in paths:
        if not path.exists():
            raise BadVector(f"no such file or folder: {path}")
        files = sorted(path.rglob("*.json")) if path.is_dir() else [path]
        for file in files:
            try:
                content = json.loads(file.read_text("utf-8"))
            except ValueError as error:
                raise BadVector(f"{file}: {error}") from None
            if path.is_dir() and not (type(content) is dict and "suite" in content):
                # Schemas and manifests lie among the vectors.
                continue
            for case in content.get("cases", []) if type(content) is dict else []:
                for key in _NEEDED:
                    if key not in case:
                        raise BadVector("{}: case {} has no {}".format(file, case.get("id"), key))
                if fnmatchcase(case["id"], pattern):
                    yield {**case, "steps": list(expanded(case["steps"]))}


def expanded(steps: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Each step in its place as often as its `times` says, those of transactions too."""
    for step in steps:
        plain = {key: value for key, value in step.items() if key != "times"}
        if "steps" in plain:
            plain["steps"] = list(expanded(plain["steps"]))
        yield from [plain] * step.get("times", 1)


def play(worker: Worker, case: dict[str, Any], formatted: str) -> Result:
    """Performs a case and its finale in one session, and compares."""
    peers = list(case["peers"])
    valid = case.get("verdict", "valid") != "invalid"
    steps = [in_format(step, formatted) for step in case["steps"]]
    options = dict(case["peers"])
    if valid:
        steps += finale(peers, formatted)
        options[RELAY] = {"client": RELAY_CLIENT}
    try:
        answers = worker.run(case["roots"], options, steps, case.get("wrap", False))
    except Crash as crash:
        return Result(case["id"], formatted, None, [str(crash)], None)

    expected = case["expect"].get("observations", {})
    observed: Observed = {}
    vectors: dict[str, dict[str, int]] = {}
    complaints: list[str] = []
    for number, (step, answer) in enumerate(zip(steps, answers)):
        if "unsupported" in answer:
            return Result(case["id"], formatted, answer["unsupported"], [], None)
        name = step.get("as")
        if name is not None:
            observed[name] = answer
            if "ok" in answer and step["op"] in ("state_vector", "update_state_vector"):
                vectors[name] = read_state_vector(a2b_base64(answer["ok"]))
        if "error" in answer and not (name is not None and allows_failure(expected.get(name))):
            error = answer["error"]
            complaints.append("step {} ({}): {}: {}".format(number, step["op"], error["kind"], error["message"]))
    judge = Judge(worker.lossy, observed, vectors)
    for name, expectation in expected.items():
        if not judge.observation(expectation, name):
            complaints.append(f"{name}: {observed.get(name)}")
    if valid and not complaints:
        complaints = judge.converged(case["expect"], peers)
    state = observed.get(f"@{peers[0]}.state", {}).get("ok")
    return Result(case["id"], formatted, None, complaints, state)


def _print(result: Result) -> str:
    """Prints what came of a case; returns the word for it."""
    word = "FAIL" if result.complaints else "pass" if result.unsupported is None else "unsupported"
    shown = json.dumps(result.state, ensure_ascii=True) if result.unsupported is None else result.unsupported
    sys.stdout.write(f"{word} {result.case} {result.formatted} {shown}\n")
    for complaint in result.complaints:
        sys.stdout.write(f"     {complaint}\n")
    sys.stdout.flush()
    return word
