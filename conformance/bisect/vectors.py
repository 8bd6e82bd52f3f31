"""Vectors of the layers 0 to 3 on the bench: a release alone, or as the writer or reader of others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.bisect.bench import RELEASE, Answer, Key
from conformance.execute.engine import Engine
from conformance.model.implementation import SPEAKS_V2
from conformance.plan.script import has_format, parts
from conformance.repro.performing import cast_as, first, perform_all
from conformance.run import introduce
from conformance.wanted import Wanted, launches

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.bisect.bench import Cast
    from conformance.execute.limits import Limits
    from conformance.model.implementation import Implementation
    from conformance.model.manifest import Manifest
    from conformance.model.spec import Spec
    from conformance.model.vector import Case
    from conformance.plan.casting import Performance
    from conformance.provision import Launch, Report

ALONE = (RELEASE, RELEASE)
FORMATS = ("v1", "v2")


@dataclass(slots=True)
class Vectors:
    """Cases, and the casts in which they are performed.

    Attributes:
        name: of the implementation whose releases perform them.
        casts: writer and reader by number. A case of one peer takes part in casts of the release alone.
        only: the cases and casts that are meant, where that is not all of them.
    """

    name: str
    manifests: Mapping[str, Manifest]
    cases: Sequence[Case]
    companions: Sequence[Spec]
    casts: Sequence[Cast]
    formats: Sequence[str]
    limits: Limits
    report: Report
    only: frozenset[tuple[str, Cast]] | None = None
    _launches: list[Launch] = field(default_factory=list)

    def perform(self, spec: Spec, launch: Launch) -> Iterator[tuple[Key, Answer]]:
        """See Performer."""
        self._launches = self._launches or launches(Wanted(tuple(self.companions), self.manifests), self.report)
        commands, specs = [launch, *self._launches], [spec, *self.companions]
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
            single = len(parts(case)) == 1 or case.is_solo
            for cast in self.casts:
                if (single and cast != ALONE) or (self.only is not None and (case.id, cast) not in self.only):
                    continue
                for update_format in self.formats if has_format(case) else ("v1",):
                    if update_format == "v1" or (speaks_v2[cast[0]] and speaks_v2[cast[1]]):
                        yield cast_as(case, cast, update_format)

    def casting(self) -> str:
        """`A -> B`, or `A alone`."""
        writer, reader = self._players()
        return f"{writer} alone" if writer == reader else f"{writer} -> {reader}"

    def as_json(self) -> dict[str, Any]:
        """The names of the writer and the reader."""
        return {"cast": self._players()}

    def others(self) -> Sequence[str]:
        """See Performer."""
        return [spec.label for spec in self.companions]

    def _players(self) -> list[str]:
        """Of the only cast."""
        (cast,) = self.casts
        return [self.name if player == RELEASE else self.companions[player - 1].label for player in cast]
