"""From vectors to a report of what they cover: read, perform, compare with what there is to cover."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from conformance.coverage.cells import tables
from conformance.coverage.impossible import FILE, read, reasons, stale
from conformance.coverage.measure import Coverage, measure
from conformance.coverage.usage import FEATURES
from conformance.execute.engine import Engine
from conformance.model.vector import load_cases
from conformance.report.progress import announce
from conformance.resources import data_root
from conformance.run import introduce
from conformance.wanted import launches

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from conformance.coverage.cells import Table
    from conformance.execute.limits import Limits
    from conformance.wanted import Wanted


@dataclass(frozen=True, slots=True)
class Report:
    """What there is to say of the cells.

    Attributes:
        reasons: cell -> why it cannot be covered.
        stale: what is wrong with the list of those cells, a line each.
    """

    tables: tuple[Table, ...]
    coverage: Coverage
    reasons: Mapping[str, str]
    stale: tuple[str, ...]

    @property
    def cells(self) -> Iterator[str]:
        for table in self.tables:
            yield from table.cells()

    @property
    def empty(self) -> list[str]:
        """The cells that could be covered and are not."""
        return [name for name in self.cells if name not in self.coverage.cases and name not in self.reasons]


def all_tables() -> tuple[Table, ...]:
    """The tables of the shipped schema."""
    schema = orjson.loads((data_root() / "vectors" / "schema" / "suite.schema.json").read_bytes())
    return tables(schema, FEATURES)


def report(wanted: Wanted, limits: Limits, paths: Sequence[Path] | None) -> Report:
    """Perform the vectors at `paths`, by default the shipped ones, on the wanted implementations, each alone.

    Raises:
        ProvisionError: an implementation cannot be had.
        UsageError: a vector or the list of impossible cells is not valid.
    """
    entries = read(data_root() / "vectors" / FILE)
    listed = all_tables()
    known = [cell for table in listed for cell in table.cells()]
    cases = load_cases(paths or [data_root() / "vectors"])
    commands = launches(wanted, announce)
    with Engine(commands, limits) as engine:
        coverage = measure(engine, introduce(engine, wanted.specs, commands), cases, known)
    return Report(listed, coverage, reasons(entries, known), tuple(stale(entries, known, coverage.cases)))
