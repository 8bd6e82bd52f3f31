"""Tarballs of npm: made by `npm pack`, their files below the folder `package`."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_TOP = "package/"


def files(tarball: Path, name: str) -> Iterator[tuple[str, bytes]]:
    """Path, which begins with the package's `name` as it does where npm installs it, and content of each file."""
    with tarfile.open(tarball) as archive:
        for member in sorted(archive.getmembers(), key=lambda member: member.name):
            content = archive.extractfile(member)
            if content is not None and member.name.startswith(_TOP):
                yield f"{name}/{member.name.removeprefix(_TOP)}", content.read()
