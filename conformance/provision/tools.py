"""Finds programs, and asks them about themselves."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.provision.store import digest
from conformance.resources import cache_root

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


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
        _note(note, f"{stamp}\n{said}")
    return said


def _note(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError:
        return  # Asking again is slow, not wrong; what cannot do without the cache says so.
