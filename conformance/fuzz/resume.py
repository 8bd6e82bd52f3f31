"""What a results file tells a campaign that goes on from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.errors import UsageError
from conformance.fuzz.campaign import Before
from conformance.fuzz.ledger import Tally
from conformance.report.store import read_records

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conformance.model.implementation import Implementation
    from conformance.report.records import Record

_COUNTS = ("programs", "performances", "operations", "unsupported", "failed", "kinds")


@dataclass(frozen=True, slots=True)
class Resumed:
    """The records of a campaign that was cut short, and how many bytes of its file they take."""

    records: tuple[Record, ...] = ()
    size: int = 0

    def check(self, path: Path, implementations: Sequence[Implementation]) -> None:
        """Raises UsageError when the campaign was one of other implementations, or of other versions of them."""
        if not self.records or self.records[0].get("castings") != "fuzz":
            raise UsageError(f"{path}: no campaign to resume; leave --resume out")
        then = [(each["label"], each["version"]) for each in self.records[0]["implementations"]]
        now = [(each.label, each.hello.version) for each in implementations]
        if then != now:
            raise UsageError(
                f"{path} is of {_listed(then)}, and this campaign of {_listed(now)}; give the same --impls as then"
            )

    def of(self, profile: str, first: int) -> tuple[int, Before]:
        """The seed that a profile goes on with, `first` if it has not begun; and what was written of it."""
        own = [record for record in self.records if record.get("profile") == profile]
        found = [record for record in own if record["type"] == "result"]
        progress = next((record for record in reversed(own) if record["type"] == "progress"), None)
        tally = Tally(**{name: progress[name] for name in _COUNTS}) if progress else Tally()
        goes_on = progress["next"] if progress else first
        beyond = frozenset((record["seed"], tuple(record["cast"])) for record in found if record["seed"] >= goes_on)
        return goes_on, Before(tally, beyond)


def _listed(versions: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{label} {version}" for label, version in versions)


def read_resumed(path: Path | None) -> Resumed:
    """The records of a file to go on with; of none there are none.

    Raises:
        UsageError: there is no such file, or it is no results file.
    """
    if path is None:
        return Resumed()
    records = tuple(read_records(path))
    with path.open("rb") as file:
        size = sum(len(line) for line in file if line.endswith(b"\n"))
    return Resumed(records, size)
