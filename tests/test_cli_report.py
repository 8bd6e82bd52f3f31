"""`report` renders a results file again; `diff` says what changed between two."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from conformance.errors import UsageError
from conformance.report.compare import compare
from tests.conftest import Kit, run_demo

Record = dict[str, Any]


def test_a_report_in_each_format(kit: Kit, demo_results: Path, tmp_path: Path) -> None:
    terminal = kit("report", demo_results)
    assert terminal.code == 0
    assert "demo/wrong  pycrdt alone" in terminal.out

    assert kit("report", demo_results, "--format", "ndjson").out == demo_results.read_text()

    markdown = kit("report", demo_results, "--format", "markdown").out
    assert markdown.startswith("# Conformance: ")

    junit = tmp_path / "made" / "junit.xml"
    assert kit("report", demo_results, "--format", "junit", "--output", junit).out == ""
    suites = ElementTree.parse(junit).getroot()
    assert suites.tag == "testsuites" and int(suites.get("failures", "0")) > 0


def test_a_report_does_not_overwrite_its_results(kit: Kit, demo_results: Path) -> None:
    said = kit("report", demo_results, "--format", "markdown", "--output", demo_results)
    assert said.code == 2
    assert "is the results file itself" in said.err


@pytest.mark.parametrize("content", ["", "{}\n", "not JSON\n"])
def test_what_is_no_results_file_is_refused_in_one_line(kit: Kit, tmp_path: Path, content: str) -> None:
    file = tmp_path / "other.ndjson"
    file.write_text(content)
    for command in (["report", file], ["diff", file, file]):
        said = kit(*command)
        assert said.code == 2
        assert str(file) in said.err and len(said.err.splitlines()) == 1


@pytest.fixture
def altered(demo_results: Path, tmp_path: Path) -> Callable[[Callable[[list[Record]], object]], Path]:
    """A copy of the results, changed by a function that is given its records."""

    def alter(change: Callable[[list[Record]], object]) -> Path:
        records = [json.loads(line) for line in demo_results.read_text().splitlines()]
        change(records)
        path = tmp_path / "altered.ndjson"
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
        return path

    return alter


Alter = Callable[[Callable[[list[Record]], object]], Path]


def passing(record: Record) -> Record:
    return {**{key: record[key] for key in ("type", "case", "cast", "format")}, "verdict": "pass"}


def make_wrong_pass(records: list[Record]) -> None:
    records[:] = [passing(record) if record.get("case") == "demo/wrong" else record for record in records]


def test_a_file_is_no_worse_than_itself(kit: Kit, demo_results: Path) -> None:
    said = kit("diff", demo_results, demo_results)
    assert said.code == 0
    assert "0 fixed, 0 broken, 0 changed, 0 new, 0 gone: nothing got worse" in said.out


def test_fixed_one_way_and_broken_the_other(kit: Kit, demo_results: Path, altered: Alter) -> None:
    better = altered(make_wrong_pass)
    fixed = kit("diff", demo_results, better)
    assert fixed.code == 0
    assert "demo/wrong: fail -> pass" in fixed.out

    broken = kit("diff", better, demo_results)
    assert broken.code == 1
    assert "demo/wrong: pass -> fail" in broken.out
    assert "got worse" in broken.out

    changes = kit("diff", better, demo_results, "--json").json["changes"]
    assert {(change["kind"], change["case"], change["worse"]) for change in changes} == {("broken", "demo/wrong", True)}


def test_another_wrong_answer_is_a_change_and_a_crash_is_worse(demo_results: Path, altered: Alter) -> None:
    def answer_otherwise(records: list[Record]) -> None:
        for record in records:
            if record.get("case") == "demo/wrong":
                record["signature"] = "state:00000000"

    comparison = compare(demo_results, altered(answer_otherwise))
    assert comparison.of_kind("changed") and not comparison.is_worse

    def crash(records: list[Record]) -> None:
        for record in records:
            if record.get("case") == "demo/wrong":
                record.update(verdict="crash", signature="crash", culprit=record["cast"][0])

    assert compare(demo_results, altered(crash)).is_worse


def test_a_failure_that_is_known_now_is_no_loss_but_one_that_is_no_longer_known_is(
    demo_results: Path, altered: Alter
) -> None:
    def explain(records: list[Record]) -> None:
        for record in records:
            if record.get("case") == "demo/wrong":
                record["known"] = ["some-divergence"]

    explained = altered(explain)
    assert not compare(demo_results, explained).is_worse
    assert compare(explained, demo_results).is_worse


def test_a_lost_feature_is_worse(demo_results: Path, altered: Alter) -> None:
    def lose(records: list[Record]) -> None:
        for record in records:
            if record.get("case") == "demo/right":
                record.update(verdict="unsupported", detail="text.insert", culprit=record["cast"][0])

    comparison = compare(demo_results, altered(lose))
    assert comparison.is_worse
    assert {str(change.new) for change in comparison.of_kind("broken")} == {"unsupported text.insert"}


def test_cases_that_came_or_went_are_named_and_are_no_loss(kit: Kit, demo_results: Path, altered: Alter) -> None:
    def forget_a_case(records: list[Record]) -> None:
        records[:] = [record for record in records if record.get("case") != "demo/wrong"]

    fewer = altered(forget_a_case)
    assert "new cases (1)\n  demo/wrong\n" in kit("diff", fewer, demo_results).out
    gone = kit("diff", demo_results, fewer)
    assert gone.code == 0
    assert "gone cases (1)\n  demo/wrong\n" in gone.out


def test_what_a_run_that_was_cut_short_lacks_may_be_worse(kit: Kit, demo_results: Path, altered: Alter) -> None:
    cut = altered(lambda records: records.__delitem__(slice(4, None)))
    said = kit("diff", demo_results, cut)
    assert said.code == 1
    assert "was cut short" in said.out


def test_another_version_is_found_again_by_its_name(kit: Kit, demo: Path, demo_results: Path, tmp_path: Path) -> None:
    old = run_demo(tmp_path / "old.ndjson", "--vectors", demo, "--impls", "pycrdt@0.12.0,yjs")
    said = kit("diff", old, demo_results)
    assert "pycrdt@0.12.0 -> pycrdt: 0.12.0 -> " in said.out
    assert "0 new, 0 gone" in said.out


def test_two_versions_of_one_name_are_not_mixed_up(demo_results: Path, altered: Alter) -> None:
    def name_both_pycrdt(records: list[Record]) -> None:
        for number, implementation in enumerate(records[0]["implementations"]):
            implementation.update(name="pycrdt", label=f"pycrdt@{number}")

    pairings = compare(demo_results, altered(name_both_pycrdt)).pairings
    assert not any(pairing.old and pairing.new for pairing in pairings)


def test_a_results_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read results"):
        compare(tmp_path / "none", tmp_path / "none")
