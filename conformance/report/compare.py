"""Two results files, performance by performance: what was fixed, what broke, what only one of them has."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.errors import UsageError
from conformance.report.records import GOOD, Record, is_unexpected
from conformance.report.store import read_records

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

KINDS = ("broken", "fixed", "changed", "new", "gone")

Key = tuple[str, tuple[str, ...], str]  # case id, labels of the cast, format


@dataclass(frozen=True, slots=True)
class Seen:
    """What one file says of a performance. `signature` is empty for what did not fail."""

    verdict: str
    signature: str
    detail: str
    known: bool
    unexpected: bool

    @property
    def good(self) -> bool:
        return self.verdict in GOOD

    @property
    def severity(self) -> int:
        """0 passed, 1 unsupported, 2 a wrong answer, 3 no answer."""
        return {"pass": 0, "unsupported": 1, "fail": 2}.get(self.verdict, 3)

    def __str__(self) -> str:
        if self.good:
            return f"{self.verdict} {self.detail}".rstrip()
        kind = "known " if self.known else "" if self.unexpected else "informational "
        return f"{kind}{self.verdict}"


@dataclass(frozen=True, slots=True)
class Change:
    """A performance that the files do not agree on; `old` is None for a new one, `new` for one that has gone."""

    case: str
    cast: tuple[str, ...]
    format: str
    old: Seen | None
    new: Seen | None

    @property
    def kind(self) -> str:
        """One of KINDS. `changed` is another signature, another verdict, or known to one file only."""
        if self.old is None:
            return "new"
        if self.new is None:
            return "gone"
        if self.new.verdict == "pass":
            return "fixed"
        if self.old.good and self.new.severity > self.old.severity:
            return "broken"
        return "changed"

    @property
    def worse(self) -> bool:
        """Whether the newer run lost something: support, or a result that was no unexpected failure, or an answer.

        A failure that a known divergence explains, or of an informational case, is no loss. Nor is anything of
        which the older run says nothing.
        """
        if self.old is None or self.new is None:
            return False
        if self.new.verdict == "unsupported":
            return self.old.verdict == "pass"
        return self.new.unexpected and (not self.old.unexpected or self.new.severity > self.old.severity)


@dataclass(frozen=True, slots=True)
class Pairing:
    """An implementation in both files, or in one: then the other record is None."""

    old: Record | None
    new: Record | None


@dataclass(slots=True)
class Comparison:
    """What two files say. Casts are in the labels of the newer file where an implementation is in both.

    Attributes:
        old_cases: all case ids of the older file; `new_cases` of the newer one.
        cut_short: the newer run did not come to its end, so what it lacks may yet fail.
    """

    pairings: list[Pairing]
    old_cases: frozenset[str] = frozenset()
    new_cases: frozenset[str] = frozenset()
    changes: list[Change] = field(default_factory=list)
    same: int = 0
    cut_short: bool = False

    def of_kind(self, kind: str) -> list[Change]:
        return [change for change in self.changes if change.kind == kind]

    @property
    def worse(self) -> list[Change]:
        return [change for change in self.changes if change.worse]

    @property
    def is_worse(self) -> bool:
        """Whether something got worse, or whether that cannot be said: results are missing from a run cut short."""
        return bool(self.worse) or (self.cut_short and any(change.new is None for change in self.changes))


def compare(old: Path, new: Path) -> Comparison:
    """Compare two results files.

    Raises:
        UsageError: one of them is none.
    """
    old_run, old_seen, _ = _read(old)
    new_run, new_seen, complete = _read(new)
    pairings = pair(old_run["implementations"], new_run["implementations"])
    renamed = {each.old["label"]: each.new["label"] for each in pairings if each.old and each.new}
    old_seen = {_renamed(key, renamed): seen for key, seen in old_seen.items()}
    comparison = Comparison(
        pairings,
        old_cases=frozenset(case for case, _, _ in old_seen),
        new_cases=frozenset(case for case, _, _ in new_seen),
        cut_short=not complete,
    )
    for key in dict.fromkeys([*new_seen, *old_seen]):
        before, now = old_seen.get(key), new_seen.get(key)
        if before == now:
            comparison.same += 1
        else:
            comparison.changes.append(Change(*key, before, now))
    comparison.changes.sort(key=lambda change: (change.case, change.cast, change.format))
    return comparison


def pair(old: Sequence[Record], new: Sequence[Record]) -> list[Pairing]:
    """Implementations of two runs: by label first, then by name where each side has just one of that name left."""
    new_of = {each["label"]: each for each in new}
    partners = {each["label"]: new_of[each["label"]] for each in old if each["label"] in new_of}
    lone_new = _lone(each for each in new if each["label"] not in partners)
    for name, each in _lone(each for each in old if each["label"] not in partners).items():
        if name in lone_new:
            partners[each["label"]] = lone_new[name]
    taken = {each["label"] for each in partners.values()}
    return [Pairing(each, partners.get(each["label"])) for each in old] + [
        Pairing(None, each) for each in new if each["label"] not in taken
    ]


def _lone(implementations: Iterable[Record]) -> dict[str, Record]:
    """Name -> the only one of that name."""
    named: dict[str, list[Record]] = {}
    for each in implementations:
        named.setdefault(each["name"], []).append(each)
    return {name: group[0] for name, group in named.items() if len(group) == 1}


def _read(path: Path) -> tuple[Record, dict[Key, Seen], bool]:
    records = read_records(path)
    run = next(records, None)
    if run is None:
        raise UsageError(f"{path}: is empty; give the file that a run wrote")
    seen: dict[Key, Seen] = {}
    complete = False
    for record in records:
        if record["type"] == "result":
            seen[record["case"], tuple(record["cast"]), record["format"]] = _seen(record)
        elif record["type"] == "end":
            complete = record["complete"]
    return run, seen, complete


def _seen(record: Record) -> Seen:
    # The words of a runner that broke differ from run to run; a missing feature's name does not.
    detail = record["detail"] if record["verdict"] == "unsupported" else ""
    return Seen(
        record["verdict"], record.get("signature", ""), detail, "known" in record, is_unexpected(record)
    )  # fmt: skip


def _renamed(key: Key, labels: Mapping[str, str]) -> Key:
    case, cast, update_format = key
    return case, tuple(labels.get(label, label) for label in cast), update_format


def as_json(comparison: Comparison) -> dict[str, Any]:
    """The comparison as one JSON object; `worse` says what the exit code says."""
    return {
        "worse": comparison.is_worse,
        "cut_short": comparison.cut_short,
        "same": comparison.same,
        "implementations": [
            {"old": _introduction(each.old), "new": _introduction(each.new)} for each in comparison.pairings
        ],
        "cases": {
            "new": sorted(comparison.new_cases - comparison.old_cases),
            "gone": sorted(comparison.old_cases - comparison.new_cases),
        },
        "changes": [
            {
                "kind": change.kind,
                "worse": change.worse,
                "case": change.case,
                "cast": change.cast,
                "format": change.format,
                "old": _outcome(change.old),
                "new": _outcome(change.new),
            }
            for change in comparison.changes
        ],
    }


def _introduction(implementation: Record | None) -> dict[str, str] | None:
    return implementation and {key: implementation[key] for key in ("label", "name", "version")}


def _outcome(seen: Seen | None) -> dict[str, Any] | None:
    if seen is None:
        return None
    return {"verdict": seen.verdict, "signature": seen.signature, "known": seen.known}
