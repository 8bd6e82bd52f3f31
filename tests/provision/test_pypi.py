"""Packages of PyPI, with the real pip."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.model.spec import parse_spec
from conformance.provision import available, python
from tests.provision.support import MANIFESTS, module_of, only_these_programs, provided, refused, version_of


class TestPypi:
    @pytest.mark.parametrize("text", ["pycrdt", "pycrdt@0.12.0", "ypy"])
    def test_a_version(self, text: str) -> None:
        launch, lines = provided(text)
        assert len(lines) == 1
        assert version_of(launch) == (parse_spec(text).version or MANIFESTS[text].version)
        assert provided(text) == (launch, [])

    def test_another_version_comes_with_what_the_lock_pins_and_the_part_needs(self) -> None:
        site = module_of(provided("pycrdt-websocket@0.16.4")[0])
        found = {info.stem.partition("-")[0]: info.stem.partition("-")[2] for info in site.glob("*.dist-info")}
        assert found["pycrdt_websocket"] == "0.16.4"
        lock = MANIFESTS["pycrdt-websocket"].lock
        assert lock is not None
        assert f"hypercorn=={found['hypercorn']} " in lock.read_text()

    def test_a_version_that_does_not_exist(self) -> None:
        assert "there is no such version" in refused("pycrdt@0.12.999").what

    def test_a_wheel(self, tmp_path: Path) -> None:
        download = [sys.executable, "-m", "pip", "download", "--no-deps", "-d", str(tmp_path), "pycrdt==0.12.0"]
        subprocess.run(download, check=True, capture_output=True)
        (wheel,) = tmp_path.glob("*.whl")
        launch, lines = provided(f"pycrdt={wheel}")
        assert len(lines) == 1
        assert version_of(launch) == "0.12.0"
        assert "is the package 'pycrdt'" in refused(f"ypy={wheel}").what

    def test_a_built_package_is_used_in_place(self, tmp_path: Path) -> None:
        site = module_of(provided("pycrdt")[0])
        shutil.copytree(site / "pycrdt", tmp_path / "pycrdt")
        launch, lines = provided(f"pycrdt={tmp_path}")
        assert lines == [f"pycrdt={tmp_path}: installing the dependencies of pycrdt from PyPI (once)"]
        assert module_of(launch) == tmp_path
        others = Path(launch.env["PYTHONPATH"])
        assert (others / "anyio").is_dir()
        assert not (others / "pycrdt").exists()

    def test_a_source_tree_is_built(self, tmp_path: Path) -> None:
        (tmp_path / "pyproject.toml").write_text(
            '[build-system]\nrequires = ["hatchling>=1.27"]\nbuild-backend = "hatchling.build"\n'
            '[project]\nname = "tiny-crdt"\nversion = "1.0"\n',
            encoding="utf-8",
        )
        (tmp_path / "tiny_crdt").mkdir()
        (tmp_path / "tiny_crdt/__init__.py").write_text("", encoding="utf-8")
        tiny = replace(MANIFESTS["pycrdt"], name="tiny", package="tiny_crdt", module="tiny_crdt", lock=None)
        launch, _ = provided(f"tiny={tmp_path}", tiny)
        assert (module_of(launch) / "tiny_crdt/__init__.py").is_file()
        assert "is the package 'tiny-crdt'" in refused(f"pycrdt={tmp_path}").what

    def test_a_folder_of_something_else(self, tmp_path: Path) -> None:
        assert "is no Python package" in refused(f"pycrdt={tmp_path}").what

    def test_another_python_is_looked_for(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        other = tmp_path / "python3.19"
        other.write_text(f"#!/bin/sh\nprintf '{other}\\n3.19.1\\ncpython-319\\n'\n", encoding="utf-8")
        other.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        assert python.find(">=3.19,<3.20") == python.Interpreter(str(other), "cpython-319")

    def test_without_a_suitable_python(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        manifest = replace(MANIFESTS["ypy"], requires={"python": ">=3.7,<3.8"})
        error = refused("ypy", manifest)
        assert error.what.startswith("it needs Python >=3.7,<3.8; this one is 3.")
        assert error.mend == manifest.hint
        assert available(manifest) == error.what

    def test_with_pip_where_uv_is_missing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", only_these_programs(tmp_path / "bin", "sh"))
        launch, lines = provided("pycrdt@0.12.1")
        assert len(lines) == 1
        assert version_of(launch) == "0.12.1"
