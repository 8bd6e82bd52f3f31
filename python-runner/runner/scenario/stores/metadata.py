"""The metadata callback of a store, which does what the step of a write says."""

from __future__ import annotations

import asyncio
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
