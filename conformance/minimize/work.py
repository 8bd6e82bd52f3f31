"""From a finding to what is told of it: search, take `wrap` away, make a vector. What an interrupt leaves is kept."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from conformance.execute.engine import Engine
from conformance.minimize.finding import Players
from conformance.minimize.report import Minimised
from conformance.minimize.search import Budget, Minimum, search
from conformance.minimize.vector import fixed, vector
from conformance.run import introduce

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.execute.limits import Limits
    from conformance.minimize.finding import Finding
    from conformance.minimize.search import Progress
    from conformance.model.manifest import Manifest
    from conformance.model.spec import Spec
    from conformance.provision import Launch

_FAULTS = ("crash", "timeout", "memory", "protocol", "panic")
_LOOKS = 3
_TRIES_IF_UNSTEADY = 5
_FAULT_WIDTH = 8  # candidates in a round when each good one costs a process


@dataclass(frozen=True)
class Cast:
    """Who takes part: the first `suspects` of the specs may be to blame, those in `references` may be right."""

    specs: Sequence[Spec]
    launches: Sequence[Launch]
    manifests: Sequence[Manifest]
    suspects: int
    references: Sequence[int]
    limits: Limits


class Workshop:
    """Runners that are started anew after an interrupt, which leaves them in the middle of something."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self._engine = Engine(cast.launches, cast.limits)

    def __enter__(self) -> Workshop:
        """Start the runners. Raises ProvisionError."""
        self.players = self._introduced()
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.close()

    def _introduced(self) -> Players:
        cast = self.cast
        try:
            implementations = introduce(self._engine, cast.specs, cast.launches)
        except BaseException:
            self._engine.close()
            raise
        engines = [manifest.engine for manifest in cast.manifests]
        return Players(self._engine, implementations, engines, range(cast.suspects), cast.references)

    def again(self) -> None:
        """Other runners in the place of those at hand."""
        self._engine.close()
        self._engine = Engine(self.cast.launches, self.cast.limits)
        self.players = self._introduced()


def work(
    shop: Workshop, finding: Finding, budget: Budget, report: Callable[[Progress], None]
) -> tuple[Minimised, bool]:
    """The minimal case of a finding, as a vector; and whether the user ended the search before it was done."""
    started = time.monotonic()
    reached = Minimum(finding.case, 0, complete=False)

    def note(progress: Progress) -> None:
        nonlocal reached
        reached = Minimum(progress.best, progress.tried, complete=False)
        report(progress)

    interrupted = False
    try:
        shows = finding.stage.shows(finding.same, _tries(finding))
        reached = search(finding.case, shows, _narrowed(budget, finding), note)
    except KeyboardInterrupt:
        interrupted = True
        shop.again()
    seconds = time.monotonic() - started
    players = shop.players
    stage = replace(finding.stage, engine=players.engine, implementations=players.implementations)
    minimal = fixed(_seen_again(replace(finding, case=reached.case, stage=stage)))
    return (
        Minimised(finding.case, minimal, vector(minimal), reached.tried, seconds, reached.complete),
        interrupted,
    )


def _seen_again(finding: Finding) -> Finding:
    """The finding with what its case shows now; it may take some tries."""
    for _ in range(_TRIES_IF_UNSTEADY):
        seen = finding.stage.see([finding.case])[0]
        if finding.same(seen):
            break
    return replace(finding, seen=seen) if seen.parts else finding


def _tries(finding: Finding) -> int:
    """How often a candidate is performed: once, unless the failure comes and goes, as it does after a wild write."""
    steady = all(finding.same(seen) for seen in finding.stage.see([finding.case] * _LOOKS))
    return 1 if steady else _TRIES_IF_UNSTEADY


def _narrowed(budget: Budget, finding: Finding) -> Budget:
    """Fewer candidates in a round where a good one ends a process: those beside it would have to be performed again."""
    if any(part.check in _FAULTS for part in finding.seen.parts):
        return replace(budget, width=min(budget.width, _FAULT_WIDTH))
    return budget
