"""Which kit this is, to the byte: the machines of a campaign must run the same one."""

from __future__ import annotations

from pathlib import Path

from conformance.provision.source_files import digest, files
from conformance.resources import data_root

_CODE = (".py", ".toml", ".mjs", ".js", ".cjs", ".rs", ".go", ".json", ".lock", ".mod", ".sum")
_NOT_OURS = ("_data", "__pycache__", "node_modules", "target", "test", "tests", "known")


def kit_digest() -> str:
    """A digest of the coordinator, of the shipped manifests and of the runners' sources."""
    root = data_root()
    folders = [Path(__file__).parents[1], root / "runners", *sorted(root.glob("*-runner"))]
    return digest(file for folder in folders for file in files(folder, _NOT_OURS) if file.suffix in _CODE)
