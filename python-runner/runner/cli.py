"""Command line: chooses the adapter and the mode."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import List

    from .adapters import Adapter

from .adapters import ADAPTERS, load

LIBRARY_MISSING = 3


def main(arguments: List[str]) -> int:
    """Runs the program; returns its exit code: 0 agreed or input ended, 1 disagreed, 2 usage, 3 no library."""
    parser = argparse.ArgumentParser(
        prog="python-runner", description="Without paths: the runner protocol. With paths: vectors, alone."
    )
    parser.add_argument("paths", nargs="*", type=Path, help="vector files or folders")
    parser.add_argument("--impl", required=True, choices=sorted(ADAPTERS))
    parser.add_argument("--site", type=Path, help="folder put first on sys.path, to load the library from")
    parser.add_argument("--format", choices=["v1", "v2", "both"], default="both")
    parser.add_argument("--filter", metavar="GLOB", default="*", help="only cases whose id matches")
    options = parser.parse_args(arguments)
    if options.site is not None:
        if not options.site.is_dir():
            parser.error("--site: no such folder: {}".format(options.site))
        sys.path.insert(0, str(options.site.resolve()))
    if options.paths:
        from .standalone import run

        adapter = _load(options.impl)
        return LIBRARY_MISSING if adapter is None else run(adapter, options.paths, options.format, options.filter)

    from . import protocol

    # The library is loaded after standard output is out of its reach.
    streams = protocol.claim_streams()
    adapter = _load(options.impl)
    if adapter is None:
        return LIBRARY_MISSING
    protocol.serve(adapter, *streams)
    return 0


def _load(name: str) -> Adapter | None:
    try:
        return load(name)
    except ImportError as error:
        sys.stderr.write("python-runner: cannot load {}: {}\n".format(name, error))
        return None
