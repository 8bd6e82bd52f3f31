"""Packages of npm: {node} is a Node.js, {module} the folder of the installed package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.errors import ProvisionError
from conformance.provision import nodejs, store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conformance.model.manifest import Manifest
    from conformance.model.spec import Spec
    from conformance.provision import Provision, Report
    from conformance.provision.task import Task

_DEFAULT_NODE = ">=20"
_NO_SCRIPTS = ("--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error")

COMPILES = False


def provide(spec: Spec, manifest: Manifest, report: Report) -> Provision:
    """Installs the package, or uses a checkout in place; raises ProvisionError."""
    if spec.path is not None:
        module = _from_path(spec, spec.path, manifest, report)
    elif manifest.lock is not None and (spec.version or manifest.version) == manifest.version:
        module = _from_lock(spec, manifest.lock, manifest, report)
    else:
        module = _from_registry(spec, manifest, report)
    node = nodejs.node(spec.label, _node(manifest), report)
    return {"node": node, "module": str(module)}, {}


def available(manifest: Manifest) -> str | None:
    """None, or why the pinned version cannot be provided here."""
    reason = nodejs.lacking(_node(manifest))
    if reason or (manifest.lock and _locked(manifest.lock).is_dir()):
        return reason
    return nodejs.lacking_npm(_node(manifest))


def releases(manifest: Manifest, report: Report) -> list[str]:
    """All versions of the package on npm; raises ProvisionError."""
    import json

    from conformance.provision.task import listing

    with listing(manifest.name, manifest.package, report) as task:
        npm, env = nodejs.npm(task, _node(manifest))
        argv = [*npm, "view", manifest.package, "versions", "--json", "--loglevel=error"]
        task.run(argv, task.target.parent, env, f"the releases of {manifest.package} cannot be listed with npm")
        said = task.output()
    try:
        found = json.loads(said[said.index("[") :] if "[" in said else said)
    except ValueError as error:
        raise OSError(f"npm answered {said[:80]!r}") from error
    return [str(version) for version in (found if isinstance(found, list) else [found])]


def _node(manifest: Manifest) -> str:
    return manifest.requires.get("node", _DEFAULT_NODE)


def _locked(lock: Path) -> Path:
    key = store.digest(lock.read_bytes(), (lock.parent / "package.json").read_bytes(), store.machine())
    return store.environment("npm", "", "locked", key)


def _from_lock(spec: Spec, lock: Path, manifest: Manifest, report: Report) -> Path:
    target = _locked(lock)
    if not target.is_dir():
        from conformance.provision.task import Task

        task = Task(spec.label, target, report)
        task.make(lambda fresh: _install_lock(task, lock, fresh, manifest))
    module = target / "node_modules" / manifest.package
    if not module.is_dir():
        # A package whose version another workspace disputes is not hoisted to the root.
        module = next(target.glob(f"*/node_modules/{manifest.package}"), module)
    if not module.is_dir():
        raise ProvisionError(spec.label, f"{lock} does not pin {manifest.package}", "add it there with npm install")
    return module


def _install_lock(task: Task, lock: Path, fresh: Path, manifest: Manifest) -> None:
    import shutil

    task.say("installing the pinned packages from npm (once)")
    package = lock.parent / "package.json"
    for file in (lock, package):
        shutil.copy(file, fresh)
    for pattern in _read_json(package).get("workspaces", []):
        for member in lock.parent.glob(f"{pattern}/package.json"):
            folder = fresh / member.parent.relative_to(lock.parent)
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(member, folder)
    npm, env = nodejs.npm(task, _node(manifest))
    task.run([*npm, "ci", *_NO_SCRIPTS], fresh, env, "the pinned packages cannot be installed from npm")


def _from_registry(spec: Spec, manifest: Manifest, report: Report) -> Path:
    version = spec.version or manifest.version
    wanted = [f"{manifest.package}@{version}", *_beside(manifest)]
    key = store.digest(manifest.package, version, manifest.supported, *wanted[1:], store.machine())
    target = store.environment("npm", manifest.package, version, key)
    if not target.is_dir():
        from conformance.provision.task import Task, check_version

        check_version(spec, manifest)
        task = Task(spec.label, target, report)
        task.make(lambda fresh: _install(task, wanted, fresh, manifest))
    return target / "node_modules" / manifest.package


def _beside(manifest: Manifest) -> list[str]:
    """What the runner's part needs beside the package, as the lock pins it."""
    if manifest.lock is None or not manifest.beside:
        return []
    locked = _read_json(manifest.lock).get("packages", {})
    return [f"{name}@{locked[f'node_modules/{name}']['version']}" for name in manifest.beside]


def _install(task: Task, wanted: Sequence[str], fresh: Path, manifest: Manifest) -> None:
    task.say(f"installing {wanted[0]} from npm (once)")
    (fresh / "package.json").write_text('{"private": true}\n', encoding="utf-8")
    npm, env = nodejs.npm(task, _node(manifest))
    argv = [*npm, "install", *wanted, "--install-links", "--no-save", "--no-package-lock", *_NO_SCRIPTS]
    task.run(argv, fresh, env, f"{wanted[0]} cannot be installed from npm")


def _from_path(spec: Spec, path: Path, manifest: Manifest, report: Report) -> Path:
    if path.is_dir():
        package = _check_package(spec, path, manifest)
        if _dependencies_resolve(path, package):
            return path
    prefix = store.environment("npm", manifest.package, "path", store.digest(str(path), store.machine()))
    target = prefix.with_name(f"{prefix.name}-{store.digest(store.signature(path))}")
    if not target.is_dir():
        from conformance.provision.task import Task, forget_older

        task = Task(spec.label, target, report)
        task.make(lambda fresh: _install(task, [str(path), *_beside(manifest)], fresh, manifest))
        forget_older(target, prefix.name)
    for name in (manifest.package, *manifest.aliases):
        module = target / "node_modules" / name
        if module.is_dir():
            _check_package(spec, module, manifest)
            return module
    raise ProvisionError(spec.label, f"{path} is not the package {manifest.package}", "name its folder or tarball")


def _check_package(spec: Spec, folder: Path, manifest: Manifest) -> dict[str, Any]:
    """The package.json of `folder`, once it is known to be the manifest's package, and built."""
    path = folder / "package.json"
    if not path.is_file():
        raise ProvisionError(
            spec.label,
            f"{folder} holds no package.json",
            f"name the folder or tarball of the npm package {manifest.package}",
        )
    package = _read_json(path)
    name = package.get("name")
    if name not in (manifest.package, *manifest.aliases):
        raise ProvisionError(
            spec.label,
            f"{folder} is the npm package {name!r}",
            f"name the folder or tarball of {manifest.package!r}",
        )
    entry = _entry(package)
    if not (folder / entry).exists():
        raise ProvisionError(
            spec.label,
            f"{folder} is not built: {entry} is missing",
            "build it, as its own documentation says",
        )
    return package


def _read_json(path: Path) -> dict[str, Any]:
    import json

    try:
        value = json.loads(path.read_bytes())
    except ValueError as error:
        raise OSError(f"{path} is not JSON: {error}") from error
    return value if isinstance(value, dict) else {}


def _entry(package: dict[str, Any]) -> str:
    """The file that `import` of the package loads, as its package.json says."""
    exports = package.get("exports")
    if isinstance(exports, dict):
        exports = exports.get(".", exports)
    while isinstance(exports, dict):
        exports = next((exports[key] for key in ("node", "import", "module", "default") if key in exports), None)
    return exports if isinstance(exports, str) else package.get("module") or package.get("main") or "index.js"


def _dependencies_resolve(folder: Path, package: dict[str, Any]) -> bool:
    """Whether Node.js finds all dependencies of the package from its folder."""
    places = [parent / "node_modules" for parent in (folder.resolve(), *folder.resolve().parents)]
    return all(any((place / name).is_dir() for place in places) for name in package.get("dependencies", {}))
