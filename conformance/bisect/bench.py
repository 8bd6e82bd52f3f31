"""The bench: releases are provided one at a time and perform the same cases, each once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from conformance.errors import ProvisionError
from conformance.execute.engine import Engine
from conformance.model.implementation import SPEAKS_V2
from conformance.model.spec import Spec
from conformance.plan.script import has_format, parts
from conformance.provision import provide
from conformance.provision.engine import bundled
from conformance.repro.performing import cast_as, first, perform_all
from conformance.run import introduce
from conformance.wanted import Wanted, launches

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.execute.engine import Limits
    from conformance.model.implementation import Implementation
    from conformance.model.manifest import Manifest
    from conformance.model.vector import Case
    from conformance.plan.casting import Performance
    from conformance.provision import Launch, Report

RELEASE = 0
"""The number of the release in a cast; others are numbered from 1."""
ALONE = (RELEASE, RELEASE)
FORMATS = ("v1", "v2")


class Key(NamedTuple):
    """One performance: the case's id, who writes and who reads, and the format of updates."""

    case: str
    cast: tuple[int, int]
    format: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a performance. `signature` is empty unless it failed; `detail` names a feature that is lacking."""

    verdict: str
    signature: str = ""
    detail: str = ""

    @property
    def is_use(self) -> bool:
        """Whether the release could perform it."""
        return self.verdict != "unsupported"

    @property
    def passed(self) -> bool:
        return self.verdict == "pass"


@dataclass(frozen=True, slots=True)
class Seen:
    """A release: the version of its engine if it tells, and its answers; or why it could not be provided."""

    version: str
    engine: str | None
    answers: Mapping[Key, Answer]
    skipped: str = ""


@dataclass(slots=True)
class Bench:
    """Cases that are performed by releases of `manifest`, alone or with `others`, as `casts` say.

    Attributes:
        casts: writer and reader by number. A case of one peer takes part in casts of the release alone.
        only: the cases and casts that are meant, where that is not all of them.
        seen: what was tried, in the order in which it was.
    """

    manifest: Manifest
    manifests: Mapping[str, Manifest]
    cases: Sequence[Case]
    others: Sequence[Spec]
    casts: Sequence[tuple[int, int]]
    formats: Sequence[str]
    limits: Limits
    report: Report
    only: frozenset[tuple[str, tuple[int, int]]] | None = None
    seen: dict[str, Seen] = field(default_factory=dict)
    _companions: list[Launch] = field(default_factory=list)

    def at(self, version: str) -> Seen:
        """What a release makes of all cases; performed when it is first asked for.

        Raises:
            ProvisionError: one of the others cannot be had. A release that cannot is `skipped`.
        """
        if version not in self.seen:
            self.seen[version] = self._perform(version)
        return self.seen[version]

    def _perform(self, version: str) -> Seen:
        label = f"{self.manifest.name}@{version}"
        spec = Spec(self.manifest.name, version, None, label)
        self._companions = self._companions or launches(Wanted(tuple(self.others), self.manifests), self.report)
        try:
            launch = provide(spec, self.manifest, self.report)
            engine = bundled(self.manifest, launch.installed)
            answers = dict(self._answers([launch, *self._companions], [spec, *self.others]))
        except ProvisionError as error:
            if error.implementation != label:
                raise
            self.report(f"skipped {label}: {error.what}")
            return Seen(version, None, {}, error.what)
        self.report(f"{label}: {_summary(answers)}")
        return Seen(version, engine, answers)

    def _answers(self, commands: Sequence[Launch], specs: Sequence[Spec]) -> Iterator[tuple[Key, Answer]]:
        with Engine(commands, self.limits) as engine:
            implementations = introduce(engine, specs, commands)
            performances = list(self._performances(implementations))
            for shown in perform_all(engine, implementations, performances, first):
                program = shown.outcome.performance.program
                cast = shown.outcome.performance.cast
                verdict = shown.verdict
                key = Key(program.case.id, (cast[0], cast[-1]), program.format)
                yield key, Answer(verdict.name, verdict.signature if shown.failed else "", verdict.detail)

    def _performances(self, implementations: Sequence[Implementation]) -> Iterator[Performance]:
        speaks_v2 = [each.hello.features >= SPEAKS_V2 for each in implementations]
        for case in self.cases:
            single = len(parts(case)) == 1 or case.verdict == "invalid"
            for cast in self.casts:
                if (single and cast != ALONE) or (self.only is not None and (case.id, cast) not in self.only):
                    continue
                for update_format in self.formats if has_format(case) else ("v1",):
                    if update_format == "v1" or (speaks_v2[cast[0]] and speaks_v2[cast[1]]):
                        yield cast_as(case, cast, update_format)


def _summary(answers: Mapping[Key, Answer]) -> str:
    """`3 fail, 1 pass`, or of one performance its verdict."""
    counts: dict[str, int] = {}
    for answer in answers.values():
        counts[answer.verdict] = counts.get(answer.verdict, 0) + 1
    if len(counts) == 1:
        return next(iter(counts))
    return ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items())) or "performs none of it"
