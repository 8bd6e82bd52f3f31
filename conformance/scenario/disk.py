"""The disk as others see it: another program, or an administrator, that reads and changes files of a performance."""

from __future__ import annotations

import base64
import json
import os
import shutil
from typing import TYPE_CHECKING, Any

from conformance.scenario.participant import Answer, Setting, failed, ok

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.scenario.model import Step


class Disk:
    """The participant that plays the role `disk`. Paths are relative to the folder of the performance."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    async def perform(self, step: Step) -> Answer:
        """`file.*`: read, write, stat, list, rename, delete, truncate, mode. What the system refuses is an error."""
        operation = _OPS.get(step["op"])
        if operation is None:
            return failed("runner", f"the disk has no op {step['op']}")
        try:
            return ok(operation(self._path(step["path"]), step))
        except (OSError, ValueError) as error:
            return failed("refused", f"{type(error).__name__}: {error}")

    async def close(self) -> None:
        pass

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


_OPS = {
    "file.read": _read,
    "file.write": _write,
    "file.stat": _stat,
    "file.list": _list,
    "file.rename": _rename,
    "file.delete": _delete,
    "file.truncate": _truncate,
    "file.mode": _mode,
}
