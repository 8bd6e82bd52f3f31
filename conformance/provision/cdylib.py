"""Crates of crates.io that are shared libraries, called from Python: {library} is built with cargo, {site} has cffi.

The manifest's `source` is a crate that depends on the package, with a Cargo.lock of its own; `binary` is the library's
name. A file `version` beside the library tells its release.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from conformance.errors import ProvisionError
from conformance.provision import cargo, python, source_files, store, tools

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.model.manifest import Manifest
    from conformance.model.spec import Spec
    from conformance.provision import Provision, Report
    from conformance.provision.python import Interpreter
    from conformance.provision.task import Task

_NOT_BUILT_FROM = frozenset({"target"})

releases = cargo.releases

COMPILES = True


def provide(spec: Spec, manifest: Manifest, report: Report) -> Provision:
    """Builds the library and installs what calls it; raises ProvisionError."""
    interpreter = python.need(spec.label, manifest.requires.get("python", ""), manifest.hint)
    made = _environment(spec, manifest, interpreter)
    if not made.is_dir():
        made = _make(spec, manifest, interpreter, made, report)
    library = str(made / _file(manifest))
    return {"python": interpreter.program, "site": str(made / "site"), "library": library}, {"PYTHONPATH": ""}


def available(manifest: Manifest) -> str | None:
    """None, or why the pinned version cannot be provided here."""
    if tools.which("cargo") is None:
        return "no cargo is on PATH to build the library"
    return python.lacking(manifest.requires.get("python", ""))


def _environment(spec: Spec, manifest: Manifest, interpreter: Interpreter) -> Path:
    lock = manifest.lock.read_bytes() if manifest.lock else b""
    sources = source_files.digest(source_files.files(_source(manifest), _NOT_BUILT_FROM))
    parts = (sources, lock, interpreter.tag, store.machine())
    if spec.path is not None:
        return store.environment(
            "cdylib", manifest.package, "path", store.digest(*parts, str(spec.path), store.signature(spec.path))
        )
    version = spec.version or manifest.version
    return store.environment("cdylib", manifest.package, version, store.digest(*parts, version))


def _make(spec: Spec, manifest: Manifest, interpreter: Interpreter, target: Path, report: Report) -> Path:
    from conformance.provision.task import Task, check_version

    if spec.path is None:
        check_version(spec, manifest)
    program = tools.which("cargo")
    if program is None:
        raise ProvisionError(spec.label, "no cargo is on PATH to build the library", manifest.hint)
    task = Task(spec.label, target, report)

    def fill(fresh: Path) -> None:
        _build(task, program, spec, manifest, fresh)
        wanted = ["--no-deps", "--require-hashes", "-r", str(manifest.lock)]
        failed = "what calls the library cannot be installed from PyPI"
        (fresh / "site").mkdir()
        python.install(task, wanted, fresh / "site", interpreter, failed=failed, build=False)

    return task.make(fill)


def _build(task: Task, program: str, spec: Spec, manifest: Manifest, fresh: Path) -> None:
    import shutil

    from conformance.provision.task import locked

    version = spec.version or manifest.version
    name = store.digest(str(spec.path)) if spec.path else version
    with cargo.workshop_folder(manifest, name) as folder, locked(folder / ".lock", task.waiting):
        shop, out = folder / "sources", folder / "target"
        shutil.rmtree(shop, ignore_errors=True)
        shutil.copytree(_source(manifest), shop, ignore=shutil.ignore_patterns("target"), copy_function=shutil.copyfile)
        pinned = spec.path is None and version == manifest.version
        if spec.path is not None:
            _patch(spec, manifest, spec.path, shop / "Cargo.toml")
        elif not pinned:
            # The engine is released under the same number, and a later one need not fit.
            for package in (manifest.package, *filter(None, [manifest.engine])):
                cargo.require(shop / "Cargo.toml", package, version)
        if not pinned:
            (shop / "Cargo.lock").unlink(missing_ok=True)
        task.say(f"building {manifest.package} with cargo (about a minute, once)")
        argv = [program, "build", "--release", "--package", manifest.package, *(["--locked"] if pinned else [])]
        env = {"CARGO_TARGET_DIR": str(out), "CARGO_TERM_COLOR": "never"}
        task.run(argv, shop, env, f"cargo cannot build {manifest.package}")
        file = _file(manifest)
        built = [path for path in (out / "release" / file, *out.glob(f"*/release/{file}")) if path.is_file()]
        if not built:
            raise OSError(f"cargo has built no {file} in {out}")
        shutil.copy(max(built, key=lambda path: path.stat().st_mtime), fresh / file)
        (fresh / "version").write_text(cargo.locked_version(shop / "Cargo.lock", manifest.package), encoding="utf-8")


def _patch(spec: Spec, manifest: Manifest, path: Path, file: Path) -> None:
    """Takes the package, and the engine that lies beside it, from a checkout."""
    crate, version = cargo.crate_in(spec, path, manifest.package, manifest.homepage)
    cargo.require(file, manifest.package, version)
    patches = [(manifest.package, crate)]
    engine = crate.parent / manifest.engine
    if manifest.engine and (engine / "Cargo.toml").is_file():
        cargo.require(file, manifest.engine, cargo.crate_in(spec, engine, manifest.engine, manifest.homepage)[1])
        patches.append((manifest.engine, engine))
    with file.open("a", encoding="utf-8") as text:
        text.write("\n[patch.crates-io]\n")
        text.writelines(f"{name} = {{ path = {cargo.quoted(folder)} }}\n" for name, folder in patches)


def _source(manifest: Manifest) -> Path:
    assert manifest.source is not None, "a manifest of this provider has a source"
    return manifest.source


def _file(manifest: Manifest) -> str:
    """What cargo calls a shared library here."""
    if os.name == "nt":
        return f"{manifest.binary}.dll"
    return f"lib{manifest.binary}.{'dylib' if sys.platform == 'darwin' else 'so'}"
