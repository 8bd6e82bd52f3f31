"""Reports: each is made of a results file and nothing else, and says what a reader needs to act."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest

from conformance.report.summary import summarize
from tests.support import conformance, read

if TYPE_CHECKING:
    from tests.conftest import Kit

FORMATS = ("terminal", "ndjson", "junit", "markdown")
Change = Callable[[Callable[[dict[str, Any]], object]], Path]


@pytest.fixture
def changed(demo_results: Path, tmp_path: Path) -> Change:
    """A copy of the demo's results in which a function changed each record."""

    def change(function: Callable[[dict[str, Any]], object]) -> Path:
        records = [json.loads(line) for line in demo_results.read_text().splitlines()]
        for record in records:
            function(record)
        path = tmp_path / "changed.ndjson"
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
        return path

    return change


@pytest.mark.parametrize("name", FORMATS)
def test_a_run_writes_the_report_that_its_results_file_gives_again(
    tmp_path: Path, demo: Path, kit: Kit, name: str
) -> None:
    results, report = tmp_path / "results.ndjson", tmp_path / "reports" / "report"
    options = ("--impls", "pycrdt,yjs", "--vectors", demo, "--results", results, "--format", name)
    assert conformance(*options, "--output", report).code == 1
    again = tmp_path / "again"
    assert kit("report", results, "--format", name, "--output", again).code == 0
    assert report.read_text() == again.read_text() != ""


def test_ndjson_is_the_results_file(tmp_path: Path, demo: Path) -> None:
    results = tmp_path / "results.ndjson"
    options = ("--impls", "pycrdt", "--vectors", demo, "--results", results, "--format", "ndjson")
    assert conformance(*options).out == results.read_text()


def test_the_terminal_report_of_a_failure_is_ready_to_paste(kit: Kit, demo_results: Path) -> None:
    out = kit("report", demo_results).out
    block = out[out.index("demo/wrong  pycrdt alone") :]
    lines = dict(line.strip().split(None, 1) for line in block.splitlines()[1:] if line.startswith("  "))
    failing = read(demo_results).of("demo/wrong", "pycrdt")
    assert "delivered, state of a as @a.state, answered by pycrdt" in block
    assert '"cba"' in lines["expected"] and '"abc"' in lines["observed"]
    assert 'pycrdt, yjs: {"t":{"$text":"abc"}}' in block
    assert 'String "abc" in root "t"' in block
    assert f"python -m conformance explain {next(iter(failing['bytes'].values()))}" in block
    assert failing["signature"] in block
    assert "python -m conformance --impls pycrdt --filter demo/wrong --castings solo" in block


def test_a_matrix_counts_what_passed_and_marks_the_rest(kit: Kit, demo_results: Path) -> None:
    out = kit("report", demo_results, "--format", "markdown").out
    results = read(demo_results)

    def cell(writer: str, reader: str) -> str:
        verdicts = [
            "informational" if record.get("level") == "informational" else record["verdict"]
            for record in results.all
            if (record["cast"][0], record["cast"][-1]) == (writer, reader)
        ]
        marks = [("unsupported", "u"), ("informational", "i"), ("fail", "!")]
        counts = [f"{verdicts.count(name)}{mark}" for name, mark in marks if name in verdicts]
        return " ".join([str(verdicts.count("pass")), *counts])

    for writer in ("pycrdt", "yjs"):
        assert f"| {writer} | {cell(writer, 'pycrdt')} | {cell(writer, 'yjs')} |" in out.splitlines()
    assert "u" in cell("pycrdt", "pycrdt") and "!" in cell("yjs", "yjs") and "i" in cell("yjs", "pycrdt")


def test_junit_has_a_test_case_per_result(kit: Kit, demo_results: Path) -> None:
    root = ElementTree.fromstring(kit("report", demo_results, "--format", "junit").out)
    results = read(demo_results)
    assert {suite.get("name") for suite in root} == {"pycrdt", "yjs", "pycrdt -> yjs", "yjs -> pycrdt"}
    assert int(root.get("tests", "")) == len(results.all) == len(list(root.iter("testcase")))
    failed = [record for record in results.all if record["verdict"] == "fail" and record["level"] == "required"]
    assert int(root.get("failures", "")) == len(failed) == len(list(root.iter("failure")))
    assert {skipped.get("message") for skipped in root.iter("skipped")} == {"informational", "pycrdt has no convert"}


def test_clusters_are_the_answers_of_each_alone(demo_results: Path) -> None:
    from conformance.report.summary import clusters

    summary = summarize(demo_results)
    found = clusters(summary, read(demo_results).of("demo/wrong", "yjs", "pycrdt"))
    assert [(cluster.labels, cluster.answer) for cluster in found] == [(("pycrdt", "yjs"), {"t": {"$text": "abc"}})]


def test_who_answered_first_is_not_seen_in_a_report(demo_results: Path, tmp_path: Path) -> None:
    run, *results, end = demo_results.read_bytes().splitlines()
    other = tmp_path / "other.ndjson"
    other.write_bytes(b"\n".join((run, *reversed(results), end, b"")))
    casts = [
        [record["cast"] for record in summarize(file).failing if record["case"] == "demo/wrong"]
        for file in (demo_results, other)
    ]
    assert len(casts[0]) > 2
    assert casts[0] == casts[1]


# What a library says may be anything: half a surrogate pair, a control character, markup of any report's language.
NASTY = "half \ud83d, \x00, \x1b[31m, [red]x[/red], ]]> <b>&amp;</b> `code` | pipe\nand a second line"


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("to_file", [True, False], ids=["file", "stdout"])
def test_no_text_of_a_library_breaks_a_report(changed: Change, tmp_path: Path, name: str, to_file: bool) -> None:
    def say_it(record: dict[str, Any]) -> None:
        if record.get("verdict") == "fail":
            record.update(verdict="crash", detail=NASTY, stderr=NASTY, culprit=record["cast"][0])
            record["failures"][0]["observed"] = {"op": "apply", "message": NASTY}
            record["signature"] = f"panic:{NASTY}"

    results = changed(say_it)
    output = tmp_path / "report"
    said = conformance("report", results, "--format", name, *(["--output", output] if to_file else []))
    assert said.code == 0, said.err
    text = output.read_text() if to_file else said.out
    assert "half" in text
    if name != "ndjson":
        assert "\x1b[31m" not in text and "\x00" not in text
    if name == "terminal":
        assert "[red]x[/red]" in text
    if name == "junit":
        ElementTree.fromstring(text)


def test_a_stale_known_divergence_is_named_in_every_report(kit: Kit, changed: Change) -> None:
    def make_stale(record: dict[str, Any]) -> None:
        if record["type"] == "end":
            entry = {"divergence": "old-bug", "implementation": "yjs", "case": "demo/right", "why": "it passes"}
            record["stale"] = [entry]

    results = changed(make_stale)
    for name in ("terminal", "markdown", "junit"):
        assert "old-bug" in kit("report", results, "--format", name).out


def test_a_run_that_was_cut_short_says_so(kit: Kit, demo_results: Path, tmp_path: Path) -> None:
    lines = demo_results.read_text().splitlines(keepends=True)
    killed = tmp_path / "killed.ndjson"
    killed.write_text("".join(lines[:5]) + '{"type":"res')
    assert "the run was cut short; go on with --resume" in kit("report", killed).out

    stopped = tmp_path / "stopped.ndjson"
    end = json.loads(lines[-1]) | {"complete": False}
    stopped.write_text("".join(lines[:5]) + json.dumps(end) + "\n")
    assert "the run was stopped before its end; go on with --resume" in kit("report", stopped).out
