"""The cache: one folder for each environment, complete from the moment that it has its name."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.resources import cache_root

try:
    # hashlib loads OpenSSL, which costs more than everything else that a provisioned spec needs.
    from _blake2 import blake2b
except ImportError:
    from hashlib import blake2b

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LEFT_OUT = frozenset({"node_modules", ".git", "target", "__pycache__", ".venv"})
_KEPT_BUILDS = 3


def digest(*parts: str | bytes) -> str:
    """A short name for these parts, different for different parts in all likelihood."""
    state = blake2b(digest_size=8)
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        state.update(b"%d:" % len(data))
        state.update(data)
    return state.hexdigest()


def machine() -> str:
    """What a compiled artefact depends on: operating system and processor."""
    if os.name == "nt":
        return f"nt-{os.environ.get('PROCESSOR_ARCHITECTURE', '')}"
    system = os.uname()
    return f"{system.sysname}-{system.machine}"


def signature(path: Path) -> str:
    """Names, sizes and modification times of a file, or of all files below a folder that are not built."""
    if not path.is_dir():
        status = path.stat()
        return f"{status.st_size} {status.st_mtime_ns}"
    rows: list[str] = []
    for folder, folders, files in os.walk(path):
        folders[:] = sorted(name for name in folders if name not in _LEFT_OUT)
        for name in sorted(files):
            status = os.lstat(os.path.join(folder, name))  # noqa: PTH118 - many files: Path objects cost more
            rows.append(f"{folder}/{name} {status.st_size} {status.st_mtime_ns}")
    return "\n".join(rows)


def environment(kind: str, package: str, version: str, key: str) -> Path:
    """Where an environment is, or will be."""
    name = re.sub(r"[^A-Za-z0-9.]+", "-", f"{kind}-{package}-{version}").strip("-")
    return cache_root() / "envs" / f"{name}-{key}"


def log_of(target: Path) -> Path:
    """Where the output of the tools that make the environment `target` is kept."""
    return target.parent.parent / "logs" / f"{target.name}.log"


def once(target: Path, make: Callable[[Path], None], waiting: Callable[[], None]) -> Path:
    """Returns `target`, made by `make` in a temporary folder and renamed when it is complete.

    Of several processes one makes it and the others wait, after a call of `waiting`. Where files cannot be
    locked each makes its own and the first one stays.
    """
    if target.is_dir():
        return target
    import shutil
    import tempfile

    target.parent.mkdir(parents=True, exist_ok=True)
    with locked(target.with_name(f".{target.name}.lock"), waiting):
        if target.is_dir():
            return target
        fresh = Path(tempfile.mkdtemp(prefix=".new-", dir=target.parent))
        try:
            fresh.chmod(0o755)
            make(fresh)
            fresh.rename(target)
        except BaseException as error:
            shutil.rmtree(fresh, ignore_errors=True)
            if not (isinstance(error, OSError) and target.is_dir()):
                raise
    return target


def forget_older(target: Path, prefix: str) -> None:
    """Removes all but the newest environments whose names begin with `prefix`: old builds of a folder."""
    import shutil

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


def remembered(program: str, ask: Callable[[str], str | None]) -> str | None:
    """What `ask(program)` said when the file `program` last changed; None is not remembered."""
    try:
        status = Path(program).stat()
    except OSError:
        return None
    stamp = f"{program} {status.st_size} {status.st_mtime_ns}"
    note = cache_root() / "tools" / f"{digest(program)}.txt"
    try:
        known, _, answer = note.read_text(encoding="utf-8").partition("\n")
        if known == stamp:
            return answer
    except OSError:
        pass
    said = ask(program)
    if said is not None:
        note.parent.mkdir(parents=True, exist_ok=True)
        draft = note.with_name(f".{note.name}.{os.getpid()}")
        draft.write_text(f"{stamp}\n{said}", encoding="utf-8")
        draft.replace(note)
    return said
