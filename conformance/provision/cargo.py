"""Crates of crates.io: {binary} is the runner, built from the kit's sources against the wanted version."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.errors import ProvisionError
from conformance.model.versions import within
from conformance.provision import source_files, store, tools
from conformance.resources import cache_root, is_checkout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.model.manifest import Manifest
    from conformance.model.spec import Spec
    from conformance.provision import Provision, Report
    from conformance.provision.task import Task

_DEPENDENCIES = ("dependencies", "build-dependencies", "dev-dependencies")
_HELLO = '{"seq": 0, "hello": {"protocol": 1}}\n'
_NOT_BUILT_FROM = frozenset({"target", "tests", "benches", "examples"})

COMPILES = True


def provide(spec: Spec, manifest: Manifest, report: Report) -> Provision:
    """Builds the runner, or takes an installed one of the pinned version; raises ProvisionError."""
    if spec.path is not None:
        binary = _from_path(spec, spec.path, manifest, report)
    else:
        binary = _from_registry(spec, manifest, report)
    return {"binary": str(binary)}, {}


def available(manifest: Manifest) -> str | None:
    """None, or why the pinned version cannot be provided here."""
    if tools.which("cargo") or _environment(manifest, manifest.version).is_dir() or _installed(manifest):
        return None
    return f"no cargo is on PATH to build the runner, and no {manifest.binary} is installed"


def releases(manifest: Manifest, report: Report) -> list[str]:
    """The versions on crates.io that are not yanked and within what the runner hosts; raises ProvisionError.

    Cargo has no command that lists them, so it is asked for the newest one below the last answer, until there is none.
    """
    from conformance.provision.task import listing

    cargo = tools.which("cargo")
    if cargo is None:
        raise ProvisionError(manifest.name, "no cargo is on PATH to list its releases", "install Rust with rustup")
    found: list[str] = []
    with listing(manifest.name, manifest.package, report) as task, tempfile.TemporaryDirectory() as folder:
        task.say("asking crates.io for its releases")
        while version := _newest(task, cargo, Path(folder), manifest.package, f"<{found[-1]}" if found else "*"):
            if found and within(found[-1], manifest.supported) and not within(version, manifest.supported):
                break
            found.append(version)
    return found


def _newest(task: Task, cargo: str, folder: Path, package: str, bounds: str) -> str | None:
    """The newest version of a crate within `bounds`, or None."""
    head = '[package]\nname = "releases"\nversion = "0.0.0"\nedition = "2021"\n[lib]\npath = "lib.rs"\n'
    (folder / "Cargo.toml").write_text(f'{head}[dependencies]\n{package} = "{bounds}"\n', encoding="utf-8")
    (folder / "lib.rs").touch()
    # An update changes no other line of the lock, so it needs the index of one crate; the first lock needs all.
    made = ["update", "--package", package] if (folder / "Cargo.lock").exists() else ["generate-lockfile"]
    if not task.attempt([cargo, *made], folder, {"CARGO_TERM_COLOR": "never"}):
        if task.version_missing():
            return None
        raise task.failure(f"the releases of {package} cannot be listed with cargo")
    locked = _read_toml(folder / "Cargo.lock").get("package", [])
    return next((str(entry["version"]) for entry in locked if entry["name"] == package), None)


def _from_registry(spec: Spec, manifest: Manifest, report: Report) -> Path:
    version = spec.version or manifest.version
    pinned = version == manifest.version
    target = _environment(manifest, version)
    if target.is_dir():
        return target / manifest.binary
    from conformance.provision.task import Task, check_version

    check_version(spec, manifest)
    installed = _installed(manifest) if pinned else None
    if installed:
        return Path(installed)
    cargo = _need_cargo(spec, manifest)
    task = Task(spec.label, target, report)

    def fill(fresh: Path) -> None:
        with _workshop(manifest, version, task) as shop:
            if not pinned:
                require(_runner_in(shop, manifest), manifest.package, version)
            _build(task, cargo, shop, manifest, fresh)
            if pinned and manifest.lock is not None:
                _hold_to(manifest.lock, shop / "Cargo.lock")

    return task.make(fill) / manifest.binary


def _from_path(spec: Spec, path: Path, manifest: Manifest, report: Report) -> Path:
    prefix = store.environment("cargo", manifest.package, "path", store.digest(str(path), store.machine()))
    target = prefix.with_name(f"{prefix.name}-{store.digest(_sources(manifest), store.signature(path))}")
    if target.is_dir():
        return target / manifest.binary
    from conformance.provision.task import Task, forget_older

    crate, version = crate_in(spec, path, manifest.package, manifest.homepage)
    cargo = _need_cargo(spec, manifest)
    task = Task(spec.label, target, report)

    def fill(fresh: Path) -> None:
        with _workshop(manifest, store.digest(str(path)), task) as shop:
            require(_runner_in(shop, manifest), manifest.package, version)
            with (shop / "Cargo.toml").open("a", encoding="utf-8") as file:
                file.write(f"\n[patch.crates-io]\n{manifest.package} = {{ path = {quoted(crate)} }}\n")
            _build(task, cargo, shop, manifest, fresh)

    task.make(fill)
    forget_older(target, prefix.name)
    return target / manifest.binary


def _environment(manifest: Manifest, version: str) -> Path:
    key = store.digest(_sources(manifest), version, store.machine())
    return store.environment("cargo", manifest.package, version, key)


def _source(manifest: Manifest) -> Path:
    assert manifest.source is not None, "a manifest of this provider has a source"
    return manifest.source


def _sources(manifest: Manifest) -> str:
    """A digest of all that the runner is built from, the implementation itself left out."""
    source = _source(manifest)
    extra = (_workspace(source) / "Cargo.toml", manifest.lock)
    beside = (path for path in extra if path is not None and path.is_file())
    return source_files.digest((*_crate_files(source), *beside))


def _workspace(source: Path) -> Path:
    """The folder of the workspace that the runner's crate belongs to; the one around the crate when there is none."""
    above = (folder for folder in source.parents if "workspace" in _read_toml(folder / "Cargo.toml"))
    return next(above, source.parent)


def _crates(source: Path) -> list[Path]:
    """The folders of the runner's crate and of those that it depends on by path, within its workspace."""
    workspace = _workspace(source)
    found = [source]
    for crate in found:
        tables = _read_toml(crate / "Cargo.toml")
        for table in _DEPENDENCIES:
            entries = tables.get(table, {}).values()
            named = [entry["path"] for entry in entries if isinstance(entry, dict) and "path" in entry]
            others = [Path(os.path.normpath(crate / path)) for path in named]
            found += [other for other in others if other not in found and other.is_relative_to(workspace)]
    return found


def _crate_files(source: Path) -> Iterator[Path]:
    for crate in _crates(source):
        yield from source_files.files(crate, _NOT_BUILT_FROM)


def _installed(manifest: Manifest) -> str | None:
    """An installed runner that hosts the pinned version; in a checkout only one that is newer than the sources."""
    beside = Path(sys.executable).parent / manifest.binary
    program = tools.which(str(beside)) or tools.which(manifest.binary)
    if program is None or tools.remembered(program, _hosted_version) != manifest.version:
        return None
    if is_checkout():
        changed = max(path.stat().st_mtime for path in _crate_files(_source(manifest)))
        return program if Path(program).stat().st_mtime > changed else None
    return program


def _hosted_version(program: str) -> str | None:
    import json

    said = tools.answer([program], _HELLO)
    try:
        return str(json.loads(said)["hello"]["version"]) if said else None
    except (ValueError, KeyError, TypeError):
        return None


def _need_cargo(spec: Spec, manifest: Manifest) -> str:
    cargo = tools.which("cargo")
    if cargo is None:
        raise ProvisionError(
            spec.label, "no cargo is on PATH to build the runner", manifest.hint or "install Rust with rustup"
        )
    return cargo


@contextmanager
def _workshop(manifest: Manifest, name: str, task: Task) -> Iterator[Path]:
    """A copy of the runner's sources at a lasting place, so that cargo finds the artefacts of the last build again.

    One process at a time has it, since several environments are built in it.
    """
    import shutil

    from conformance.provision.task import locked

    with workshop_folder(manifest, name) as folder, locked(folder / ".lock", task.waiting):
        sources = folder / "sources"
        shutil.rmtree(sources, ignore_errors=True)
        workspace = _workspace(_source(manifest))
        crates = _crates(_source(manifest))
        for crate in crates:
            # Not copy2: cargo compares times, and an older file that is put back must count as changed.
            inner = [other.name for other in crates if other.parent == crate]
            shutil.copytree(
                crate,
                sources / crate.relative_to(workspace),
                ignore=shutil.ignore_patterns("target", *inner),
                copy_function=shutil.copyfile,
            )
        _write_workspace(sources, workspace, [crate.relative_to(workspace).as_posix() for crate in crates])
        if manifest.lock is not None and manifest.lock.is_file():
            shutil.copyfile(manifest.lock, sources / "Cargo.lock")
        yield sources


@contextmanager
def workshop_folder(manifest: Manifest, name: str) -> Iterator[Path]:
    """The lasting place of what is built for a version or checkout of a crate."""
    folder = cache_root() / "cargo" / store.slug(manifest.package, name)
    folder.mkdir(parents=True, exist_ok=True)
    yield folder


def locked_version(lock: Path, package: str) -> str:
    """The version of a package in a Cargo.lock; raises OSError when there is none."""
    for entry in _read_toml(lock).get("package", []):
        if entry["name"] == package:
            return str(entry["version"])
    raise OSError(f"{lock} does not name {package}")


def _runner_in(shop: Path, manifest: Manifest) -> Path:
    """The Cargo.toml of the runner's crate in the copy."""
    source = _source(manifest)
    return shop / source.relative_to(_workspace(source)) / "Cargo.toml"


def _write_workspace(sources: Path, workspace: Path, members: list[str]) -> None:
    """The workspace of the repository with what the runner is built from as its only members."""
    import json

    text = '[workspace]\nresolver = "2"\nmembers = []\n'
    root = workspace / "Cargo.toml"
    if root.is_file():
        text = root.read_text(encoding="utf-8")
    text = re.sub(r"(?ms)^members\s*=\s*\[.*?\]", lambda _: f"members = {json.dumps(members)}", text)
    (sources / "Cargo.toml").write_text(text, encoding="utf-8")


def _hold_to(lock: Path, built: Path) -> None:
    """Raises OSError when cargo has used what the lock does not name.

    It cannot be told `--locked`, since it drops from the copy of the lock what other runners need.
    """

    def packages(path: Path) -> set[tuple[str, str, str]]:
        listed = _read_toml(path).get("package", [])
        return {(package["name"], package["version"], package.get("checksum", "")) for package in listed}

    if added := packages(built) - packages(lock):
        names = ", ".join(sorted(f"{name} {version}" for name, version, _ in added))
        raise OSError(f"{lock} lacks {names}: run cargo update --workspace")


def require(path: Path, package: str, version: str) -> None:
    """Rewrites what the Cargo.toml `path` requires of `package` to exactly `version`."""
    line = rf'(?m)^({re.escape(package)}\s*=\s*(?:\{{.*?version\s*=\s*)?)"[^"]*"'
    text, count = re.subn(line, rf'\g<1>"={version}"', path.read_text(encoding="utf-8"))
    if not count:
        raise OSError(f"{path} does not require {package}")
    path.write_text(text, encoding="utf-8")


def _build(task: Task, cargo: str, shop: Path, manifest: Manifest, fresh: Path) -> None:
    import shutil
    import time

    task.say("building the runner with cargo (about a minute, once)")
    began = time.monotonic()
    out = shop.parent / "target"
    argv = [cargo, "build", "--release", "--bin", manifest.binary]
    task.run(argv, shop, {"CARGO_TARGET_DIR": str(out), "CARGO_TERM_COLOR": "never"}, "cargo cannot build the runner")
    file = manifest.binary + (".exe" if os.name == "nt" else "")
    # Where the user's configuration names a target, its folder comes in between.
    built = [path for path in (out / "release" / file, *out.glob(f"*/release/{file}")) if path.is_file()]
    if not built:
        raise OSError(f"cargo has built no {file} in {out}")
    shutil.copy(max(built, key=lambda path: path.stat().st_mtime), fresh / manifest.binary)
    task.say(f"built in {time.monotonic() - began:.0f} s")


def crate_in(spec: Spec, path: Path, name: str, homepage: str) -> tuple[Path, str]:
    """The folder of the crate in a checkout, at its root or one level below, and its version."""
    for file in (path / "Cargo.toml", *sorted(path.glob("*/Cargo.toml"))):
        if not file.is_file():
            continue
        package = _read_toml(file).get("package", {})
        if package.get("name") == name:
            version = package.get("version")
            if not isinstance(version, str):
                version = _read_toml(path / "Cargo.toml").get("workspace", {}).get("package", {}).get("version")
            return file.parent, str(version)
    raise ProvisionError(spec.label, f"{path} holds no crate {name}", f"name a checkout of {homepage}")


def _read_toml(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}


def quoted(path: Path) -> str:
    import json

    return json.dumps(str(path))
