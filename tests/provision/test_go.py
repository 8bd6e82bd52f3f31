"""Modules of Go, built with the real go."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from conformance.model.manifest import Manifest, load_manifest
from conformance.provision import available, releases
from tests.provision.support import only_these_programs, provided, refused, version_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def module(tmp_path: Path) -> Manifest:
    """A runner in Go of twenty lines that hosts the module uuid."""
    source = tmp_path / "kit/uuid-runner"
    source.mkdir(parents=True)
    (source / "go.mod").write_text(
        "module uuid-runner\n\ngo 1.19\n\nrequire github.com/google/uuid v1.6.0\n", encoding="utf-8"
    )
    (source / "go.sum").write_text(
        "github.com/google/uuid v1.6.0 h1:NIvaJDMOsjHA8n1jAhLSgzrAzy1Hgr+hNrb57e+94F0=\n"
        "github.com/google/uuid v1.6.0/go.mod h1:TIyPZe4MgqvfeYDBFedMoGGpEw/LqOeaOT+nhxU+yHo=\n",
        encoding="utf-8",
    )
    (source / "main.go").write_text(
        "package main\n\n"
        'import (\n\t"fmt"\n\t"runtime/debug"\n\t"strings"\n\n\t"github.com/google/uuid"\n)\n\n'
        "func main() {\n"
        "\tuuid.New()\n"
        "\tbuilt, _ := debug.ReadBuildInfo()\n"
        "\tversion := built.Deps[0].Version\n"
        "\tif built.Deps[0].Replace != nil {\n\t\tversion = uuid.Nil.String()\n\t}\n"
        '\tfmt.Printf("{\\"hello\\": {\\"version\\": %q}}\\n", strings.TrimPrefix(version, "v"))\n'
        "}\n",
        encoding="utf-8",
    )
    manifest = tmp_path / "kit/uuid.toml"
    manifest.write_text(
        'name = "uuid"\ntitle = "uuid"\nhomepage = "https://github.com/google/uuid"\nlanguage = "go"\n'
        'provider = "go"\npackage = "github.com/google/uuid"\nversion = "1.6.0"\nsupported = ">=1.0.0,<2"\n'
        'requires = { go = ">=1.19" }\nsource = "uuid-runner"\nbinary = "uuid-runner"\n'
        'argv = ["{binary}"]\nhint = "install Go"\n',
        encoding="utf-8",
    )
    return load_manifest(manifest)


needs_go = pytest.mark.skipif(not shutil.which("go"), reason="there is no go on PATH")


class TestGo:
    @needs_go
    def test_the_proxy_lists_releases(self, module: Manifest) -> None:
        assert {"1.0.0", "1.6.0"} <= set(releases(module, print))

    @needs_go
    def test_versions_and_a_changed_runner(self, module: Manifest) -> None:
        launch, lines = provided("uuid", module)
        assert lines[0] == "uuid: building the runner with go (some seconds, once)"
        assert version_of(launch) == "1.6.0"
        assert provided("uuid", module) == (launch, [])

        assert version_of(provided("uuid@1.5.0", module)[0]) == "1.5.0"
        assert "2.0.0 is outside" in refused("uuid@2.0.0", module).what

        assert module.source is not None
        (module.source / "main_test.go").write_text("package main\n", encoding="utf-8")
        assert provided("uuid", module)[0] == launch
        with (module.source / "main.go").open("a", encoding="utf-8") as file:
            file.write("// changed\n")
        assert provided("uuid", module)[0] != launch

    @needs_go
    def test_a_version_that_is_not_served(self, module: Manifest) -> None:
        error = refused("uuid@1.6.999", module)
        assert error.what.startswith("go cannot get github.com/google/uuid@v1.6.999: ")
        assert error.mend.startswith("name another version")
        assert "uuid/@v/v1.6.999.info" in error.detail

    @needs_go
    def test_without_a_network(self, module: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GOPROXY", "http://127.0.0.1:9")
        monkeypatch.setenv("GOMODCACHE", str(tmp_path / "modules"))
        assert refused("uuid@1.4.0", module).what.endswith("the package index cannot be reached")

    @needs_go
    def test_the_pinned_version_is_what_go_sum_has(self, module: Manifest) -> None:
        assert module.source is not None
        (module.source / "go.sum").write_text(
            f"github.com/google/uuid v1.6.0 h1:{43 * 'A'}=\n"
            "github.com/google/uuid v1.6.0/go.mod h1:TIyPZe4MgqvfeYDBFedMoGGpEw/LqOeaOT+nhxU+yHo=\n",
            encoding="utf-8",
        )
        error = refused("uuid", module)
        assert error.what == "go cannot build the runner"
        assert "checksum mismatch" in error.detail

    @needs_go
    def test_a_checkout(self, module: Manifest, tmp_path: Path) -> None:
        checkout = tmp_path / "checkout/uuid"
        checkout.mkdir(parents=True)
        (checkout / "go.mod").write_text("module github.com/google/uuid\n\ngo 1.19\n", encoding="utf-8")
        (checkout / "uuid.go").write_text(
            "package uuid\n\n"
            "type UUID struct{}\n\n"
            "var Nil UUID\n\n"
            "func New() UUID { return Nil }\n\n"
            'func (UUID) String() string { return "of the checkout" }\n',
            encoding="utf-8",
        )
        launch, _ = provided(f"uuid={checkout}", module)
        assert version_of(launch) == "of the checkout"
        assert provided(f"uuid={checkout}", module) == (launch, [])
        assert version_of(provided(f"uuid={checkout.parent}", module)[0]) == "of the checkout"
        assert "holds no module github.com/google/uuid" in refused(f"uuid={tmp_path / 'kit'}", module).what

    @needs_go
    def test_the_surroundings_do_not_decide_what_is_linked(
        self, module: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "go.work").write_text("go 1.19\n", encoding="utf-8")
        monkeypatch.setenv("GOWORK", str(tmp_path / "go.work"))
        monkeypatch.setenv("GOFLAGS", "-mod=vendor")
        assert module.source is not None
        with (module.source / "main.go").open("a", encoding="utf-8") as file:
            file.write("// built once more\n")
        assert version_of(provided("uuid", module)[0]) == "1.6.0"

    @needs_go
    def test_the_end_of_the_output_is_in_the_error(self, module: Manifest) -> None:
        assert module.source is not None
        (module.source / "main.go").write_text("package main\n\nfunc main() { broken() }\n", encoding="utf-8")
        error = refused("uuid", module)
        assert error.what == "go cannot build the runner"
        assert "undefined: broken" in error.detail

    def test_without_a_suitable_go(self, module: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("YJS_CONFORMANCE_CACHE", str(tmp_path / "cache"))  # Nothing is built there.
        monkeypatch.setenv("PATH", only_these_programs(tmp_path / "bin", "sh"))
        assert available(module) == "no go is on PATH to build the runner"
        assert refused("uuid", module).mend == "install Go"
        old = tmp_path / "bin/go"
        old.write_text("#!/bin/sh\necho go version go1.18.10 linux/amd64\n", encoding="utf-8")
        old.chmod(0o755)
        assert available(module) == f"building the runner needs Go >=1.19; {old} is 1.18.10"
        assert refused("uuid", module).what == available(module)
