"""The records themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.report.render import write_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conformance.judge.known import Divergence


def render(results: Path, output: Path | None, known: Sequence[Divergence]) -> None:  # noqa: ARG001
    """Copy the results file."""
    write_text(results.read_text(encoding="utf-8"), output)
