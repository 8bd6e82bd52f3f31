"""The versions of a known divergence: in which releases the failure comes that its entry describes.

The newest release of each minor is looked at, and where two neighbours differ the releases between them are bisected.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

from conformance.bisect.search import boundary

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.bisect.bench import Answer, Bench, Case, Cast
    from conformance.bisect.search import IsLow
    from conformance.judge.known import Divergence


AnyCase = TypeVar("AnyCase", bound="Case")


@dataclass(frozen=True, slots=True)
class Span:
    """Neighbouring releases that show a divergence; an end is None where the row of releases ends.

    Where the first releases of the row cannot be had, `first` is the first that could be tried.
    """

    first: str | None
    behind: str | None
    """The first release that shows it no more."""

    def __str__(self) -> str:
        bounds = [f">={_short(self.first)}"] if self.first else []
        bounds += [f"<{_short(self.behind)}"] if self.behind else []
        return ",".join(bounds) or "*"


@dataclass(frozen=True, slots=True)
class Finding:
    """Where one case shows a divergence.

    Attributes:
        shown: tried release that could perform the case -> whether it shows it.
        otherwise: release that does not -> signature with which the case fails in it.
        shared: releases whose failure another entry of the implementation explains as well.
    """

    case: str
    spans: tuple[Span, ...]
    shown: Mapping[str, bool]
    otherwise: Mapping[str, str]
    shared: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return " and ".join(map(str, self.spans)) or "none"


def covered(divergence: Divergence, cases: Sequence[AnyCase]) -> list[AnyCase]:
    """The cases of an entry, vectors in their direct form."""
    return [case for case in cases if divergence.covers_case(case.id)]


def findings(
    bench: Bench,
    versions: Sequence[str],
    grid: Sequence[str],
    divergence: Divergence,
    casts: Sequence[Cast],
    others: Sequence[Divergence] = (),
) -> Iterator[Finding]:
    """A finding for each case of an entry that some release can perform.

    Args:
        versions: all releases, in order.
        grid: those that are looked at in any case.
        others: entries of the implementation, of which some may explain the same.
    """
    cases = [case.id for case in covered(divergence, bench.performer.cases)]
    places = [versions.index(version) for version in grid]
    for case in cases:
        trial = _Trial(bench, versions, divergence, casts, cases, case)
        if any(map(trial.performs, places)):
            finding = trial.finding(places)
            same = [other for other in others if other is not divergence and other.covers_case(case)]
            yield replace(finding, shared=frozenset(trial.shared(same)))


class _Trial:
    """One case of an entry on all releases, which are named by their place; `cases` are all of the entry."""

    def __init__(
        self,
        bench: Bench,
        versions: Sequence[str],
        divergence: Divergence,
        casts: Sequence[Cast],
        cases: Sequence[str],
        case: str,
    ) -> None:
        self._bench, self._versions, self._divergence = bench, versions, divergence
        self._casts, self._cases, self._case = casts, cases, case

    def _answers(self, place: int, *cases: str) -> list[Answer]:
        return [
            answer
            for key, answer in self._bench.at(self._versions[place]).answers.items()
            if key.case in cases
            and key.cast in self._casts
            and key.format in self._divergence.formats
            and answer.is_use
        ]

    def performs(self, place: int) -> bool:
        """Whether the release can perform the case."""
        return bool(self._answers(place, self._case))

    def shows(self, place: int) -> bool | None:
        """Whether some performance fails as the entry says; None where the release can perform none.

        One that can perform no case of the entry does not show it: there the entry would be stale.
        """
        if self.performs(place):
            return any(map(self._divergence.explains, self._parts(place)))
        skipped = self._bench.at(self._versions[place]).skipped
        may_be_absent = self._divergence.castings == "cross"
        return None if skipped or may_be_absent or self._answers(place, *self._cases) else False

    def _parts(self, place: int) -> list[str]:
        """The signatures of a release, in their parts."""
        signatures = [answer.signature for answer in self._answers(place, self._case) if answer.signature]
        return [part for signature in signatures for part in signature.split("+")]

    def _like(self, low: int) -> IsLow:
        state = self.shows(low)

        def is_low(place: int) -> bool | None:
            now = self.shows(place)
            return None if now is None else now is state

        return is_low

    def finding(self, grid: Sequence[int]) -> Finding:
        useful = [place for place in grid if self.shows(place) is not None]
        changes: list[tuple[int, bool]] = []  # the place from which on it is shown, or is not
        for low, high in pairwise(useful):
            if self.shows(low) != self.shows(high):
                changes.append((boundary(low, high, self._like(low))[1], not self.shows(low)))
        spans: list[Span] = []
        # What came before the first that could be tried is not known.
        first = self._versions[useful[0]] if useful[0] else None
        open_ = bool(self.shows(useful[0]))
        for place, shown in changes:
            if shown:
                first, open_ = self._versions[place], True
            else:
                spans.append(Span(first, self._versions[place]))
                open_ = False
        if open_:
            spans.append(Span(first, None))
        return Finding(self._case, tuple(spans), dict(self._shown()), dict(self._otherwise()))

    def _shown(self) -> Iterator[tuple[str, bool]]:
        for place, version in enumerate(self._versions):
            if version in self._bench.seen and (state := self.shows(place)) is not None:
                yield version, state

    def shared(self, others: Sequence[Divergence]) -> Iterator[str]:
        """The releases whose failure one of `others`, which are of the same case, explains too."""
        for version, state in self._shown():
            parts = self._parts(self._versions.index(version))
            covering = [other for other in others if other.covers_version(version)]
            if state and any(
                self._divergence.explains(part) and other.explains(part) for part in parts for other in covering
            ):
                yield version

    def _otherwise(self) -> Iterator[tuple[str, str]]:
        for version, state in self._shown():
            if not state:
                place = self._versions.index(version)
                signatures = sorted(
                    {answer.signature for answer in self._answers(place, self._case) if answer.signature}
                )
                if signatures:
                    yield version, " or ".join(signatures)


def lines(divergence: Divergence, found: Sequence[Finding]) -> Iterator[str]:
    """The entry, and each range with its cases."""
    if is_right(divergence, found):
        yield f"{divergence.id}  {divergence.versions}: so it is"
        return
    yield f"{divergence.id}  {divergence.versions} now"
    if not found:
        yield "  no release could perform one of its cases"
    ranges: dict[str, list[Finding]] = {}
    for finding in found:
        ranges.setdefault(str(finding), []).append(finding)
    for text, group in ranges.items():
        yield f"  {text:<16} {', '.join(finding.case for finding in group)}"
    if found and range_of(divergence, found) is None:
        yield "  no range holds for all of its cases: make an entry for each, or leave a case out"
    for (versions, signature), cases in _otherwise(found).items():
        where = versions[0] if len(versions) == 1 else f"{len(versions)} releases, {versions[0]} to {versions[-1]},"
        yield f"  in {where} these fail otherwise, {signature}: {', '.join(cases)}"


def _otherwise(found: Sequence[Finding]) -> dict[tuple[tuple[str, ...], str], list[str]]:
    """Releases and a signature that is not the entry's -> cases."""
    groups: dict[tuple[tuple[str, ...], str], list[str]] = {}
    for finding in found:
        for signature in dict.fromkeys(finding.otherwise.values()):
            versions = tuple(version for version, other in finding.otherwise.items() if other == signature)
            groups.setdefault((versions, signature), []).append(finding.case)
    return groups


def is_right(divergence: Divergence, found: Sequence[Finding]) -> bool:
    """Whether the versions that an entry has are true of every release that was tried.

    Which of several entries is meant by a failure that each of them explains is a person's to say.
    """
    return bool(found) and all(
        divergence.covers_version(version) is shown or (shown and version in finding.shared)
        for finding in found
        for version, shown in finding.shown.items()
    )


def range_of(divergence: Divergence, found: Sequence[Finding]) -> str | None:
    """The range that holds for all cases, as an entry's `versions`; None when there is none, or not one.

    A case that some releases cannot perform says nothing of those.
    """
    texts = dict.fromkeys(str(finding) for finding in found if len(finding.spans) == 1)
    return next((text for text in texts if is_right(replace(divergence, versions=text), found)), None)


def _short(version: str) -> str:
    """`0.13` for 0.13.0: a range means the same."""
    numbers = version.split(".")
    while len(numbers) > 2 and numbers[-1] == "0":
        numbers.pop()
    return ".".join(numbers)
