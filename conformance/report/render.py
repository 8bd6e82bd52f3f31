"""Renderers: each reads a results file and nothing else, and writes one report."""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from conformance.judge.known import Divergence


class Renderer(Protocol):
    """A module of this package, named as the format."""

    def render(self, results: Path, output: Path | None, known: Sequence[Divergence]) -> None:
        """Write the report to `output`, or to standard output."""


def renderer(name: str) -> Renderer:
    return cast(Renderer, import_module(f"conformance.report.{name}"))


def write_text(text: str, output: Path | None) -> None:
    """Write a finished report.

    Raises:
        ResultsError: the file cannot be written.
    """
    with reporting(output):
        if output is None:
            print(text, end="" if text.endswith("\n") else "\n", flush=True)
        else:
            output.parent.mkdir(parents=True, exist_ok=True)
            output.write_text(text, encoding="utf-8", errors="backslashreplace")


@contextmanager
def reporting(output: Path | None) -> Iterator[None]:
    """Turns a report that cannot be written into a ResultsError. A reader that left (BrokenPipeError) is no error."""
    from conformance.report.store import ResultsError

    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        where = "standard output" if output is None else str(output)
        raise ResultsError(
            f"cannot write the report to {where}: {error.strerror}; give another --output FILE"
        ) from None
