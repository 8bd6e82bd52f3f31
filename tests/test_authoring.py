"""`vectors add` and `vectors fmt`: a case from a short program, and one layout for all suites."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from conformance.authoring.draft import read_draft
from conformance.authoring.layout import appended, formatted
from conformance.authoring.observing import Seen, agreed, clusters
from conformance.authoring.program import roots, steps
from conformance.errors import UsageError
from conformance.resources import data_root
from tests.conftest import Kit, demo_suite
from tests.support import conformance, one_line

if TYPE_CHECKING:
    from pathlib import Path

DRAFT = """\
suite = "demo"
title = "A delete meets an insert"
reason = "The insert is not in the delete set of the other peer, so it stays."
file = "cases.json"
program = '''
a: text.insert t 0 "hello"
a -> b
a: text.delete t 1 3
b: text.insert t 3 X
'''
"""


# --- programs ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ('a: text.insert t 0 "a b"', {"op": "text.insert", "peer": "a", "path": ["t"], "index": 0, "text": "a b"}),
        ("a: text.insert t 0 12", {"op": "text.insert", "peer": "a", "path": ["t"], "index": 0, "text": "12"}),
        ("a: map.set m/k/0 x [1]", {"op": "map.set", "peer": "a", "path": ["m", "k", 0], "key": "x", "value": [1]}),
        ("b: encode since=s as u", {"op": "encode", "peer": "b", "as": "u", "since": "s"}),
        ("b: apply u format=v2", {"op": "apply", "peer": "b", "update": "u", "format": "v2"}),
        ('b: apply {"base64": "AAA="}', {"op": "apply", "peer": "b", "update": {"base64": "AAA="}}),
        ("a: snapshot as s", {"op": "snapshot", "peer": "a", "as": "s"}),
        (
            'a: { text.delete t 0 1; map.set m k "a;b" } as u',
            {"op": "transact", "peer": "a", "as": "u", "steps": [
                {"op": "text.delete", "peer": "a", "path": ["t"], "index": 0, "length": 1},
                {"op": "map.set", "peer": "a", "path": ["m"], "key": "k", "value": "a;b"},
            ]},
        ),
    ],
)  # fmt: skip
def test_a_line_is_a_step(line: str, step: dict[str, Any]) -> None:
    assert steps([line]) == [step]


def test_an_arrow_hands_over_all_that_a_peer_knows() -> None:
    found = steps(["# who writes", "a -> b, c"])
    assert [step["op"] for step in found] == ["encode", "apply", "apply"]
    assert [step["peer"] for step in found] == ["a", "b", "c"]
    assert found[1]["update"] == found[0]["as"]


def test_roots_are_seen_by_the_ops_on_them() -> None:
    assert roots(steps(["a: map.set m k 1", "a: { array.insert l 0 [1] }"])) == {"m": "map", "l": "array"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("text.insert t 0 x", "write PEER: OP ARGUMENTS, or PEER -> PEER"),
        ("a: text.delete t 0 1 2", "'2' is one argument too many for text.delete"),
        ('a: text.insert t 0 "x', "there is no closing quote"),
        ("a: array.insert l 0 [1", "there is no ]"),
    ],
)
def test_a_bad_line_is_named(line: str, message: str) -> None:
    with pytest.raises(UsageError, match=r"line 2 of the program") as raised:
        steps(["# first", line])
    assert message in str(raised.value)


# --- add ---------------------------------------------------------------------------------------------------------


def test_what_a_draft_leaves_out_is_filled_in(tmp_path: Path) -> None:
    (tmp_path / "draft.toml").write_text(DRAFT)
    case = read_draft(tmp_path / "draft.toml").case
    assert case["id"] == "demo/a-delete-meets-an-insert"
    assert case["peers"] == {"a": {"client": 1}, "b": {"client": 2}}
    assert case["roots"] == {"t": "text"}
    assert case["level"] == "required"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (DRAFT.replace("reason", "title2"), "reason is missing; say why the expected value is right"),
        (DRAFT + "colour = 1\n", "unknown key colour"),
        ("suite =", "is not TOML"),
    ],
)
def test_a_bad_draft_is_one_line(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "draft.toml").write_text(text)
    said = conformance("vectors", "add", tmp_path / "draft.toml")
    assert said.code == 2
    assert message in one_line(said)


def seen(name: str, engine: str, text: str | None, *lossy: str) -> Seen:
    expect = None if text is None else {"converged": {"state": {"t": {"$text": text}}, "state_vector": {"1": 1}}}
    return Seen(name, engine, lossy, expect)


@pytest.mark.parametrize(
    ("answers", "members"),
    [
        ([seen("yjs", "yjs", "x"), seen("yrs", "yrs", "x"), seen("ypy", "yrs", "y")], ["yjs", "yrs"]),
        ([seen("yrs", "yrs", "x"), seen("ypy", "yrs", "x"), seen("yjs", "yjs", "y")], None),
        ([seen("yjs", "yjs", "x"), seen("yrs", "yrs", None)], None),
        ([seen("yjs", "yjs", None), seen("yrs", "yrs", None)], None),
    ],
)
def test_two_engines_must_agree(answers: list[Seen], members: list[str] | None) -> None:
    best = agreed(clusters(answers))
    assert (sorted(member.name for member in best.members) if best else None) == members


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of vectors with the demo suite."""
    target = tmp_path / "vectors"
    (target / "demo").mkdir(parents=True)
    shutil.copytree(data_root() / "vectors" / "schema", target / "schema")
    (target / "demo" / "cases.json").write_text(formatted(json.dumps(demo_suite()), "demo"))
    (tmp_path / "draft.toml").write_text(DRAFT)
    return target


def test_a_case_is_added_with_what_independent_implementations_saw(kit: Kit, folder: Path) -> None:
    file = folder / "demo" / "cases.json"
    before = file.read_text()
    said = kit("vectors", "add", folder.parent / "draft.toml", "--folder", folder, "--impls", "yjs,pycrdt")
    assert said.code == 0, said.out
    text = file.read_text()
    assert text.startswith(before[: before.rindex("}\n  ]")])  # what stood there is as it was
    case = json.loads(text)["cases"][-1]
    assert case["expect"]["converged"] == {"state": {"t": {"$text": "hXo"}}, "state_vector": {"1": 5, "2": 1}}
    assert case["expect"]["delivered"]["a"]["state"] == {"t": {"$text": "ho"}}
    assert kit("vectors", "lint", file).code == 0
    assert kit("vectors", "manifest", folder, "--check").code == 0

    again = conformance("vectors", "add", folder.parent / "draft.toml", "--folder", folder, "--impls", "yjs,pycrdt")
    assert "is taken, and ids are permanent" in one_line(again)


def test_one_engine_is_not_enough(kit: Kit, folder: Path) -> None:
    before = (folder / "demo" / "cases.json").read_text()
    said = kit("vectors", "add", folder.parent / "draft.toml", "--folder", folder, "--impls", "pycrdt")
    assert said.code == 1
    assert "no two independent implementations agree" in said.out
    assert "pycrdt (yrs)" in said.out
    assert (folder / "demo" / "cases.json").read_text() == before


def test_an_expectation_that_nobody_meets_is_not_written(kit: Kit, folder: Path) -> None:
    draft = folder.parent / "draft.toml"
    draft.write_text(DRAFT + '[expect.converged]\nstate = {t = {"$text" = "ho"}}\n')
    said = kit("vectors", "add", draft, "--folder", folder, "--impls", "yjs,pycrdt")
    assert said.code == 1
    assert "expected by its author" in said.out
    assert "hXo" in said.out


# --- fmt ---------------------------------------------------------------------------------------------------------


def test_only_white_space_changes() -> None:
    text = json.dumps(demo_suite()).replace('"level"', '"n": 1.50e3, "s": "\\u00e9 \\ud83d", "level"')
    laid_out = formatted(text, "demo")
    assert "1.50e3" in laid_out and "\\u00e9 \\ud83d" in laid_out
    assert json.loads(laid_out) == json.loads(text)
    assert formatted(laid_out, "demo") == laid_out


def test_a_step_is_a_line() -> None:
    lines = formatted(json.dumps(demo_suite()), "demo").splitlines()
    assert '        {"op": "text.insert", "peer": "a", "path": ["t"], "index": 0, "text": "abc"},' in lines


def test_a_case_can_be_put_behind_the_others() -> None:
    suite = json.loads(appended('{"cases": [{"id": 1}], "title": "x"}', '{"id": 2}'))
    assert suite == {"cases": [{"id": 1}, {"id": 2}], "title": "x"}


def test_fmt_writes_and_checks(kit: Kit, tmp_path: Path) -> None:
    file = tmp_path / "cases.json"
    file.write_text(json.dumps(demo_suite()))
    assert kit("vectors", "fmt", "--check", file).code == 1
    assert kit("vectors", "fmt", file).code == 0
    assert kit("vectors", "fmt", "--check", file).code == 0
    file.write_text("{")
    assert "not JSON" in one_line(conformance("vectors", "fmt", file))
