"""The vectors, played alone: what fails must be known, and what is known must fail."""

from __future__ import annotations

import json
import subprocess
import sys
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import tomllib
from conftest import RUNNER, Process, site_of
from packaging.specifiers import SpecifierSet

if TYPE_CHECKING:
    from pathlib import Path

ROOT = RUNNER.parent
SCENARIOS = ("store", "websocket", "ydoc", "collaboration")
"""What the ids of scenarios begin with: the coordinator alone performs them."""


def play(impl: str, site: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(RUNNER / "main.py"), "--impl", impl, "--site", site, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")


def known(impl: str, version: str) -> list[str]:
    """The globs of the divergences that this version shows when it plays all peers."""
    path = ROOT / "runners" / "known" / f"{impl}.toml"
    if not path.exists():
        return []
    return [
        glob
        for entry in tomllib.loads(path.read_text("utf-8")).get("divergence", [])
        if entry.get("castings", "any") in ("solo", "any")
        and entry.get("deliveries", "any") != "varied"
        and "v1" in entry.get("formats", ["v1"])
        and SpecifierSet(entry["versions"].replace("*", "")).contains(version, prereleases=True)
        for glob in entry["cases"]
        if glob.partition("/")[0] not in SCENARIOS
    ]


def informational() -> set[str]:
    """The cases that never fail a run."""
    files = [path for path in (ROOT / "vectors").glob("*/*.json") if path.parent.name not in ("schema", "requirements")]
    cases = [case for path in files for case in json.loads(path.read_text("utf-8"))["cases"]]
    return {case["id"] for case in cases if case["level"] == "informational"}


def test_the_failing_cases_are_the_known_divergences(runner: Process, impl: str, site: str) -> None:
    ended = play(impl, site, ROOT / "vectors")
    assert ended.returncode in (0, 1), ended.stderr
    failing = {line.split()[1] for line in ended.stdout.splitlines() if line.startswith("FAIL")}
    globs = known(impl, runner.ask(hello={"protocol": 1})["hello"]["version"])
    unknown = sorted(case for case in failing - informational() if not any(fnmatchcase(case, glob) for glob in globs))
    stale = [glob for glob in globs if not any(fnmatchcase(case, glob) for case in failing)]
    assert (unknown, stale) == ([], [])


def suite(path: Path, *cases: dict[str, Any]) -> Path:
    path.write_text(json.dumps({"suite": "made", "title": "Made by a test", "cases": cases}))
    return path


def case(text: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": "made/text",
        "roots": {"t": "text"},
        "peers": {"a": {"client": 1}, "b": {"client": 2}},
        "steps": [{"op": "text.insert", "peer": "a", "path": ["t"], "index": 0, "text": "x"}],
        "expect": {
            "converged": {"state": {"t": {"$text": text}}, "state_vector": {"1": 1}},
            "delivered": {"b": {"state": {"t": {"$text": ""}}, "state_vector": {}}},
        },
        **changes,
    }


def test_a_case_that_agrees_says_so(impl: str, site: str, tmp_path: Path) -> None:
    ended = play(impl, site, suite(tmp_path / "made.json", case("x")))
    assert ended.returncode == 0
    assert ended.stdout.splitlines() == [
        'pass made/text v1 {"t": {"$text": "x"}}',
        "1 cases: 1 passed, 0 failed, 0 unsupported",
    ]


def test_steps_are_repeated(impl: str, site: str, tmp_path: Path) -> None:
    insert = {"op": "text.insert", "peer": "a", "path": ["t"], "index": 0, "text": "x"}
    delete = {"op": "text.delete", "peer": "a", "path": ["t"], "index": 0, "length": 1}
    steps = [{**insert, "times": 5}, {"op": "transact", "peer": "a", "steps": [insert, {**delete, "times": 3}]}]
    made = case("xxx", steps=steps)
    made["expect"]["converged"]["state_vector"] = {"1": 6}
    assert play(impl, site, suite(tmp_path / "made.json", made)).returncode == 0


def test_a_case_that_disagrees_says_where(impl: str, site: str, tmp_path: Path) -> None:
    ended = play(impl, site, suite(tmp_path / "made.json", case("y")))
    assert ended.returncode == 1
    assert ended.stdout.startswith("FAIL made/text v1")
    assert "a: state is" in ended.stdout
    assert "relay: state is" in ended.stdout


def test_an_invalid_update_has_no_finale(impl: str, site: str, tmp_path: Path) -> None:
    refused = case(
        "",
        verdict="invalid",
        steps=[{"op": "apply", "peer": "a", "update": {"base64": "AQ=="}, "as": "r"}],
        expect={"observations": {"r": {"refused": True}}},
    )
    ended = play(impl, site, suite(tmp_path / "made.json", refused))
    assert ended.returncode == 0, ended.stdout


def test_an_awareness_update_is_compared_by_what_it_says(tmp_path: Path) -> None:
    made = case(
        "x",
        steps=[
            {"op": "text.insert", "peer": "a", "path": ["t"], "index": 0, "text": "x"},
            {"op": "awareness.set", "peer": "a", "state": {"n": 1, "m": None}},
            {"op": "awareness.encode", "peer": "a", "as": "w"},
        ],
    )
    made["expect"]["observations"] = {"w": {"awareness": {"1": {"clock": 1, "state": {"m": None, "n": 1}}}}}
    assert play("pycrdt", site_of("pycrdt"), suite(tmp_path / "made.json", made)).returncode == 0
    made["expect"]["observations"]["w"]["awareness"]["1"]["clock"] = 2
    assert play("pycrdt", site_of("pycrdt"), suite(tmp_path / "made.json", made)).returncode == 1
    unsupported = play("ypy", site_of("ypy"), suite(tmp_path / "made.json", made))
    assert unsupported.stdout.startswith("unsupported made/text v1 awareness.set\n1 cases: 0 passed")


def test_the_filter_takes_ids(impl: str, site: str, tmp_path: Path) -> None:
    ended = play(impl, site, "--filter", "other/*", suite(tmp_path / "made.json", case("y")))
    assert (ended.returncode, ended.stdout) == (0, "0 cases: 0 passed, 0 failed, 0 unsupported\n")


def test_bad_usage_and_bad_vectors_have_their_exit_code(impl: str, site: str, tmp_path: Path) -> None:
    assert play(impl, site, tmp_path / "missing.json").returncode == 2
    assert play(impl, site, "--no-such-option").returncode == 2
    (tmp_path / "bad.json").write_text("{")
    assert play(impl, site, tmp_path / "bad.json").returncode == 2
    headless = case("x")
    del headless["expect"]
    assert play(impl, site, suite(tmp_path / "headless.json", headless)).returncode == 2
