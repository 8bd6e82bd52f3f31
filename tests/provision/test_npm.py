"""Packages of npm, with the real npm."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from conformance.resources import cache_root
from tests.provision.support import MANIFESTS, module_of, only_these_programs, provided, refused, version_of


class TestNpm:
    def test_the_pinned_versions_share_one_environment(self) -> None:
        launch, lines = provided("yjs")
        assert lines == ["yjs: installing the pinned packages from npm (once)"]
        assert version_of(launch) == MANIFESTS["yjs"].version
        assert provided("yjs") == (launch, [])
        for name in ("yjs14", "ywasm"):
            launch, lines = provided(name)
            assert not lines
            assert version_of(launch) == MANIFESTS[name].version

    @pytest.mark.parametrize("text", ["yjs@13.5.0", "ywasm@0.16.10"])
    def test_another_version_gets_an_environment_of_its_own(self, text: str) -> None:
        launch, lines = provided(text)
        assert len(lines) == 1
        assert version_of(launch) == text.partition("@")[2]
        assert provided(text) == (launch, [])

    def test_the_pinned_version_by_number_is_the_pinned_one(self) -> None:
        assert provided(f"yjs@{MANIFESTS['yjs'].version}")[0] == provided("yjs")[0]

    def test_a_version_that_the_runner_cannot_host(self) -> None:
        assert refused("yjs@12.0.0").what == "the runner hosts yjs >=13.0.0,<14.0.0-0, and 12.0.0 is outside"

    def test_a_version_that_does_not_exist(self, cache: Path) -> None:
        error = refused("yjs@13.5.999")
        assert "there is no such version" in error.what
        assert "ETARGET" in error.detail
        assert Path(error.detail.rpartition(" ")[2]).is_relative_to(cache)

    def test_a_tarball(self, tmp_path: Path) -> None:
        folder = module_of(provided("yjs")[0])
        subprocess.run(["npm", "pack", "--ignore-scripts", str(folder)], cwd=tmp_path, check=True, capture_output=True)
        (tarball,) = tmp_path.glob("yjs-*.tgz")
        launch, lines = provided(f"yjs={tarball}")
        assert len(lines) == 1
        assert version_of(launch) == MANIFESTS["yjs"].version
        assert provided(f"yjs={tarball}") == (launch, [])

    def test_a_checkout_with_its_dependencies_is_used_in_place(self, tmp_path: Path) -> None:
        installed = module_of(provided("yjs@13.5.0")[0])
        shutil.copytree(installed, tmp_path / "yjs")
        shutil.copytree(installed.parent / "lib0", tmp_path / "yjs/node_modules/lib0")
        shutil.copytree(installed.parent / "isomorphic.js", tmp_path / "yjs/node_modules/isomorphic.js")
        launch, lines = provided(f"yjs={tmp_path}/yjs")
        assert (module_of(launch), lines) == (tmp_path / "yjs", [])
        assert version_of(launch) == "13.5.0"

    def test_a_folder_without_its_dependencies_is_installed_again_when_it_changes(self, tmp_path: Path) -> None:
        shutil.copytree(module_of(provided("yjs@13.5.0")[0]), tmp_path / "yjs")
        launch, lines = provided(f"yjs={tmp_path}/yjs")
        assert len(lines) == 1
        assert version_of(launch) == "13.5.0"
        assert provided(f"yjs={tmp_path}/yjs") == (launch, [])
        (tmp_path / "yjs/README.md").write_text("changed", encoding="utf-8")
        changed, lines = provided(f"yjs={tmp_path}/yjs")
        assert len(lines) == 1
        assert module_of(changed) != module_of(launch)

    def test_a_folder_of_something_else(self, tmp_path: Path) -> None:
        assert "there is nothing at" in refused(f"yjs={tmp_path}/none").what
        assert "holds no package.json" in refused(f"yjs={tmp_path}").what
        (tmp_path / "package.json").write_text('{"name": "automerge"}', encoding="utf-8")
        assert "is the npm package 'automerge'" in refused(f"yjs={tmp_path}").what
        (tmp_path / "package.json").write_text('{"name": "yjs", "main": "dist/yjs.cjs"}', encoding="utf-8")
        assert "is not built: dist/yjs.cjs is missing" in refused(f"yjs={tmp_path}").what

    def test_without_a_network(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
        monkeypatch.setenv("npm_config_prefer_online", "true")
        monkeypatch.setenv("npm_config_fetch_retries", "0")
        error = refused("yjs@13.5.1")
        assert error.what.endswith("the package index cannot be reached")
        assert "proxy" in error.mend

    def test_without_node_one_comes_from_a_wheel(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", only_these_programs(tmp_path / "bin", "sh"))
        launch, lines = provided("yjs@13.5.2")
        assert any("installing one from PyPI" in line for line in lines)
        assert Path(launch.argv[0]).is_relative_to(cache_root())
        assert version_of(launch) == "13.5.2"
        assert provided("yjs@13.5.2") == (launch, [])

    def test_a_node_that_is_too_old_does_not_count(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        old = tmp_path / "node"
        old.write_text("#!/bin/sh\necho v18.20.0\n", encoding="utf-8")
        old.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
        assert Path(provided("yjs")[0].argv[0]).is_relative_to(cache_root())
