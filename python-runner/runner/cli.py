"""Command line: chooses the adapter and the mode."""

from __future__ import annotations

import argparse
import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .adapters import ADAPTERS, load
from .scenario import PARTS

if TYPE_CHECKING:
    from .adapters import Adapter

LIBRARY_MISSING = 3
RECURSION_LIMIT = 6000
"""Values and XML nest deeper than Python's default of 1000 frames; this is well within a stack of 8 MiB."""

MAIN = Path(__file__).resolve().parent.parent / "main.py"


def main(arguments: list[str]) -> int:
    """Runs the program; returns its exit code: 0 agreed or input ended, 1 disagreed, 2 usage, 3 no library."""
    parser = argparse.ArgumentParser(
        prog="python-runner", description="Without paths: the runner protocol. With paths: vectors, alone."
    )
    parser.add_argument("paths", nargs="*", type=Path, help="vector files or folders")
    parser.add_argument("--impl", required=True, choices=sorted({**ADAPTERS, **PARTS}))
    parser.add_argument("--site", type=Path, help="folder put first on sys.path, to load the library from")
    parser.add_argument("--format", choices=["v1", "v2", "both"], default="both")
    parser.add_argument("--filter", metavar="GLOB", default="*", help="only cases whose id matches")
    parser.add_argument("--measure", metavar="REQUESTS", type=Path, help="perform request lines, print the CPU time")
    options = parser.parse_args(arguments)
    if options.site is not None:
        if not options.site.is_dir():
            parser.error(f"--site: no such folder: {options.site}")
        sys.path.insert(0, str(options.site.resolve()))
    if options.impl in PARTS:
        if options.paths or options.measure:
            parser.error(f"{options.impl} plays roles of scenarios, which needs the coordinator")
        return _part(options.impl)
    if options.paths:
        return _alone(options)

    from . import protocol

    sys.setrecursionlimit(RECURSION_LIMIT)
    # Steps and answers are many small objects without cycles: the collector would look through them again and again.
    gc.set_threshold(50_000, 20, 50)
    # The library is loaded after standard output is out of its reach.
    streams = protocol.claim_streams()
    adapter = _load(options.impl)
    if adapter is None:
        return LIBRARY_MISSING
    if options.measure is not None:
        protocol.measure(adapter, options.measure, streams[1])
        return 0
    protocol.serve(adapter, *streams)
    return 0


def _part(name: str) -> int:
    from . import protocol, scenario
    from .scenario.serve import serve

    streams = protocol.claim_streams()
    try:
        part = scenario.load(name)
    except ImportError as error:
        sys.stderr.write(f"python-runner: cannot load {name}: {error}\n")
        return LIBRARY_MISSING
    serve(part, *streams)
    return 0


def _alone(options: argparse.Namespace) -> int:
    from .standalone import run
    from .worker import Worker

    # The worker finds its library as this process would.
    flags = [flag for flag, given in (("-S", sys.flags.no_site), ("-s", sys.flags.no_user_site)) if given]
    command = [sys.executable, *flags, str(MAIN), "--impl", options.impl]
    if options.site is not None:
        command += ["--site", str(options.site)]
    try:
        with Worker(command) as worker:
            return run(worker, options.paths, options.format, options.filter)
    except ImportError:
        return LIBRARY_MISSING


def _load(name: str) -> Adapter | None:
    try:
        return load(name)
    except ImportError as error:
        sys.stderr.write(f"python-runner: cannot load {name}: {error}\n")
        return None
