"""The sources of a runner that a provider builds."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.provision import store

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator


def files(source: Path, left_out: Collection[str]) -> Iterator[Path]:
    """All files below `source` in a fixed order, without documents and the folders of the names `left_out`."""
    for folder, folders, names in os.walk(source):
        folders[:] = sorted(name for name in folders if name not in left_out)
        for name in sorted(names):
            if not name.endswith(".md"):
                yield Path(folder, name)


def digest(paths: Iterable[Path]) -> str:
    """A digest of the files' names and contents."""
    return store.digest(*(part for path in paths for part in (path.name, path.read_bytes())))
