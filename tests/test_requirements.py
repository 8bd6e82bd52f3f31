"""Requirements: a set that was frozen stays what it was, and limits a run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from conformance.requirements import canonical_hash
from tests.conftest import Kit, demo_suite, write_suite
from tests.support import conformance, one_line

if TYPE_CHECKING:
    from pathlib import Path


def test_a_frozen_set_names_every_case_with_its_hash(kit: Kit, demo: Path) -> None:
    assert kit("vectors", "requirements", "freeze", "1.0.0", "--folder", demo).code == 0
    frozen = json.loads((demo / "requirements" / "1.0.0.json").read_text())
    assert frozen["version"] == "1.0.0"
    assert frozen["cases"] == {case["id"]: canonical_hash(case) for case in demo_suite()["cases"]}


def test_a_hash_is_of_the_case_and_not_of_its_layout() -> None:
    assert canonical_hash({"a": 1, "b": 2}) == canonical_hash({"b": 2, "a": 1}) != canonical_hash({"a": 1, "b": 3})


def test_a_set_is_never_overwritten(kit: Kit, demo: Path) -> None:
    kit("vectors", "requirements", "freeze", "1.0.0", "--folder", demo)
    said = conformance("vectors", "requirements", "freeze", "1.0.0", "--folder", demo)
    assert said.code == 2
    assert "is frozen already" in one_line(said)


def test_what_was_corrected_since_is_shown(kit: Kit, demo: Path) -> None:
    kit("vectors", "requirements", "freeze", "1.0.0", "--folder", demo)
    suite = demo_suite()
    suite["cases"][1]["expect"]["converged"]["state"]["t"] = {"$text": "abc"}
    write_suite(demo, suite)
    said = kit("vectors", "requirements", "show", "1.0.0", "--folder", demo)
    assert said.out.splitlines() == ["1.0.0 demands 5 cases", "demo/wrong was corrected since"]


def test_a_new_case_does_not_fail_who_demands_an_older_set(kit: Kit, demo: Path, tmp_path: Path) -> None:
    pytest.importorskip("pycrdt")
    suite = demo_suite()
    new = suite["cases"].pop(1)  # no library has the answer that it demands
    write_suite(demo, suite)
    kit("vectors", "requirements", "freeze", "1.0.0", "--folder", demo)
    write_suite(demo, {**suite, "cases": [*suite["cases"], new]})
    run = ["run", "--vectors", demo, "--impls", "pycrdt", "--castings", "solo", "--results", tmp_path / "r.ndjson"]
    assert kit(*run).code == 1
    assert kit(*run, "--requirements", demo / "requirements" / "1.0.0.json").code == 0


def test_a_demanded_case_must_be_there(kit: Kit, demo: Path) -> None:
    kit("vectors", "requirements", "freeze", "1.0.0", "--folder", demo)
    suite = demo_suite()
    write_suite(demo, {**suite, "cases": suite["cases"][1:]})
    file = demo / "requirements" / "1.0.0.json"
    said = conformance("run", "--vectors", demo, "--impls", "pycrdt", "--requirements", file)
    assert said.code == 2
    assert "demands demo/right, which is not among the vectors" in one_line(said)


def test_a_version_that_is_not_frozen_is_one_line() -> None:
    said = conformance("run", "--impls", "pycrdt", "--requirements", "99.0.0")
    assert said.code == 2
    assert "no such version or file" in one_line(said)
