"""The version of a loaded library."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType


def version_of(module: ModuleType, distribution: str) -> str:
    """The version of the very package that was loaded.

    Several copies may be on sys.path: the metadata counts only if it lies beside the module.
    """
    folder = Path(str(module.__file__)).resolve().parent.parent
    for found in metadata.distributions(name=distribution, path=[str(folder)]):
        return found.version
    own = getattr(module, "__version__", None)
    if own is not None:
        return str(own)
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "unknown"
