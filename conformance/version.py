"""The kit's own version."""

from __future__ import annotations

__version__ = "0.1.0"


def kit_version() -> str:
    """The version; pyproject.toml takes it from here."""
    return __version__
