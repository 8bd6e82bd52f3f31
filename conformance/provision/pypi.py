"""Packages of PyPI: {python} is an interpreter, {site} a folder to put first on its path."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from conformance.errors import ProvisionError
from conformance.provision import python, store

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.model.manifest import Manifest
    from conformance.model.spec import Spec
    from conformance.provision import Provision, Report
    from conformance.provision.python import Interpreter
    from conformance.provision.task import Task

_EXTENSIONS = (".so", ".pyd", ".dylib")

COMPILES = False


def provide(spec: Spec, manifest: Manifest, report: Report) -> Provision:
    """Installs the package into a folder of its own, or uses a built one in place; raises ProvisionError."""
    interpreter = python.need(spec.label, manifest.requires.get("python", ""), manifest.hint)
    others = ""
    if spec.path is not None:
        if _is_built(spec.path, manifest):
            site = spec.path
            others = str(_dependencies(spec, manifest, interpreter, report) or "")
        else:
            site = _from_path(spec, spec.path, manifest, interpreter, report)
    else:
        site = _from_index(spec, manifest, interpreter, report)
    # Packages of the coordinator's own environment must not stand in for what is missing here. The one that is lent
    # has a name of its own there: python-runner/runner/fastjson.py.
    return {"python": interpreter.program, "site": str(site)}, {"PYTHONPATH": others, **_lent(interpreter)}


def _lent(interpreter: Interpreter) -> dict[str, str]:
    """Where the runner finds the coordinator's orjson, if it can load it."""
    import orjson

    if interpreter.tag != python.this().tag:
        return {}
    return {"YJS_CONFORMANCE_ORJSON": os.path.dirname(orjson.__file__)}  # noqa: PTH120 - before runners are started


def available(manifest: Manifest) -> str | None:
    """None, or why the pinned version cannot be provided here."""
    return python.lacking(manifest.requires.get("python", ""))


def releases(manifest: Manifest, report: Report) -> list[str]:
    """All versions on PyPI with a wheel or sources for the interpreter that hosts it; raises ProvisionError."""
    from conformance.provision.task import listing

    interpreter = python.need(manifest.name, manifest.requires.get("python", ""), manifest.hint)
    with listing(manifest.name, manifest.package, report) as task:
        return python.index(task, manifest.package, interpreter)


def _from_index(spec: Spec, manifest: Manifest, interpreter: Interpreter, report: Report) -> Path:
    version = spec.version or manifest.version
    lock = manifest.lock if version == manifest.version else None
    others = _pins(manifest)
    wanted = [f"{manifest.package}=={version}", *_together(manifest, version), *manifest.beside]
    made_of = [lock.read_bytes()] if lock else [manifest.supported, *wanted[1:], *others]
    key = store.digest(*made_of, interpreter.tag, store.machine())
    target = store.environment("pypi", manifest.package, version, key)
    if target.is_dir():
        return target
    from conformance.provision.task import Task, check_version

    check_version(spec, manifest)
    task = Task(spec.label, target, report)
    failed = f"{manifest.package} {version} cannot be installed from PyPI"

    def fill(fresh: Path) -> None:
        task.say(f"installing {manifest.package} {version} from PyPI (once)")
        if lock:
            python.install(task, _locked(lock), fresh, interpreter, failed=failed, build=False)
        else:
            _resolve(task, wanted, others, fresh, interpreter, failed=failed)
        if not _holds(fresh, manifest):
            raise ProvisionError(spec.label, f"{lock} does not pin {manifest.package}", "compile that lock again")

    return task.make(fill)


def _together(manifest: Manifest, version: str) -> list[str]:
    """The packages that were released with a version."""
    first, dot, rest = version.partition(".")
    return [f"{name}=={int(first) + int(offset)}{dot}{rest}" for name, offset in manifest.together.items()]


def _resolve(
    task: Task, wanted: list[str], pins: list[str], target: Path, interpreter: Interpreter, *, failed: str
) -> None:
    """Installs a release that the lock is not of: with what the lock pins, or what else fits where that does not.

    So one release differs from the next in as little as their own requirements allow.
    """
    if pins:
        constraints = target / "constraints.txt"
        constraints.write_text("\n".join(pins) + "\n", encoding="utf-8")
        if python.try_install(task, ["--constraint", str(constraints), *wanted], target, interpreter):
            return
    python.install(task, wanted, target, interpreter, failed=failed, build=True)


def _pins(manifest: Manifest) -> list[str]:
    """What the lock pins beside the package itself, as constraints: without hashes, since others may be built."""
    if manifest.lock is None:
        return []
    blocks = re.split(r"(?m)^(?=\w)", manifest.lock.read_text(encoding="utf-8"))
    pins = [block.partition("\n")[0].rstrip("\\ ") for block in blocks if re.match(r"\w", block)]
    own = (manifest.package, *manifest.together)
    return [pin for pin in pins if not any(_is_of(pin, name) for name in own)]


def _from_path(spec: Spec, path: Path, manifest: Manifest, interpreter: Interpreter, report: Report) -> Path:
    _check_package(spec, path, manifest)
    kind = store.digest(str(path), interpreter.tag, store.machine())
    prefix = store.environment("pypi", manifest.package, "path", kind)
    target = prefix.with_name(f"{prefix.name}-{store.digest(store.signature(path))}")
    if target.is_dir():
        return target
    from conformance.provision.task import Task, forget_older

    task = Task(spec.label, target, report)

    def fill(fresh: Path) -> None:
        task.say(f"installing {path} and its dependencies")
        python.build_install(task, path, fresh, interpreter, failed=f"{path} cannot be installed")
        if not _holds(fresh, manifest):
            raise ProvisionError(
                spec.label,
                f"{path} holds no Python package {manifest.module}",
                f"name what {manifest.package} is built from",
            )

    task.make(fill)
    forget_older(target, prefix.name)
    return target


def _dependencies(spec: Spec, manifest: Manifest, interpreter: Interpreter, report: Report) -> Path | None:
    """A folder with what the pinned version depends on, and not the package itself."""
    if manifest.lock is None:
        return None
    text = manifest.lock.read_text(encoding="utf-8")
    rest = "".join(block for block in re.split(r"(?m)^(?=\w)", text) if not _is_of(block, manifest.package))
    if not re.search(r"(?m)^\w", rest):
        return None
    target = store.environment("pypi", manifest.package, "others", store.digest(rest, interpreter.tag, store.machine()))
    if target.is_dir():
        return target
    from conformance.provision.task import Task

    task = Task(spec.label, target, report)

    def fill(fresh: Path) -> None:
        task.say(f"installing the dependencies of {manifest.package} from PyPI (once)")
        lock = fresh / "requirements.txt"
        lock.write_text(rest, encoding="utf-8")
        failed = f"the dependencies of {manifest.package} cannot be installed from PyPI"
        python.install(task, _locked(lock), fresh, interpreter, failed=failed, build=False)

    return task.make(fill)


def _locked(lock: Path) -> list[str]:
    return ["--no-deps", "--require-hashes", "-r", str(lock)]


def _is_of(block: str, package: str) -> bool:
    """Whether a requirement, with what follows it, is of a package."""
    name = re.match(r"[A-Za-z0-9._-]+", block)
    return name is not None and _normal(name[0]) == _normal(package)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _holds(site: Path, manifest: Manifest) -> bool:
    return (site / manifest.module).is_dir() or any(site.glob(f"{manifest.module}.*"))


def _is_built(path: Path, manifest: Manifest) -> bool:
    """Whether `path` directly contains the package as it is imported, its compiled part included."""
    package = path / manifest.module
    if not (package / "__init__.py").is_file():
        return False
    compiled = any(file.suffix in _EXTENSIONS for file in package.iterdir())
    return compiled or any(path.glob(f"{manifest.module}-*.dist-info"))


def _check_package(spec: Spec, path: Path, manifest: Manifest) -> None:
    mend = f"name a wheel, source archive, checkout or built folder of {manifest.package}"
    name = _name_of_folder(path) if path.is_dir() else _name_of_archive(path)
    if name is None:
        raise ProvisionError(spec.label, f"{path} is no Python package", mend)
    if name and _normal(name) not in {_normal(known) for known in (manifest.package, *manifest.aliases)}:
        raise ProvisionError(spec.label, f"{path} is the package {name!r}", mend)


def _name_of_archive(path: Path) -> str | None:
    match = re.fullmatch(r"(.+?)-\d[^-]*(-.+\.whl|\.tar\.gz|\.zip)", path.name)
    return match[1] if match else None


def _name_of_folder(path: Path) -> str | None:
    """The name in pyproject.toml, "" when it is said elsewhere, None when this is no project."""
    import tomllib

    try:
        project = tomllib.loads((path / "pyproject.toml").read_text(encoding="utf-8")).get("project", {})
    except FileNotFoundError:
        return "" if (path / "setup.py").is_file() or (path / "setup.cfg").is_file() else None
    except ValueError:
        return None
    return str(project.get("name", ""))
