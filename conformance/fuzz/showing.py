"""A campaign as it goes on, and what it found."""

from __future__ import annotations

import shlex
import sys
import time
from itertools import product
from typing import TYPE_CHECKING

from conformance.fuzz.finding import BESIDE, symptom_of, told_as
from conformance.fuzz.inquiry import with_everybody
from conformance.report.carried import PROFILES, RUNNER, carried
from conformance.report.progress import announce

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from conformance.report.records import Record

_LINE_EVERY = 10.0  # seconds between lines where there is no terminal


class Watch:
    """A sink that keeps the findings, says each new kind of them at once, and tells how far the campaign is."""

    def __init__(self, resumed: Sequence[Record]) -> None:
        self.findings = [record for record in resumed if record["type"] == "result"]
        self._counts: dict[str, Mapping[str, int]] = {}
        self._profile = ""
        self._started = time.monotonic()
        self._began = self._shown = self._started
        self._last = ""
        self._terminal = sys.stderr.isatty()

    def share(self, seconds: float | None, left: int) -> float | None:
        """The part of the time that the next of `left` profiles may take."""
        return None if seconds is None else max(0.0, seconds - (time.monotonic() - self._started)) / left

    def begin(self, profile: str, left_out: Mapping[str, str]) -> None:
        self._profile = profile
        self._began = time.monotonic()
        for label, features in left_out.items():
            self._say(f"{profile}: without {label}, which lacks {features}")

    def write(self, records: Sequence[Record]) -> None:
        for record in records:
            if record["type"] == "progress":
                self._progress(record)
            elif record["type"] == "result":
                if not any(_way(told) == _way(record) for told in self.findings):
                    mark = "known" if "known" in record else "found"
                    self._say(f"{mark}  {told_as(record)}  ({self._profile}, seed {record['seed']})")
                self.findings.append(record)

    def close(self) -> None:
        self._clear()
        if self._last:
            announce(self._last)

    def _progress(self, record: Record) -> None:
        seconds = max(time.monotonic() - self._began, 1e-3)
        self._last = (
            f"{self._profile}: {record['programs']} programs in {record['performances']} casts, "
            f"{record['operations'] / seconds:.0f} ops/s, {record['failed']} failed in {len(record['kinds'])} ways, "
            f"{record['unsupported']} unsupported"
        )
        if record.get("last"):
            self._say(self._last)
            self._last = ""
        elif self._terminal:
            print(f"\r\x1b[K{self._last}", end="", file=sys.stderr, flush=True)
        elif time.monotonic() - self._shown > _LINE_EVERY:
            self._shown = time.monotonic()
            announce(self._last)

    def _say(self, line: str) -> None:
        self._clear()
        announce(line)

    def _clear(self) -> None:
        if self._terminal:
            print("\r\x1b[K", end="", file=sys.stderr)


def _way(record: Record) -> tuple[str, str, bool]:
    """One line for each; of two splits under one key, one may be known and one new by what their camps answer."""
    return record["profile"], told_as(record), "known" in record


def _bytes_line(slot: str, reader: str, maker: str, authors: Sequence[str], *, sound: bool = True) -> str:
    structs = f", of structs of {', '.join(authors)}" if authors and list(authors) != [maker] else ""
    either = "" if sound else ", and the kit cannot read it either"
    return f"  bytes    {slot}, made by {maker}{structs}, was read by {reader}{either}"


def unknown(found: Sequence[Record]) -> list[Record]:
    """The findings that no known divergence explains."""
    return [record for record in found if "known" not in record]


def _apart(record: Record) -> str:
    """The option that keeps a search at the first pair that is new, and from the known ones beside it; or nothing."""
    sides = [pair.partition(BESIDE)[0].rpartition(" ")[2].split("|") for pair in record.get("new_pairs", ())]
    chosen = [pair for two in sides for pair in product(*(side.split(",") for side in two)) if len(set(pair)) > 1]
    return f" --apart {shlex.quote(','.join(chosen[0]))}" if chosen else ""


def _with_a_control(record: Record, labels: Sequence[str]) -> list[str]:
    """Who plays when a program is made smaller: the cast, and one that is right alone where all of these are not.

    A program may demand what holds only while it is whole; what is right without it says so
    (minimize/finding.py, controls).
    """
    cast = list(dict.fromkeys(record["cast"]))
    wrong = with_everybody(record["key"].removeprefix(f"{symptom_of(record)} "))
    others = [label for label in labels if label not in (*cast, *wrong)]
    return [*cast, *(others[:1] if set(cast) <= set(wrong) else ())]


def lines(found: Sequence[Record], path: Path, arguments: Sequence[str], labels: Sequence[str] = ()) -> Iterator[str]:
    """The findings, one of each kind, with the commands that go on from there; the known ones in a line each.

    `arguments` are those of the campaign, `labels` its implementations.
    """
    first: dict[tuple[str, str, bool], Record] = {}
    for record in found:
        first.setdefault(_way(record), record)
    new = [record for record in first.values() if "known" not in record]
    for record in first.values():
        if "known" in record:
            yield f"known  {told_as(record)}  ({', '.join(record['known'])})"
    for record in new:
        cast = ",".join(record["cast"])
        impls = ",".join(dict.fromkeys(record["cast"]))
        controlled = ",".join(_with_a_control(record, labels))
        yield told_as(record)
        yield f"  seen in {record['profile']}, seed {record['seed']}, cast {cast}"
        if "writer" in record:
            yield _bytes_line(**record["written"])
        for pair in record.get("new_pairs", ()):
            yield f"  new pair {pair}"
        yield (
            f"  again    python -m conformance fuzz --impls {shlex.quote(impls)} --profile {record['profile']} "
            f"--seed {record['seed']} --programs 1 --peers {len(record['program']['peers'])} --cast {shlex.quote(cast)}"
            f"{carried(arguments, RUNNER, PROFILES)}"
        )
        yield (
            f"  smaller  python -m conformance minimize {record['program']['id']} --results {shlex.quote(str(path))} "
            f"--impls {shlex.quote(controlled)} --cast {shlex.quote(cast)}{_apart(record)}"
            f"{carried(arguments, RUNNER)}"
        )
    yield f"{len(new)} new ways to fail, {len(first) - len(new)} known ones; record: {path}"
