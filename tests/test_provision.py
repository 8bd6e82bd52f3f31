"""Provisioning with the real tools and packages, in a cache of its own."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conformance.errors import ProvisionError
from conformance.model.manifest import Manifest, load_manifest, load_manifests
from conformance.model.spec import parse_spec
from conformance.provision import Launch, available, provide, python, releases
from conformance.resources import cache_root, data_root

if TYPE_CHECKING:
    from collections.abc import Iterator

MANIFESTS = load_manifests(data_root())


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One cache for the whole file, since providing is done once."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("YJS_CONFORMANCE_CACHE", str(folder))
        yield folder


def provided(text: str, manifest: Manifest | None = None) -> tuple[Launch, list[str]]:
    """The launch of a spec and the lines that were reported."""
    spec = parse_spec(text)
    lines: list[str] = []
    return provide(spec, manifest or MANIFESTS[spec.name], lines.append), lines


def refused(text: str, manifest: Manifest | None = None) -> ProvisionError:
    """The error of a spec; its first line says everything."""
    with pytest.raises(ProvisionError) as caught:
        provided(text, manifest)
    assert caught.value.exit_code == 3
    assert "\n" not in caught.value.line
    assert str(caught.value).startswith(caught.value.line)
    return caught.value


def version_of(launch: Launch) -> str:
    """The version that the launched runner answers to a hello."""
    done = subprocess.run(
        launch.argv,
        input='{"seq": 0, "hello": {"protocol": 1}}\n',
        env={**os.environ, **launch.env},
        capture_output=True,
        text=True,
        check=True,
    )
    return str(json.loads(done.stdout)["hello"]["version"])


def module_of(launch: Launch) -> Path:
    return Path(launch.argv[-1])


def only_these_programs(folder: Path, *names: str) -> str:
    """A PATH of one folder, which holds these programs of the real one and no others."""
    folder.mkdir()
    for name in names:
        program = shutil.which(name)
        assert program is not None
        (folder / name).symlink_to(program)
    return str(folder)


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


class TestPypi:
    @pytest.mark.parametrize("text", ["pycrdt", "pycrdt@0.12.0", "ypy"])
    def test_a_version(self, text: str) -> None:
        launch, lines = provided(text)
        assert len(lines) == 1
        assert version_of(launch) == (parse_spec(text).version or MANIFESTS[text].version)
        assert provided(text) == (launch, [])

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


@pytest.fixture
def crate(tmp_path: Path) -> Manifest:
    """A runner in Rust of twenty lines that hosts the crate itoa."""
    source = tmp_path / "kit/itoa-runner"
    (source / "src").mkdir(parents=True)
    (source / "Cargo.toml").write_text(
        '[package]\nname = "itoa-runner"\nversion = "0.1.0"\nedition = "2021"\n\n[dependencies]\nitoa = "=1.0.11"\n',
        encoding="utf-8",
    )
    (source / "src/main.rs").write_text(
        'const LOCK: &str = include_str!("../../Cargo.lock");\n'
        "fn main() {\n"
        '    let itoa = LOCK.split("name = \\"itoa\\"\\nversion = \\"").nth(1).unwrap();\n'
        "    let version = itoa.split('\"').next().unwrap();\n"
        '    println!("{{\\"hello\\": {{\\"version\\": \\"{version}\\"}}}}");\n'
        "    itoa::Buffer::new().format(1);\n"
        "}\n",
        encoding="utf-8",
    )
    manifest = tmp_path / "kit/itoa.toml"
    manifest.write_text(
        'name = "itoa"\ntitle = "itoa"\nhomepage = "https://github.com/dtolnay/itoa"\nlanguage = "rust"\n'
        'provider = "cargo"\npackage = "itoa"\nversion = "1.0.11"\nsupported = ">=1.0.0,<2"\n'
        'source = "itoa-runner"\nbinary = "itoa-runner"\nargv = ["{binary}"]\nhint = "install Rust"\n',
        encoding="utf-8",
    )
    return load_manifest(manifest)


class TestCargo:
    def test_versions_and_a_changed_runner(self, crate: Manifest) -> None:
        launch, lines = provided("itoa", crate)
        assert lines[0] == "itoa: building the runner with cargo (about a minute, once)"
        assert version_of(launch) == "1.0.11"
        assert provided("itoa", crate) == (launch, [])

        assert version_of(provided("itoa@1.0.9", crate)[0]) == "1.0.9"
        error = refused("itoa@1.0.999", crate)
        assert "there is no such version" in error.what

        assert crate.source is not None
        with (crate.source / "src/main.rs").open("a", encoding="utf-8") as file:
            file.write("// changed\n")
        assert provided("itoa", crate)[0] != launch

    def test_a_checkout(self, crate: Manifest, tmp_path: Path) -> None:
        checkout = tmp_path / "checkout/itoa"
        (checkout / "src").mkdir(parents=True)
        (checkout / "Cargo.toml").write_text(
            '[package]\nname = "itoa"\nversion = "1.9.0"\nedition = "2021"\n', encoding="utf-8"
        )
        (checkout / "src/lib.rs").write_text(
            "pub struct Buffer;\n"
            "impl Buffer {\n"
            "    pub fn new() -> Self { Buffer }\n"
            "    pub fn format(&self, _: i32) {}\n"
            "}\n",
            encoding="utf-8",
        )
        for path in (checkout, checkout.parent):
            assert version_of(provided(f"itoa={path}", crate)[0]) == "1.9.0"
        assert "holds no crate itoa" in refused(f"itoa={tmp_path / 'kit'}", crate).what

    def test_the_end_of_the_output_is_in_the_error(self, crate: Manifest) -> None:
        assert crate.source is not None
        (crate.source / "src/main.rs").write_text("fn main() { broken }\n", encoding="utf-8")
        error = refused("itoa", crate)
        assert error.what == "cargo cannot build the runner"
        assert "cannot find value `broken`" in error.detail

    def test_without_cargo_an_installed_runner_does(
        self, crate: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("YJS_CONFORMANCE_CACHE", str(tmp_path / "cache"))  # Nothing is built there.
        monkeypatch.setenv("PATH", only_these_programs(tmp_path / "bin", "sh"))
        assert available(crate) == "no cargo is on PATH to build the runner, and no itoa-runner is installed"
        assert refused("itoa", crate).mend == "install Rust"
        runner = tmp_path / "bin/itoa-runner"
        runner.write_text('#!/bin/sh\necho \'{"hello": {"version": "1.0.11"}}\'\n', encoding="utf-8")
        runner.chmod(0o755)
        assert available(crate) is None
        assert provided("itoa", crate) == (Launch((str(runner),), {}, None, runner), [])
        runner.write_text('#!/bin/sh\necho \'{"hello": {"version": "1.0.10"}}\'\n', encoding="utf-8")
        assert refused("itoa", crate).what == "no cargo is on PATH to build the runner"


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


class TestCache:
    def test_two_processes_at_once_both_succeed(self, tmp_path: Path) -> None:
        program = (
            "from conformance.model.manifest import load_manifests; from conformance.model.spec import parse_spec\n"
            "from conformance.provision import provide; from conformance.resources import data_root\n"
            "print(provide(parse_spec('ywasm@0.18.3'), load_manifests(data_root())['ywasm'], lambda line: None))"
        )
        env = {**os.environ, "YJS_CONFORMANCE_CACHE": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[1])}
        both = [
            subprocess.Popen([sys.executable, "-c", program], env=env, stdout=subprocess.PIPE, text=True)
            for _ in range(2)
        ]
        assert len({process.communicate()[0] for process in both}) == 1
        assert [process.returncode for process in both] == [0, 0]
        assert len([path for path in (tmp_path / "envs").iterdir() if path.is_dir()]) == 1

    def test_a_failed_attempt_leaves_no_environment(self, cache: Path) -> None:
        refused("yjs@13.5.998")
        assert not list((cache / "envs").glob("*13.5.998*/"))
        assert not list((cache / "envs").glob(".new-*"))

    def test_a_cache_that_cannot_be_written(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "file").write_text("", encoding="utf-8")
        monkeypatch.setenv("YJS_CONFORMANCE_CACHE", str(tmp_path / "file"))
        error = refused("pycrdt")
        assert "YJS_CONFORMANCE_CACHE" in error.mend

    def test_a_full_disk(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(*_: object, **__: object) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setenv("YJS_CONFORMANCE_CACHE", str(tmp_path))
        monkeypatch.setattr(Path, "mkdir", full)
        assert refused("yjs").mend.startswith("free some disk space")

    def test_what_is_provided_needs_no_subprocess(self, monkeypatch: pytest.MonkeyPatch) -> None:
        texts = ("yjs", "yjs@13.5.0", "pycrdt", "ypy")
        launches = [provided(text)[0] for text in texts]
        monkeypatch.setattr(subprocess, "Popen", None)
        assert [provided(text)[0] for text in texts] == launches


@pytest.mark.parametrize("name", MANIFESTS)
def test_the_releases_of_the_registry(name: str) -> None:
    if MANIFESTS[name].provider in ("cargo", "cdylib") and not shutil.which("cargo"):
        pytest.skip("there is no cargo on PATH")
    found = releases(MANIFESTS[name], print)
    assert MANIFESTS[name].version in found
    assert len(found) == len(set(found))
    assert len(found) > 1 or name == "yffi"  # of which one release fits the runner


def test_a_runner_of_ones_own_has_no_releases(tmp_path: Path) -> None:
    manifest = replace(MANIFESTS["yjs"], name="port", provider="command", argv=(str(tmp_path / "runner"),))
    with pytest.raises(ProvisionError, match="knows no releases"):
        releases(manifest, print)


@pytest.mark.parametrize("name", MANIFESTS)
def test_this_machine_can_provide(name: str) -> None:
    assert available(MANIFESTS[name]) is None
