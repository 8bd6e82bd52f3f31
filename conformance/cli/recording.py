"""The results file of a run, and the report that is made of it: when the run ends, however it ends, or as it grows."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from conformance.judge.known import Divergence
    from conformance.report.progress import Progress
    from conformance.run import Sink

_KEPT = 20


def default_results_path() -> Path:
    """A new file in the cache; only the newest ones are kept."""
    from datetime import UTC, datetime

    from conformance.resources import cache_root

    folder = cache_root() / "results"
    folder.mkdir(parents=True, exist_ok=True)
    for old in sorted(folder.glob("*.ndjson"))[: 1 - _KEPT]:
        old.unlink(missing_ok=True)
    return folder / f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.ndjson"


def is_quiet(arguments: argparse.Namespace) -> bool:
    """Whether standard output is for a program to read, so that only what is unexpected is shown meanwhile."""
    return arguments.format != "terminal" and arguments.output is None


@contextmanager
def recording(
    arguments: argparse.Namespace, path: Path, live: Progress, known: Sequence[Divergence], *, keep: int = 0
) -> Iterator[list[Sink]]:
    """The sinks of a run. `keep` is how many bytes of the file at `path` stay, of a run that goes on."""
    from conformance.report.ndjson import Follower
    from conformance.report.render import renderer
    from conformance.report.store import ResultWriter

    check_apart(path, arguments.output)
    writer = ResultWriter(path, keep=keep)
    follower = Follower(path, arguments.output) if arguments.format == "ndjson" else None
    try:
        yield [writer, live, *([follower] if follower else ())]
    finally:
        live.close()
        writer.close()
        if follower:
            follower.close()
        elif writer.has_written and path.stat().st_size:
            renderer(arguments.format).render(path, arguments.output, known=known)
            if arguments.format == "terminal" and arguments.output is None:
                print(f"results: {path}")


def check_apart(results: Path, output: Path | None) -> None:
    """See that a report does not overwrite the results that it is made of.

    Raises:
        UsageError: both are one file.
    """
    from conformance.errors import UsageError

    if output and output.absolute() == results.absolute():
        raise UsageError(f"--output {output}: is the results file itself; give another file")
