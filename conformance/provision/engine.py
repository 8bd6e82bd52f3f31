"""The engine that is compiled into a package, as the paths of its sources tell that stand in the binary."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conformance.model.manifest import Manifest

_COMPILED = frozenset({".so", ".pyd", ".dylib", ".wasm", ".exe"})


def bundled(manifest: Manifest, installed: Path | None) -> str | None:
    """The version of the manifest's engine in what is installed; None where nothing tells it.

    Rust keeps the paths of source files for its panic messages, and cargo's have the version in them. A package that
    is built in the engine's own workspace has none.
    """
    if installed is None or not manifest.engine or manifest.engine == manifest.package:
        return None
    said = re.compile(rb"[/\\]" + re.escape(manifest.engine).encode() + rb"-(\d+\.\d+\.\d+[0-9A-Za-z.+-]*)[/\\]")
    found: Counter[bytes] = Counter()
    for path in _binaries(installed):
        found.update(said.findall(path.read_bytes()))
    return found.most_common(1)[0][0].decode() if found else None


def _binaries(installed: Path) -> Iterator[Path]:
    if installed.is_file():
        yield installed
        return
    yield from sorted(path for path in installed.rglob("*") if path.suffix in _COMPILED and path.is_file())
