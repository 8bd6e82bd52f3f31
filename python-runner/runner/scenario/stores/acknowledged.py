"""What a store has acknowledged: a file that outlives the process which wrote it."""

from __future__ import annotations

from pathlib import Path


class Acknowledged:
    """The marks of acknowledged writes, in the order in which they were acknowledged; there may be several logs."""

    def __init__(self, home: str) -> None:
        self._home = Path(home)

    def begin(self, text: str, log: str = "") -> None:
        """Forgets all marks of a log, and begins it with a text."""
        self._path(log).write_text(text, encoding="utf-8")

    def add(self, mark: str, log: str = "") -> None:
        with self._path(log).open("a", encoding="utf-8") as file:
            file.write(mark)

    def text(self, log: str = "") -> str:
        path = self._path(log)
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def _path(self, log: str) -> Path:
        return self._home / ("acknowledged" + log)
