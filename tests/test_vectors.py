"""`vectors`: the shipped files are valid and vouched for, and the checks find what they are for."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from conformance.errors import UsageError
from conformance.model.vector import case_json, load_cases
from tests.conftest import Kit, demo_suite, write_suite

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Suite = dict[str, Any]


def test_shipped_vectors_are_valid(kit: Kit) -> None:
    said = kit("vectors", "lint")
    assert said.code == 0, said.out


def test_the_shipped_manifest_is_up_to_date(kit: Kit) -> None:
    said = kit("vectors", "manifest", "--check")
    assert said.code == 0, said.out


def test_no_id_of_the_last_release_is_lost(kit: Kit) -> None:
    said = kit("vectors", "ids")
    assert said.code == 0, said.out


def rename_suite(suite: Suite) -> None:
    suite["suite"] = "other"


def wrong_prefix(suite: Suite) -> None:
    suite["cases"][0]["id"] = "text/right"


def same_id(suite: Suite) -> None:
    suite["cases"][1]["id"] = suite["cases"][0]["id"]


def undeclared_flag(suite: Suite) -> None:
    suite["cases"][0]["flags"] = ["surprising"]


def short_reason(suite: Suite) -> None:
    suite["cases"][0]["reason"] = "It just is."


def title_as_reason(suite: Suite) -> None:
    suite["cases"][0]["title"] = suite["cases"][0]["reason"].rstrip(".")


def peer_that_is_a_library(suite: Suite) -> None:
    case = suite["cases"][0]
    case["peers"] = {"yjs": case["peers"].pop("a")}
    case["steps"][0]["peer"] = "yjs"


def unknown_op(suite: Suite) -> None:
    suite["cases"][0]["steps"][0]["op"] = "text.invent"


def empty_slot(suite: Suite) -> None:
    suite["cases"][0]["steps"].append({"op": "apply", "peer": "a", "update": "nowhere"})


def unknown_peer(suite: Suite) -> None:
    suite["cases"][0]["steps"][0]["peer"] = "b"


def unknown_root(suite: Suite) -> None:
    suite["cases"][0]["steps"][0]["path"] = ["elsewhere"]


def repeated_and_observed(suite: Suite) -> None:
    suite["cases"][0]["steps"][0] |= {"times": 3, "as": "u"}


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (repeated_and_observed, "case demo/right, at cases/0/steps/0"),
        (rename_suite, "suite is other, but the folder is demo"),
        (wrong_prefix, "case text/right: ids in this folder begin with demo/"),
        (same_id, "case demo/right: the id also stands in "),
        (undeclared_flag, "case demo/right: the flag surprising is not in the file's notes"),
        (short_reason, "case demo/right: the reason does not say why"),
        (title_as_reason, "case demo/right: the reason does not say why"),
        (peer_that_is_a_library, "case demo/right: the peer yjs is an implementation"),
        (unknown_op, "case demo/right, at cases/0/steps/0"),
        (empty_slot, "case demo/right, step 2 (apply): nothing filled the slot nowhere"),
        (unknown_peer, "case demo/right, step 1 (text.insert): no peer b"),
        (unknown_root, "case demo/right, step 1 (text.insert): no root elsewhere"),
    ],
)
def test_lint_names_file_case_and_fault_in_a_line(
    kit: Kit, tmp_path: Path, spoil: Callable[[Suite], None], complaint: str
) -> None:
    suite = demo_suite()
    spoil(suite)
    said = kit("vectors", "lint", write_suite(tmp_path, suite))
    assert said.code == 2
    (line,) = said.out.splitlines()
    assert line.startswith(f"{tmp_path / 'demo' / 'cases.json'}: {complaint}")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{", "is not JSON"),
        ('{"suite": "demo", "suite": "demo"}', "the key 'suite' stands twice"),
        ("[]", "is not of type 'object'"),
    ],
)
def test_lint_of_what_is_no_suite(kit: Kit, demo: Path, content: str, complaint: str) -> None:
    (demo / "demo" / "cases.json").write_text(content)
    said = kit("vectors", "lint", demo)
    assert said.code == 2 and complaint in said.out


def test_a_step_is_performed_as_often_as_it_says(tmp_path: Path) -> None:
    suite = demo_suite()
    insert = suite["cases"][0]["steps"][0]
    once = {**insert, "text": "once"}
    written = [once, {**insert, "times": 9}, once, {"op": "transact", "peer": "a", "steps": [{**insert, "times": 8}]}]
    suite["cases"][0]["steps"] = written
    case = load_cases([write_suite(tmp_path, suite)])[0]
    assert case.steps == [once, *[insert] * 9, once, {"op": "transact", "peer": "a", "steps": [insert] * 8}]
    assert case_json(case)["steps"] == written


def test_ids_are_unique_across_files(kit: Kit, demo: Path) -> None:
    (demo / "demo" / "again.json").write_text((demo / "demo" / "cases.json").read_text())
    said = kit("vectors", "lint", demo)
    assert said.code == 2
    assert len(said.out.splitlines()) == len(demo_suite()["cases"])


def test_a_manifest_is_written_and_goes_out_of_date(kit: Kit, demo: Path) -> None:
    assert kit("vectors", "manifest", "--check", demo).code == 1
    assert kit("vectors", "manifest", demo).code == 0
    assert kit("vectors", "manifest", "--check", demo).code == 0

    listed = json.loads((demo / "manifest.json").read_text())["files"]
    assert list(listed) == ["demo/cases.json"]
    assert listed["demo/cases.json"]["cases"][0] == "demo/right"

    write_suite(demo, {**demo_suite(), "title": "Another title"})
    assert kit("vectors", "manifest", "--check", demo).code == 1


def test_a_manifest_vouches_for_valid_files_only(kit: Kit, tmp_path: Path) -> None:
    suite = demo_suite()
    unknown_op(suite)
    folder = write_suite(tmp_path, suite)
    said = kit("vectors", "manifest", folder)
    assert said.code == 2
    assert not (folder / "manifest.json").exists()
    with pytest.raises(UsageError, match="demo/right"):
        load_cases([folder])


@pytest.fixture
def released(demo: Path) -> Path:
    """The demo suite in a git checkout, committed and tagged."""
    git(demo, "init", "--quiet")
    git(demo, "add", ".")
    git(demo, "commit", "--quiet", "-m", "first")
    git(demo, "tag", "v1")
    return demo


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


def test_an_id_that_was_released_must_stay(kit: Kit, released: Path) -> None:
    assert kit("vectors", "ids", released).out.startswith("all 5 ids of v1 still stand, 0 are new")

    suite = demo_suite()
    suite["cases"][0]["id"] = "demo/renamed"
    write_suite(released, suite)
    said = kit("vectors", "ids", released)
    assert said.code == 1
    assert said.out == "demo/right stood at v1 and is gone; ids are permanent, put it back\n"


def test_an_id_may_move_to_another_file(kit: Kit, released: Path) -> None:
    (released / "demo" / "cases.json").rename(released / "demo" / "moved.json")
    assert kit("vectors", "ids", "--since", "HEAD", released).code == 0


def test_before_the_first_tag_nothing_is_permanent(kit: Kit, released: Path) -> None:
    git(released, "tag", "-d", "v1")
    said = kit("vectors", "ids", released)
    assert said.code == 0 and "no tag yet" in said.out


def test_a_revision_or_a_checkout_that_is_not_there(kit: Kit, released: Path, tmp_path: Path) -> None:
    unknown = kit("vectors", "ids", "--since", "v2", released)
    assert unknown.code == 2 and "no such revision" in unknown.err
    outside = kit("vectors", "ids", tmp_path)
    assert outside.code == 2 and "is in no git checkout" in outside.err
