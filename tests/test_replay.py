"""`replay`: a failure of a results file, performed again as it was."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

import pytest

from tests.conftest import demo_suite, write_suite
from tests.support import read

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Kit


def test_a_failure_is_reproduced(kit: Kit, demo: Path, demo_results: Path) -> None:
    said = kit("replay", demo_results, "demo/wrong", "--vectors", demo)
    assert said.code == 1
    failed = [record for record in read(demo_results).all if record["case"] == "demo/wrong"]
    assert said.out.count("fails as it did") == len(failed) > 2
    assert "demo/wrong  yjs -> pycrdt  v1  fail" in said.out
    assert '  expected  {"t":{"$text":"cba"}}\n  observed  {"t":{"$text":"abc"}}' in said.out
    assert said.out.splitlines()[-1] == f"{len(failed)} still fail, 0 pass now"


@pytest.mark.parametrize("label", ["again", "replay"])
def test_the_commands_that_a_report_gives_reproduce_the_failure(kit: Kit, demo_results: Path, label: str) -> None:
    """As they stand: that the vectors are not the shipped ones, they say too."""
    lines = kit("report", demo_results).out.splitlines()
    command = next(line for line in lines if line.startswith(f"  {label} ") and " demo/wrong " in line)
    assert kit(*shlex.split(command.split("python -m conformance ")[1])).code == 1


def test_a_case_that_was_mended_passes_now(kit: Kit, demo_results: Path, tmp_path: Path) -> None:
    suite = demo_suite()
    for case in suite["cases"]:
        case["expect"]["converged"]["state"]["t"]["$text"] = "bc" if case["id"] == "demo/delete" else "abc"
    mended = write_suite(tmp_path, suite)
    said = kit("replay", demo_results, "--vectors", mended)
    assert said.code == 0
    assert said.out.splitlines()[-1].startswith("0 still fail, ")


def test_another_wrong_answer_is_told_apart(kit: Kit, demo: Path, demo_results: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed.ndjson"
    records = [json.loads(line) for line in demo_results.read_text().splitlines()]
    for record in records:
        if "signature" in record:
            record["signature"] = "state:00000000"
    changed.write_text("".join(json.dumps(record) + "\n" for record in records))
    said = kit("replay", changed, "demo/wrong", "--vectors", demo)
    assert said.code == 1
    assert "fails otherwise" in said.out and "fails as it did" not in said.out


def test_the_cases_of_a_run_may_stand_in_two_places(kit: Kit, demo: Path, tmp_path: Path) -> None:
    results = tmp_path / "results.ndjson"
    both = ("--filter", "demo/wrong", "--filter", "pending/json-after-skip")
    kit("--impls", "pycrdt", "--vectors", demo, "--with-shipped", *both, "--results", results)
    said = kit("replay", results, "--known", "--vectors", demo)
    assert said.code == 1
    assert "demo/wrong  pycrdt alone" in said.out and "pending/json-after-skip  pycrdt alone" in said.out


def test_what_cannot_be_replayed_is_one_clear_line(kit: Kit, demo_results: Path, tmp_path: Path) -> None:
    for arguments, says in (
        ((demo_results, "demo/right"), "no failed result matches demo/right"),
        ((demo_results, "demo/wrong"), "no case demo/wrong in the vectors; say where they stand with --vectors"),
        ((tmp_path / "none",), "cannot read results from "),
    ):
        said = kit("replay", *arguments)
        assert said.code == 2
        assert says in said.err and len(said.err.splitlines()) == 1
