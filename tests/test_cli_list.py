"""`list` and `info`: what there is to run, and on what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.model.manifest import load_manifests
from conformance.resources import data_root

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.conftest import Kit


def test_vectors_are_listed_by_suite_with_counts(kit: Kit, demo: Path) -> None:
    said = kit("list", "--vectors", demo)
    assert said.code == 0
    title, first, *_, count = said.out.splitlines()
    assert title == "demo (5)"
    assert first.split()[:2] == ["demo/right", "required"]
    assert count == "5 cases"
    assert not any(line.endswith(" ") for line in said.out.splitlines())


def test_vectors_are_selected_as_in_a_run(kit: Kit, demo: Path) -> None:
    def listed(*options: str) -> list[str]:
        return [case["id"] for case in kit("list", "vectors", "--vectors", demo, "--json", *options).json]

    assert listed("--filter", "demo/w*") == ["demo/wrong", "demo/wrong-but-informational"]
    assert listed("--feature", "text.delete") == ["demo/delete"]
    assert listed("--feature", "flagged") == ["demo/right"]
    assert "demo/wrong-but-informational" not in listed("--level", "recommended")


def test_shipped_vectors_are_the_default(kit: Kit) -> None:
    assert "text/insert-into-empty" in {case["id"] for case in kit("list", "--json").json}


def test_an_implementation_that_is_named_is_provided_and_asked(kit: Kit) -> None:
    (entry,) = kit("list", "--impls", "pycrdt", "--json").json
    assert entry["available"] and entry["version"] == entry["pinned"]
    assert "text.insert" in entry["features"]
    assert isinstance(entry["lossy"], list)

    table = kit("list", "implementations", "--impls", "pycrdt").out
    assert "features: apply, " in table


def test_without_names_every_implementation_is_listed_and_none_installed(
    kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YJS_CONFORMANCE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))
    entries = {entry["name"]: entry for entry in kit("list", "implementations", "--json").json}
    assert entries.keys() == load_manifests(data_root()).keys()
    assert not [name for name, entry in entries.items() if not entry["features"] and not entry["reason"]]
    assert not list((tmp_path / "cache").glob("envs/[!.]*"))


def test_a_runner_of_ones_own_that_does_not_work_says_why(kit: Kit, tmp_path: Path) -> None:
    manifest = tmp_path / "mine.toml"
    manifest.write_text(
        'name = "mine"\ntitle = "Mine"\nhomepage = "https://example.org"\nlanguage = "c"\n'
        'provider = "command"\nargv = ["false"]\n'
    )
    entries = {entry["name"]: entry for entry in kit("list", "--runner", manifest, "--json").json}
    assert entries["mine"]["available"] is False
    assert "its runner is no use (crash)" in entries["mine"]["reason"]


def test_vectors_know_no_implementations(kit: Kit) -> None:
    said = kit("list", "vectors", "--impls", "yjs")
    assert said.code == 2
    assert "list implementations --impls" in said.err


def test_info_is_what_a_bug_report_needs(kit: Kit) -> None:
    said = kit("info")
    assert said.code == 0
    for title in ("kit ", "python ", "system ", "tools", "node ", "cargo ", "go ", "uv ", "pip ", "vectors ", "cache "):
        assert title in said.out

    found = kit("info", "--json").json
    assert found["implementations"].keys() == load_manifests(data_root()).keys()
    assert " cases, digest " in found["vectors"]
