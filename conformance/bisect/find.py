"""From a case to the pair of neighbouring releases between which its outcome changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.bisect.search import boundary, lowest_useful
from conformance.errors import ConformanceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.bisect.bench import Answer, Bench, Seen

NOT_FOUND = 1


class NoChangeError(ConformanceError):
    """The case comes out alike at both ends, or otherwise than the user said."""

    exit_code = NOT_FOUND


@dataclass(frozen=True, slots=True)
class Ends:
    """Where the search begins: places in the row of releases, and what the user called them."""

    low: int
    high: int
    called: dict[int, bool]
    """Place -> whether the user named it good."""


@dataclass(frozen=True, slots=True)
class Change:
    """The outcome changes from `before` to `after`, in performances of `format`.

    Attributes:
        between: releases in between, which could not be tried.
        mended: the case passes after it; False when it fails after it, None when it fails otherwise.
    """

    before: Seen
    after: Seen
    between: tuple[str, ...]
    format: str
    mended: bool | None


def find(bench: Bench, versions: Sequence[str], good: str | None, bad: str | None) -> Change:
    """Bisect the only case of the bench, in its only cast, over ordered `versions`.

    Without `good` and `bad` the ends are the newest release, and the oldest that can perform the case. With one of
    them the other end is whichever of these comes out otherwise.

    Raises:
        NoChangeError: the ends come out alike, or a named one otherwise than named.
        ProvisionError: an end cannot be had.
    """
    row = _Row(bench, versions)
    ends = row.ends(good, bad)
    update_format, by_signature = row.difference(ends)
    low = row.answer(ends.low, update_format)
    assert low is not None, "an end is of use"

    def is_low(place: int) -> bool | None:
        answer = row.answer(place, update_format)
        if answer is None:
            return None
        return answer.signature == low.signature if by_signature else answer.passed == low.passed

    before, after = boundary(ends.low, ends.high, is_low)
    return Change(
        before=bench.at(versions[before]),
        after=bench.at(versions[after]),
        between=tuple(versions[before + 1 : after]),
        format=update_format,
        mended=None if by_signature else not low.passed,
    )


class _Row:
    """The releases, by their place."""

    def __init__(self, bench: Bench, versions: Sequence[str]) -> None:
        self._bench = bench
        self._versions = versions
        (case,) = bench.performer.cases
        self._case, self._formats = case.id, bench.performer.formats

    def answer(self, place: int, update_format: str) -> Answer | None:
        """What a release answers; None where it is no use."""
        found = self._bench.at(self._versions[place]).of(self._case, update_format)
        return found if found and found.is_use else None

    def _is_useful(self, place: int) -> bool:
        return any(self.answer(place, each) for each in self._formats)

    def _passes(self, place: int) -> bool:
        answers = [self.answer(place, each) for each in self._formats]
        return all(answer.passed for answer in answers if answer)

    def ends(self, good: str | None, bad: str | None) -> Ends:
        called = {self._versions.index(name): is_good for name, is_good in ((good, True), (bad, False)) if name}
        for place, is_good in called.items():
            self._need(place)
            if self._passes(place) is not is_good:
                raise NoChangeError(
                    f"{self._label(place)} was called {'good' if is_good else 'bad'}, and {self._case} "
                    f"{'fails' if is_good else 'passes'} there; see: {self._matrix()}"
                )
        if len(called) == 2:
            return Ends(min(called), max(called), called)
        newest = len(self._versions) - 1
        if not called:
            self._need(newest)
            return Ends(lowest_useful(0, newest, self._is_useful), newest, called)
        ((place, is_good),) = called.items()
        if place and self._passes(oldest := lowest_useful(0, place, self._is_useful)) is not is_good:
            return Ends(oldest, place, called)
        self._need(newest)
        return Ends(place, newest, called)

    def difference(self, ends: Ends) -> tuple[str, bool]:
        """The format in which the ends differ, and whether both fail and only their signatures differ."""
        pairs = [(each, self.answer(ends.low, each), self.answer(ends.high, each)) for each in self._formats]
        both = [(each, low, high) for each, low, high in pairs if low and high]
        for each, low, high in both:
            if low.passed != high.passed:
                return each, False
        for each, low, high in both:
            if low.signature != high.signature:
                return each, True
        how = "passes" if self._passes(ends.high) else "fails in the same way"
        where = self._label(ends.high)
        if ends.low != ends.high:
            where = f"{self._label(ends.low)} as in {where}"
        raise NoChangeError(f"{self._case} {how} in {where}; see what is in between: {self._matrix()}")

    def _need(self, place: int) -> None:
        seen = self._bench.at(self._versions[place])
        if seen.skipped:
            raise ConformanceError(f"{self._label(place)}: {seen.skipped}; name another release with --good or --bad")
        if not self._is_useful(place):
            lacking = ", ".join(sorted({answer.detail for answer in seen.answers.values()}))
            raise NoChangeError(f"{self._label(place)} cannot perform {self._case}: it lacks {lacking or 'v2'}")

    def _label(self, place: int) -> str:
        return f"{self._bench.manifest.name}@{self._versions[place]}"

    def _matrix(self) -> str:
        first, last = self._versions[0], self._versions[-1]
        return f"python -m conformance matrix {self._case} --impl {self._bench.manifest.name}@{first}:{last}"


def lines(bench: Bench, change: Change) -> Iterator[str]:
    """All that were tried, in the order of the releases that were found, and the pair."""
    from conformance.model.versions import order

    (case,) = bench.performer.cases
    end = (change.after if change.mended is not True else change.before).of(case.id, change.format)
    assert end is not None, "both were performed"
    name = bench.manifest.name
    rows = [bench.seen[version] for version in sorted(bench.seen, key=order)]
    width = max(len(seen.version) for seen in rows)
    engines = max(len(seen.engine or "") for seen in rows)
    for seen in rows:
        engine = f"{bench.manifest.engine} {seen.engine or '?':<{engines}}  " if engines else ""
        yield f"{name}@{seen.version:<{width}}  {engine}{_outcome(seen, seen.of(case.id, change.format), end)}"
    yield ""
    words = {True: ("last bad", "first good"), False: ("last good", "first bad"), None: ("last before", "first after")}
    for word, seen in zip(words[change.mended], (change.before, change.after), strict=True):
        engine = f" with {bench.manifest.engine} {seen.engine}" if seen.engine else ""
        yield f"{word:<12} {name} {seen.version}{engine}"
    if change.between:
        yield f"between      {', '.join(change.between)}: could not be tried"


def _outcome(seen: Seen, answer: Answer | None, end: Answer) -> str:
    if seen.skipped:
        return f"skipped: {seen.skipped}"
    if answer is None:
        return "skipped: it does not speak v2"
    if not answer.is_use:
        return f"skipped: it lacks {answer.detail}"
    if answer.passed:
        return "pass"
    other = "" if answer.signature == end.signature else "  (another failure)"
    return f"{answer.verdict}  {answer.signature}{other}"
