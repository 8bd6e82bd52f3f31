"""Crates, built with the real cargo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conformance.model.manifest import Manifest, load_manifest
from conformance.model.spec import parse_spec
from conformance.provision import Launch, available, is_quick
from tests.provision.support import only_these_programs, provided, refused, version_of

if TYPE_CHECKING:
    from pathlib import Path


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

    def test_it_is_quick_once_it_is_built(
        self, crate: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("YJS_CONFORMANCE_CACHE", str(tmp_path / "cache"))
        assert not is_quick(parse_spec("itoa"), crate)
        provided("itoa", crate)
        assert is_quick(parse_spec("itoa"), crate)

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
