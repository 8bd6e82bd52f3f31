"""Finds programs, and runs them with their output in a log."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.errors import ProvisionError
from conformance.provision import store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from conformance.provision import Report

_TAIL = 20

# Signs in the output of npm, pip, uv and cargo. The network is looked for before the version: pip says that there
# is no such version also when it cannot reach the index.
_NETWORK = (
    "ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH",
    "Failed to establish a new connection", "Temporary failure in name resolution", "NewConnectionError",
    "ProxyError", "ConnectTimeoutError", "spurious network error", "Could not resolve host",
    "Could not connect", "error sending request", "client error (Connect)", "dns error",
    "download of config.json failed",
)  # fmt: skip
_DISK = ("ENOSPC", "No space left on device", "Disk quota exceeded", "os error 28")
_VERSION = (
    "ETARGET", "No matching version found", "No matching distribution found", "No solution found",
    "failed to select a version", "no matching package named", "E404",
)  # fmt: skip


def which(name: str) -> str | None:
    """The absolute path of the program `name`, itself a path or looked up on PATH; None without one."""
    if os.name == "nt":
        from shutil import which as search

        return search(name)
    if "/" in name:
        return str(Path(name).absolute()) if os.access(name, os.X_OK) and not Path(name).is_dir() else None
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        path = f"{folder or '.'}/{name}"
        if os.access(path, os.X_OK) and not Path(path).is_dir():
            return path if path.startswith("/") else str(Path(path).absolute())
    return None


def answer(argv: Sequence[str], question: str = "") -> str | None:
    """What a program prints on standard output when asked, stripped; None when it fails or takes too long."""
    import subprocess

    try:
        done = subprocess.run(
            list(argv),
            input=question,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
            cwd=Path.home(),
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None


@dataclass(frozen=True, slots=True)
class Task:
    """Making one environment for the implementation `label`; its tools write to the file `log`."""

    label: str
    log: Path
    report: Report

    def say(self, line: str) -> None:
        """Reports progress under the implementation's name."""
        self.report(f"{self.label}: {line}")

    def waiting(self) -> None:
        """Reports that another process is at work on the same environment."""
        self.say("waiting for another process that provides it")

    def run(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str], failed: str) -> None:
        """Runs a tool to its end; raises ProvisionError, which says `failed` and why, when it fails."""
        if not self.attempt(argv, cwd, env):
            raise self.failure(failed)

    def failure(self, failed: str) -> ProvisionError:
        """The error for the tool that ran last."""
        output = self.output()
        what, mend = _diagnose(output)
        return ProvisionError(self.label, f"{failed}{what}", mend, self._detail(output))

    def attempt(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> bool:
        """Runs a tool to its end and says whether it succeeded."""
        import subprocess

        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            done = subprocess.run(
                list(argv),
                cwd=cwd,
                env={**os.environ, **env},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
            )
        return done.returncode == 0

    def output(self) -> str:
        """What the tool that ran last has written."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def version_missing(self) -> bool:
        """Whether the tool that ran last said that there is no such version (for this platform)."""
        output = self.output()
        return _mentions(output, _VERSION) and not _mentions(output, _NETWORK)

    def _detail(self, output: str) -> str:
        tail = output.rstrip().splitlines()[-_TAIL:]
        return "\n".join(["  " + line for line in tail] + [f"the full log is {self.log}"])


def _diagnose(output: str) -> tuple[str, str]:
    if _mentions(output, _DISK):
        return ": the disk is full", "free some space, or put the cache elsewhere with YJS_CONFORMANCE_CACHE"
    if _mentions(output, _NETWORK):
        return (
            ": the package index cannot be reached",
            "check the network and the proxy settings, then run again",
        )
    if _mentions(output, _VERSION):
        return (
            ": there is no such version, or none for this platform",
            "name another version, or leave it out for the pinned one",
        )
    return "", "read the end of the tool's output:"


def _mentions(output: str, signs: Sequence[str]) -> bool:
    return any(sign in output for sign in signs)


def task_for(label: str, target: Path, report: Callable[[str], None]) -> Task:
    """The task of making the environment `target`."""
    return Task(label, store.log_of(target), report)
