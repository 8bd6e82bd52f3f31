"""Runners that are there already, and a browser that one drives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.model.manifest import Manifest, load_manifest
from conformance.provision import Launch, available
from conformance.resources import data_root
from tests.provision.support import provided, refused

if TYPE_CHECKING:
    from pathlib import Path


class TestCommand:
    def test_a_runner_in_any_language(self, tmp_path: Path) -> None:
        path = tmp_path / "port.toml"
        path.write_text(
            'name = "port"\ntitle = "A port"\nhomepage = "https://example.org/"\nlanguage = "sh"\n'
            'provider = "command"\nargv = ["{here}/runner", "{root}/vectors"]\nenv = { HERE = "{here}" }\n',
            encoding="utf-8",
        )
        manifest = load_manifest(path)
        assert refused("port", manifest).what == f"there is no program '{tmp_path}/runner'"
        (tmp_path / "runner").write_text("#!/bin/sh\n", encoding="utf-8")
        (tmp_path / "runner").chmod(0o755)
        launch = Launch((f"{tmp_path}/runner", f"{data_root()}/vectors"), {"HERE": str(tmp_path)}, None)
        assert provided("port", manifest) == (launch, [])
        assert "knows no versions" in refused("port@1.0", manifest).what


class TestChromium:
    """A browser that a runner drives: it is found, not installed."""

    @pytest.fixture
    def manifest(self, tmp_path: Path) -> Manifest:
        path = tmp_path / "port.toml"
        path.write_text(
            'name = "port"\ntitle = "A port"\nhomepage = "https://example.org/"\nlanguage = "sh"\n'
            'provider = "command"\nargv = ["{here}/runner", "{chromium}"]\nrequires = { chromium = ">=100" }\n'
            'hint = "install Chromium"\n',
            encoding="utf-8",
        )
        self.program(tmp_path / "runner", "")
        return load_manifest(path)

    def program(self, path: Path, version: str) -> Path:
        path.write_text(f"#!/bin/sh\necho {version}\n", encoding="utf-8")
        path.chmod(0o755)
        return path

    def test_the_one_on_the_path_whose_version_fits(
        self, manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = tmp_path / "bin"
        folder.mkdir()
        monkeypatch.delenv("CHROME", raising=False)
        monkeypatch.setenv("PATH", f"{folder}:/bin")
        self.program(folder / "chromium", "Chromium 99.0.1 built on Debian")
        chrome = self.program(folder / "google-chrome", "Google Chrome 156.0.8078.108")
        assert provided("port", manifest)[0].argv == (f"{tmp_path}/runner", str(chrome))
        assert available(manifest) is None

    def test_a_machine_without_one(self, manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
        monkeypatch.setenv("CHROME", str(self.program(tmp_path / "own", "Chromium 50.1")))
        assert available(manifest) == f"CHROME names '{tmp_path}/own', which is no Chromium >=100"
        monkeypatch.delenv("CHROME")
        error = refused("port", manifest)
        assert error.what.startswith("it needs Chromium >=100, and none is on PATH: chromium, ")
        assert error.mend == "install Chromium"
