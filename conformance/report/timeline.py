"""The story of one performance of a scenario: a column for each participant, a line for each event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.report.records import Record

STYLES = {"did": "bold", "saw": "cyan", "sent": "green", "received": "yellow", "note": "red"}
MARKS = {"did": "", "saw": "= ", "sent": "> ", "received": "< ", "note": "! "}
"""What stands before an event, so that its kind shows without colours too."""


def participants(record: Record) -> list[str]:
    """The columns: the roles that implementations play, then others of whom there are events."""
    others = dict.fromkeys(who for _, who, _, _ in record["timeline"] if who)
    return list(dict.fromkeys((*record["roles"], *others)))


def table(record: Record) -> Table:
    """The timeline of a record that has one."""
    names = participants(record)
    columns = [f"{name}\n{record['roles'].get(name, 'the kit')}" for name in names]
    shown = Table("ms", *columns, show_lines=False, expand=True, pad_edge=False)
    shown.columns[0].justify = "right"
    for at, who, kind, what in record["timeline"]:
        cell = Text(f"{MARKS[kind]}{what}", STYLES[kind])
        if who in names:
            place = names.index(who)
            shown.add_row(f"{at:.1f}", *("",) * place, cell, *("",) * (len(names) - place - 1))
        else:
            shown.add_row(f"{at:.1f}", cell, *("",) * (len(names) - 1))
    return shown


def plain(record: Record) -> Iterator[str]:
    """The same without columns, for where there is no terminal: time, participant, event."""
    width = max((len(name) for name in participants(record)), default=0)
    for at, who, kind, what in record["timeline"]:
        yield f"{at:>9.1f} ms  {who:<{width}}  {MARKS[kind]}{what}"


def choose(records: Sequence[Record], pattern: str) -> list[Record]:
    """The records that have a timeline and whose id a glob means."""
    from fnmatch import fnmatchcase

    return [record for record in records if record.get("timeline") and fnmatchcase(record["case"], pattern)]
