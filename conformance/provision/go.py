"""Modules of the Go proxy: {binary} is the runner, built from the kit's sources against the wanted version."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.errors import ProvisionError
from conformance.model.versions import within
from conformance.provision import source_files, store, tools

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.model.manifest import Manifest
    from conformance.model.spec import Spec
    from conformance.provision import Provision, Report
    from conformance.provision.task import Task

# A go.work around the cache, or a vendor folder in the user's GOFLAGS, must not decide what is linked.
_OWN = {"GOWORK": "off", "GOFLAGS": ""}
_NOT_BUILT_FROM = frozenset({"testdata"})

COMPILES = True


def provide(spec: Spec, manifest: Manifest, report: Report) -> Provision:
    """Builds the runner; raises ProvisionError."""
    if spec.path is not None:
        binary = _from_path(spec, spec.path, manifest, report)
    else:
        binary = _from_proxy(spec, manifest, report)
    return {"binary": str(binary)}, {}


def available(manifest: Manifest) -> str | None:
    """None, or why the pinned version cannot be provided here."""
    return None if _environment(manifest, manifest.version).is_dir() else _lacking(_bounds(manifest))


def releases(manifest: Manifest, report: Report) -> list[str]:
    """All versions that the proxy lists; raises ProvisionError. A proxy may serve versions and list none."""
    import json
    from tempfile import TemporaryDirectory

    from conformance.provision.task import listing

    go = tools.which("go")
    if go is None:
        raise ProvisionError(manifest.name, "no go is on PATH to list its releases", manifest.hint or "install Go")
    with listing(manifest.name, manifest.package, report) as task, TemporaryDirectory() as folder:
        # Within a module's folder go would answer for what that requires.
        argv = [go, "list", "-m", "-versions", "-json", manifest.package]
        task.run(argv, Path(folder), _OWN, f"go cannot list the versions of {manifest.package}")
        listed = json.loads(task.output()).get("Versions", [])
        return [str(version).removeprefix("v") for version in listed]


def _from_proxy(spec: Spec, manifest: Manifest, report: Report) -> Path:
    version = spec.version or manifest.version
    target = _environment(manifest, version)
    if target.is_dir():
        return target / manifest.binary
    from conformance.provision.task import Task, check_version

    check_version(spec, manifest)
    go = _need_go(spec, manifest)
    task = Task(spec.label, target, report)

    def fill(fresh: Path) -> None:
        with _workshop(manifest) as shop:
            if version != manifest.version:
                wanted = f"{manifest.package}@v{version}"
                task.run([go, "get", wanted], shop, _OWN, f"go cannot get {wanted}")
            _build(task, go, shop, manifest, fresh)

    return task.make(fill) / manifest.binary


def _from_path(spec: Spec, path: Path, manifest: Manifest, report: Report) -> Path:
    prefix = store.environment("go", manifest.package, "path", store.digest(str(path), store.machine()))
    target = prefix.with_name(f"{prefix.name}-{store.digest(_sources(manifest), store.signature(path))}")
    if target.is_dir():
        return target / manifest.binary
    from conformance.provision.task import Task, forget_older

    module = _module(spec, path, manifest)
    go = _need_go(spec, manifest)
    task = Task(spec.label, target, report)

    def fill(fresh: Path) -> None:
        with _workshop(manifest) as shop:
            replaced = f"-replace={manifest.package}={module}"
            task.run([go, "mod", "edit", replaced], shop, _OWN, "go cannot replace the module by the folder")
            task.run([go, "mod", "tidy"], shop, _OWN, "go cannot find what the folder requires")
            _build(task, go, shop, manifest, fresh)

    task.make(fill)
    forget_older(target, prefix.name)
    return target / manifest.binary


def _environment(manifest: Manifest, version: str) -> Path:
    key = store.digest(_sources(manifest), version, store.machine())
    return store.environment("go", manifest.package, version, key)


def _source(manifest: Manifest) -> Path:
    assert manifest.source is not None, "a manifest of this provider has a source"
    return manifest.source


def _sources(manifest: Manifest) -> str:
    """A digest of all that the runner is built from; go.sum vouches for the implementation."""
    files = source_files.files(_source(manifest), _NOT_BUILT_FROM)
    return source_files.digest(path for path in files if not path.name.endswith("_test.go"))


def _bounds(manifest: Manifest) -> str:
    return manifest.requires.get("go", "")


def _need_go(spec: Spec, manifest: Manifest) -> str:
    reason = _lacking(_bounds(manifest))
    go = tools.which("go")
    if reason or go is None:
        mend = manifest.hint or "install Go, and put it on PATH"
        raise ProvisionError(spec.label, reason or "no go is on PATH to build the runner", mend)
    return go


def _lacking(bounds: str) -> str | None:
    """Why there is no go within `bounds` on PATH, or None."""
    program = tools.which("go")
    if program is None:
        return "no go is on PATH to build the runner"
    version = tools.remembered(program, _version)
    if version is None:
        return f"{program} does not tell its version"
    return None if within(version, bounds) else f"building the runner needs Go {bounds}; {program} is {version}"


def _version(program: str) -> str | None:
    """The version of a go program, 1.26.8: not that of a toolchain which some go.mod around asks for."""
    found = re.search(r"\bgo(\d[\w.]*)", tools.answer([program, "version"]) or "")
    return found[1] if found else None


@contextmanager
def _workshop(manifest: Manifest) -> Iterator[Path]:
    """A copy of the runner's sources, whose go.mod may be rewritten. Go's own cache knows what it built before."""
    import shutil
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="yjs-conformance-go-") as folder:
        shop = Path(folder).resolve() / _source(manifest).name
        shutil.copytree(_source(manifest), shop, ignore=shutil.ignore_patterns("*_test.go", *_NOT_BUILT_FROM))
        yield shop


def _build(task: Task, go: str, shop: Path, manifest: Manifest, fresh: Path) -> None:
    import time

    task.say("building the runner with go (some seconds, once)")
    began = time.monotonic()
    binary = fresh / (manifest.binary + (".exe" if os.name == "nt" else ""))
    # Without -trimpath the workshop's name would be part of all that is built, and nothing be found again.
    argv = [go, "build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-o", str(binary), "."]
    task.run(argv, shop, _OWN, "go cannot build the runner")
    task.say(f"built in {time.monotonic() - began:.0f} s")


def _module(spec: Spec, path: Path, manifest: Manifest) -> Path:
    """The folder of the module in a checkout, at its root or one level below."""
    line = re.compile(rf"(?m)^module\s+\"?{re.escape(manifest.package)}\"?\s*(//.*)?$")
    for file in (path / "go.mod", *sorted(path.glob("*/go.mod"))):
        if file.is_file() and line.search(file.read_text(encoding="utf-8", errors="replace")):
            return file.parent
    raise ProvisionError(
        spec.label, f"{path} holds no module {manifest.package}", f"name a checkout of {manifest.homepage}"
    )
