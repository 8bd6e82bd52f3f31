"""The disk as others see it: another program, or an administrator, that reads and changes files of a performance.

A database is a file too: another program can query an SQLite store, and keep it locked.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

from conformance.scenario.participant import Answer, Setting, failed, ok

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.scenario.model import Step


class Disk:
    """The participant that plays the role `disk`. Paths are relative to the folder of the performance."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._locks: dict[Path, sqlite3.Connection] = {}

    async def perform(self, step: Step) -> Answer:
        """`file.*`: read, write, stat, list, copy, rename, delete, truncate, mode, age; `sqlite.*`.

        What the system refuses is an error.
        """
        try:
            path = self._path(step["path"])
            if step["op"] == "file.copy":
                _copy(path, self._path(step["target"]))
                return ok()
            if step["op"] == "sqlite.lock":
                self._lock(path)
                return ok()
            if step["op"] == "sqlite.unlock":
                self._locks.pop(path).close()
                return ok()
            operation = _OPS.get(step["op"])
            if operation is None:
                return failed("runner", f"the disk has no op {step['op']}")
            return ok(operation(path, step))
        except (OSError, ValueError, sqlite3.Error) as error:
            return failed("refused", f"{type(error).__name__}: {error}")

    async def close(self) -> None:
        for lock in self._locks.values():
            lock.close()

    def _lock(self, path: Path) -> None:
        """Keep a database locked, as a program does that is in the middle of writing to it."""
        self._locks[path] = lock = sqlite3.connect(path, isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")

    def _path(self, relative: str) -> Path:
        return _within(self._setting.folder, relative)


def _within(folder: Path, relative: str) -> Path:
    path = (folder / relative).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise ValueError(f"{relative} leads out of the folder of the performance")
    return path


def _read(path: Path, step: Step) -> Any:
    content = path.read_bytes()
    form = step.get("form", "text")
    if form == "base64":
        return base64.b64encode(content).decode()
    text = content.decode()
    return json.loads(text) if form == "json" else text


def _write(path: Path, step: Step) -> None:
    if "json" in step:
        content = json.dumps(step["json"], indent=1, ensure_ascii=False).encode() + b"\n"
    elif "base64" in step:
        content = base64.b64decode(step["base64"])
    else:
        content = step["text"].encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _stat(path: Path, _step: Step) -> Any:
    return {"size": path.stat().st_size, "folder": path.is_dir()} if path.exists() else None


def _list(path: Path, _step: Step) -> list[str]:
    return sorted(entry.name for entry in path.iterdir())


def _rename(path: Path, step: Step) -> None:
    path.rename(path.parent / step["name"])


def _delete(path: Path, _step: Step) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def _truncate(path: Path, step: Step) -> None:
    """To a size in bytes; a negative one is that many less than there are."""
    size = step["size"]
    os.truncate(path, size if size >= 0 else max(0, path.stat().st_size + size))


def _mode(path: Path, step: Step) -> None:
    path.chmod(int(step["mode"], 8))


def _age(path: Path, step: Step) -> None:
    """Dates it back by so many seconds."""
    then = time.time() - step["seconds"]
    os.utime(path, (then, then))


def _copy(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, target)


def _query(path: Path, step: Step) -> list[list[Any]]:
    """The rows of a statement, which is committed; a value `{"base64": text}` is bytes."""
    given = step.get("values", ())
    values = [base64.b64decode(value["base64"]) if isinstance(value, dict) else value for value in given]
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True)) as connection, connection:
        rows = connection.execute(step["query"], values).fetchall()
    return [[base64.b64encode(cell).decode() if isinstance(cell, bytes) else cell for cell in row] for row in rows]


_OPS = {
    "file.read": _read,
    "file.write": _write,
    "file.stat": _stat,
    "file.list": _list,
    "file.rename": _rename,
    "file.delete": _delete,
    "file.truncate": _truncate,
    "file.mode": _mode,
    "file.age": _age,
    "sqlite.query": _query,
}
