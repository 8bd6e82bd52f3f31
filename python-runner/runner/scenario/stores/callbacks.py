"""The callbacks of a store, which do what the steps say."""

from __future__ import annotations

import asyncio
import time
import zlib
from pathlib import Path
from typing import Any

LOOK = 0.005
"""Seconds between two looks for a file."""


class Metadata:
    """Gives a text; or `{"raises": true}`; or `{"waits": path, "text": text}`, the text once the file is there."""

    def __init__(self, folder: str, given: Any) -> None:
        self._folder = Path(folder)
        self.given = given
        self.waits = False

    async def __call__(self) -> bytes:
        given = self.given if isinstance(self.given, dict) else {"text": self.given}
        if given.get("raises"):
            raise RuntimeError("the metadata callback of the scenario raises")
        if "waits" in given:
            self.waits = True
            while not (self._folder / given["waits"]).exists():
                await asyncio.sleep(LOOK)
            self.waits = False
        return str(given.get("text", "")).encode()


class Compression:
    """zlib; with `{"waits": path}` each decompression waits until the file is there, and shows that it does.

    The callbacks of a store are ordinary functions, so the whole process waits. The file `path.waiting` shows it.
    """

    def __init__(self, folder: Path, given: Any) -> None:
        self._gate = folder / given["waits"] if isinstance(given, dict) else None

    def compress(self, data: bytes) -> bytes:
        return zlib.compress(data)

    def decompress(self, data: bytes) -> bytes:
        if self._gate is not None:
            self._gate.with_name(self._gate.name + ".waiting").touch()
            while not self._gate.exists():
                time.sleep(LOOK)
        return zlib.decompress(data)
