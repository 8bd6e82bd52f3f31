"""Where the kit's data and its cache are."""

from __future__ import annotations

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def data_root() -> Path:
    """The folder that holds `vectors/`, `runners/` and the runners' sources.

    That is the repository when the package runs from a checkout, else `conformance/_data`, as in the wheel.
    """
    return _PACKAGE.parent if is_checkout() else _PACKAGE / "_data"


def is_checkout() -> bool:
    """Whether the package runs from a checkout, whose files its user may be changing."""
    return (_PACKAGE.parent / "vectors" / "schema").is_dir()


def cache_root() -> Path:
    """The folder of provisioned environments and logs: `YJS_CONFORMANCE_CACHE`, else the user's cache folder.

    It need not exist yet; everything in it can be made again.
    """
    override = os.environ.get("YJS_CONFORMANCE_CACHE")
    if override:
        return Path(override).expanduser().absolute()
    from platformdirs import user_cache_path

    return user_cache_path("yjs-conformance", appauthor=False)
