"""Makes an environment: runs the tools, with their output in a log, and keeps other processes waiting."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.errors import ProvisionError
from conformance.model.versions import within
from conformance.provision import store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from conformance.model.manifest import Manifest
    from conformance.model.spec import Spec
    from conformance.provision import Report

_KEPT_BUILDS = 3
_TAIL = 20

# Signs in the output of npm, pip, uv, cargo and go. The network is looked for before the version: pip says that there
# is no such version also when it cannot reach the index.
_NETWORK = (
    "ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH",
    "Failed to establish a new connection", "Temporary failure in name resolution", "NewConnectionError",
    "ProxyError", "ConnectTimeoutError", "spurious network error", "Could not resolve host",
    "Could not connect", "error sending request", "client error (Connect)", "dns error",
    "download of config.json failed", "dial tcp",
)  # fmt: skip
_DISK = ("ENOSPC", "No space left on device", "Disk quota exceeded", "os error 28")
_VERSION = (
    "ETARGET", "No matching version found", "No matching distribution found", "No solution found",
    "failed to select a version", "no matching package named", "E404", "unknown revision", "404 Not Found",
)  # fmt: skip
_REFUSED = ("403 Forbidden",)


@dataclass(frozen=True, slots=True)
class Task:
    """Making the environment `target` for the implementation `label`; `report` gets a line for each long step."""

    label: str
    target: Path
    report: Report

    @property
    def log(self) -> Path:
        """Where the output of the tools is kept."""
        return self.target.parent.parent / "logs" / f"{self.target.name}.log"

    def make(self, fill: Callable[[Path], None]) -> Path:
        """Returns the environment, filled by `fill` in a temporary folder and renamed when it is complete.

        Of several processes one makes it and the others wait. Where files cannot be locked each makes its own
        and the first one stays.
        """
        self.target.parent.mkdir(parents=True, exist_ok=True)
        with locked(self.target.with_name(f".{self.target.name}.lock"), self.waiting):
            if self.target.is_dir():
                return self.target
            fresh = Path(tempfile.mkdtemp(prefix=".new-", dir=self.target.parent))
            try:
                fresh.chmod(0o755)
                fill(fresh)
                fresh.rename(self.target)
            except BaseException as error:
                shutil.rmtree(fresh, ignore_errors=True)
                if not (isinstance(error, OSError) and self.target.is_dir()):
                    raise
        return self.target

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


@contextmanager
def listing(label: str, package: str, report: Report) -> Iterator[Task]:
    """A task that asks the registry for the releases of a package. It makes nothing but a log, which it has alone."""
    task = Task(label, store.environment("releases", package, "", "list"), report)
    task.target.parent.mkdir(parents=True, exist_ok=True)
    with locked(task.target.with_name(f".{task.target.name}.lock"), task.waiting):
        yield task


def _diagnose(output: str) -> tuple[str, str]:
    if _mentions(output, _DISK):
        return ": the disk is full", "free some space, or put the cache elsewhere with YJS_CONFORMANCE_CACHE"
    if _mentions(output, _NETWORK):
        return (
            ": the package index cannot be reached",
            "check the network and the proxy settings, then run again",
        )
    if _mentions(output, _REFUSED):
        return ": the package index refuses to serve it", "name another version, or ask who runs that index"
    if _mentions(output, _VERSION):
        return (
            ": there is no such version, or none for this platform",
            "name another version, or leave it out for the pinned one",
        )
    return "", "the end of the tool's output says why"


def _mentions(output: str, signs: Sequence[str]) -> bool:
    return any(sign in output for sign in signs)


def forget_older(target: Path, prefix: str) -> None:
    """Removes all but the newest environments whose names begin with `prefix`: old builds of a folder."""

    builds = [path for path in target.parent.glob(f"{prefix}*") if path.is_dir() and path != target]
    builds.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in builds[_KEPT_BUILDS - 1 :]:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def locked(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Holds an advisory lock on the file `path`, where the platform has such a thing."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError:
            pass  # A file system without locks.
        yield


def check_version(spec: Spec, manifest: Manifest) -> None:
    """Raises ProvisionError when the runner does not know how to host the version that `spec` asks for."""
    version = spec.version or manifest.version
    if not within(version, manifest.supported):
        raise ProvisionError(
            spec.label,
            f"the runner hosts {manifest.package} {manifest.supported}, and {version} is outside",
            f"name a version inside, or {spec.name} for {manifest.version}",
        )
