"""Python interpreters, and the installer that fills folders with packages for them."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from conformance.errors import ProvisionError
from conformance.model.versions import within
from conformance.provision import tools

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.provision.task import Task

_ASK = (
    "import sys; print(sys.executable, '%d.%d.%d' % sys.version_info[:3], "
    "sys.implementation.cache_tag + getattr(sys, 'abiflags', ''), sep='\\n')"
)
_NEWEST_MINOR = 20
_QUIET = {
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INPUT": "1",
    "PIP_REQUIRE_VIRTUALENV": "0",
    "PIP_USER": "0",
}


class Interpreter(NamedTuple):
    """A Python: its program and its ABI tag, which environments are made for."""

    program: str
    tag: str


def this() -> Interpreter:
    """The interpreter that runs the kit."""
    return Interpreter(sys.executable, (sys.implementation.cache_tag or "") + getattr(sys, "abiflags", ""))


def find(bounds: str) -> Interpreter | None:
    """An interpreter within `bounds`: this one, else the newest on PATH, else one that uv knows."""
    if not bounds or within("{}.{}.{}".format(*sys.version_info[:3]), bounds):
        return this()
    for program in _candidates(bounds):
        said = tools.remembered(program, lambda path: tools.answer([path, "-c", _ASK]))
        if said is None:
            continue
        real, version, tag = said.split("\n")
        if within(version, bounds) and Path(real).exists():
            return Interpreter(real, tag)
    return None


def need(label: str, bounds: str, hint: str) -> Interpreter:
    """As `find`; raises ProvisionError."""
    found = find(bounds)
    if found is None:
        raise ProvisionError(label, _absent(bounds), hint)
    return found


def lacking(bounds: str) -> str | None:
    """Why no package can be installed for a Python within `bounds`, or None."""
    if find(bounds) is None:
        return _absent(bounds)
    return None if tools.which("uv") or _has_pip() else "neither pip nor uv is here to install packages"


def install(task: Task, wanted: Iterable[str], target: Path, python: Interpreter, *, failed: str, build: bool) -> None:
    """Installs `wanted`, requirements or options of pip, into the folder `target`.

    With `build` a package without a wheel is built from source when no wheel fits; else that is an error.
    Raises ProvisionError.
    """
    wanted = list(wanted)
    if try_install(task, wanted, target, python):
        return
    if build and task.version_missing():
        task.say("no wheel fits, building from source")
        argv, env = _installer(task.label, python)
        if task.attempt([*argv, "--target", str(target), *wanted], target, env):
            return
    raise task.failure(failed)


def try_install(task: Task, wanted: Iterable[str], target: Path, python: Interpreter) -> bool:
    """Installs wheels of `wanted` into `target`, as `install`; says whether it could."""
    argv, env = _installer(task.label, python)
    return task.attempt([*argv, "--target", str(target), *wanted, "--only-binary", ":all:"], target, env)


def build_install(task: Task, source: Path, target: Path, python: Interpreter, *, failed: str) -> None:
    """Installs the wheel, source archive or checkout `source`, with its dependencies, into `target`."""
    argv, env = _installer(task.label, python)
    task.run([*argv, "--target", str(target), str(source)], target, env, failed)


def index(task: Task, package: str, python: Interpreter) -> list[str]:
    """All versions of `package` that the index offers to `python`; raises ProvisionError."""
    if _has_pip():
        other = [] if python.program == sys.executable else ["--python", python.program]
        argv, env = [sys.executable, "-m", "pip", *other], _QUIET
    elif uv := tools.which("uv"):  # uv itself lists no versions
        argv, env = [uv, "tool", "run", "--python", python.program, "pip"], _QUIET
    else:
        argv, env = _installer(task.label, python)
    failed = f"the releases of {package} cannot be listed with pip"
    task.run([*argv, "index", "versions", "--pre", package], task.target.parent, env, failed)
    found = re.search(r"(?m)^Available versions: (.+)$", task.output())
    if found is None:
        raise task.failure(failed)
    return found[1].split(", ")


def _installer(label: str, python: Interpreter) -> tuple[list[str], dict[str, str]]:
    uv = tools.which("uv")
    if uv:
        return [uv, "pip", "install", "--python", python.program, "--compile-bytecode"], {}
    if not _has_pip():
        raise ProvisionError(
            label,
            f"the Python that runs the kit ({sys.executable}) has no pip",
            "run 'python -m ensurepip' with it, or put uv on PATH",
        )
    other = [] if python.program == sys.executable else ["--python", python.program]
    return [sys.executable, "-m", "pip", *other, "install"], _QUIET


def _has_pip() -> bool:
    from importlib.util import find_spec

    return find_spec("pip") is not None


def _candidates(bounds: str) -> Iterator[str]:
    minors = [minor for minor in range(_NEWEST_MINOR, 6, -1) if _may_hold(minor, bounds)]
    for name in [*(f"python3.{minor}" for minor in minors), "python3", "python"]:
        found = tools.which(name)
        if found:
            yield found
    uv = tools.which("uv")
    if uv:
        found = tools.answer([uv, "python", "find", "--no-project", bounds])
        if found:
            yield found


def _may_hold(minor: int, bounds: str) -> bool:
    return within(f"3.{minor}", bounds) or within(f"3.{minor}.99", bounds)


def _absent(bounds: str) -> str:
    mine = "{}.{}.{}".format(*sys.version_info[:3])
    return f"it needs Python {bounds}; this one is {mine} and no other was found"
