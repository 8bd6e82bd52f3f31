"""The cache: one folder for each environment, complete from the moment that it has its name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from conformance.resources import cache_root

if TYPE_CHECKING:
    from pathlib import Path

try:
    # hashlib loads OpenSSL, which costs more than everything else that a provisioned spec needs.
    from _blake2 import blake2b
except ImportError:
    from hashlib import blake2b

_LEFT_OUT = frozenset({"node_modules", ".git", "target", "__pycache__", ".venv"})


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
    return cache_root() / "envs" / f"{slug(kind, package, version)}-{key}"


def slug(*parts: str) -> str:
    """These parts as a file name; other parts may give the same one."""
    words = "-".join(parts).replace("@", "").replace("/", "-")
    return "".join(letter if letter.isalnum() or letter in "._-" else "-" for letter in words).strip("-")
