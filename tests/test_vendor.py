"""`vendor`: a port's author copies vectors, updates the copy, and sees what drifted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from conformance.model.vector import load_cases
from conformance.resources import data_root
from tests.conftest import Kit, demo_suite, write_suite

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def copy(kit: Kit, demo: Path, tmp_path: Path) -> Path:
    """A copy of the demo suite."""
    folder = tmp_path / "port" / "conformance"
    assert kit("vendor", folder, "--vectors", demo).code == 0
    return folder


def files(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}


def test_a_copy_holds_suites_schemas_and_documents(kit: Kit, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    said = kit("vendor", folder, "--suites", "text,map")
    assert said.code == 0
    assert {path.split("/")[1] for path in files(folder) if path.startswith("vectors/")} - {"requirements"} == {
        "text",
        "map",
        "schema",
    }
    assert {"LICENSE", "runners/PROTOCOL.md", "docs/vectors.md", "manifest.json"} <= files(folder)
    for path in files(folder) - {"manifest.json"}:
        assert (folder / path).read_bytes() == (data_root() / path).read_bytes()

    listed = json.loads((folder / "manifest.json").read_text())
    assert listed["suites"] == ["text", "map"]
    assert "text/insert-into-empty" in listed["files"]["vectors/text/basic.json"]["cases"]


def test_a_copy_is_a_folder_of_vectors(kit: Kit, copy: Path) -> None:
    assert [case.id for case in load_cases([copy])] == [case["id"] for case in demo_suite()["cases"]]
    assert kit("list", "--vectors", copy).out.endswith("5 cases\n")


def test_a_second_time_updates(kit: Kit, demo: Path, copy: Path) -> None:
    assert "nothing to do" in kit("vendor", copy, "--vectors", demo).out

    (demo / "demo" / "cases.json").rename(demo / "demo" / "moved.json")
    said = kit("vendor", copy, "--vectors", demo)
    assert said.code == 0
    assert "vectors/demo/cases.json is removed" in said.out
    assert "vectors/demo/moved.json is added" in said.out
    assert kit("vendor", "--check", copy, "--vectors", demo).code == 0


def test_an_update_keeps_to_the_suites_of_the_copy(kit: Kit, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    kit("vendor", folder, "--suites", "map")
    assert "nothing to do" in kit("vendor", folder).out
    assert kit("vendor", "--check", folder).code == 0


def test_a_clean_copy_passes_the_check(kit: Kit, demo: Path, copy: Path) -> None:
    said = kit("vendor", "--check", copy, "--vectors", demo)
    assert said.code == 0
    assert "5 cases in 1 files" in said.out


def test_drift_is_named_file_by_file(kit: Kit, demo: Path, copy: Path) -> None:
    (copy / "LICENSE").write_text("mine now")
    (copy / "docs" / "vectors.md").unlink()
    (copy / "vectors" / "demo" / "own.json").write_text("{}")
    (copy / ".gitattributes").write_text("* -text")
    write_suite(demo, {**demo_suite(), "title": "A newer title"})

    said = kit("vendor", "--check", copy, "--vectors", demo)
    assert said.code == 1
    assert said.out.splitlines()[:-1] == [
        "LICENSE was changed here",
        "docs/vectors.md is missing here",
        "vectors/demo/cases.json is older than the kit's",
        "vectors/demo/own.json is not of the kit",
    ]


def test_what_was_changed_in_a_copy_is_not_overwritten_unasked(kit: Kit, demo: Path, copy: Path) -> None:
    file = copy / "vectors" / "demo" / "cases.json"
    file.write_text("my own case")
    said = kit("vendor", copy, "--vectors", demo)
    assert said.code == 2
    assert "cases.json was changed there" in said.err
    assert file.read_text() == "my own case"

    assert kit("vendor", copy, "--vectors", demo, "--force").code == 0
    assert kit("vendor", "--check", copy, "--vectors", demo).code == 0


@pytest.mark.parametrize(
    "manifest", ["", "[]", '{"files": {}}', '{"kit": "1", "suites": [], "files": {"../x": {"sha256": ""}}}']
)
def test_a_folder_of_something_else_is_left_alone(kit: Kit, tmp_path: Path, manifest: str) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "manifest.json").write_text(manifest)
    for arguments in ([folder], ["--check", folder], ["--force", folder]):
        said = kit("vendor", *arguments)
        assert said.code == 2
        assert "is not empty and holds no copy" in said.err and len(said.err.splitlines()) == 1
    assert files(folder) == {"manifest.json"}


def test_there_is_nothing_to_check_in_an_empty_folder(kit: Kit, tmp_path: Path) -> None:
    said = kit("vendor", "--check", tmp_path)
    assert said.code == 2 and "holds no copy" in said.err


def test_a_suite_that_does_not_exist(kit: Kit, demo: Path, tmp_path: Path) -> None:
    said = kit("vendor", tmp_path / "copy", "--vectors", demo, "--suites", "demo,poetry")
    assert said.code == 2
    assert "there is no suite poetry; there are demo" in said.err
    assert not (tmp_path / "copy").exists()
