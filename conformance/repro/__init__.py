"""Programs that show a failure with nothing but the library: paste them into a bug report.

A dialect is a library in a language; a manifest names its own with the key `repro`. Adding one is a module here and
a line in `_DIALECTS`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.repro.source import Dialect

_DIALECTS = {
    "yjs": "javascript",
    "yjs14": "yjs14",
    "ywasm": "ywasm",
    "pycrdt": "pycrdt",
    "ypy": "ypy",
    "yrs": "rust",
    "ygo": "go",
}
"""Name of a dialect -> its module, which has `dialect()`."""


def names() -> tuple[str, ...]:
    """The dialects that there are."""
    return tuple(_DIALECTS)


def dialect(name: str) -> Dialect:
    """The dialect of that name.

    Raises:
        KeyError: there is none.
    """
    found: Dialect = import_module(f"{__name__}.{_DIALECTS[name]}").dialect()
    return found
