"""`timeline`: what each participant of a scenario did, sent, received and saw."""

from __future__ import annotations

import sys
from pathlib import Path

from conformance.cli import options
from conformance.errors import UsageError


def main(argv: list[str]) -> int:
    """Print the timelines of the results that a glob means."""
    from conformance.report.failure import headline
    from conformance.report.store import read_records
    from conformance.report.timeline import choose, plain, table

    parser = options.parser("timeline", "What each participant of a scenario did, sent (>), received (<) and saw (=).")
    parser.add_argument("results", type=Path, metavar="RESULTS", help="the file that a run of --layers 4-7 wrote")
    parser.add_argument("id", nargs="?", default="*", metavar="GLOB", help="scenario ids (default: all that failed)")
    arguments = parser.parse_args(argv)
    found = choose([record for record in read_records(arguments.results) if record["type"] == "result"], arguments.id)
    if not found:
        raise UsageError(
            f"{arguments.results}: no timeline of {arguments.id}; what passed has one only in a run with --keep"
        )
    for record in found:
        if not sys.stdout.isatty():
            print(headline(record), *plain(record), "", sep="\n")
            continue
        from rich.console import Console

        console = Console(highlight=False)
        console.print(headline(record), style="bold")
        console.print(table(record))
    return 0
