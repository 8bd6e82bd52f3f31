"""Proof that random programs can fail: miniatures that they must find, each by the oracle that is there for it."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from conformance.doctor import WRONG, Diagnosis, miniature, table
from conformance.execute.engine import Engine
from conformance.execute.limits import Limits
from conformance.fuzz.campaign import Campaign, Plan
from conformance.fuzz.finding import told_as
from conformance.fuzz.profile import combine, load_profiles
from conformance.fuzz.troupe import NobodyCanError, Script, Troupe
from conformance.fuzz.venue import Machine
from conformance.judge.judge import Judge
from conformance.model.spec import Spec
from conformance.run import introduce

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.provision import Launch
    from conformance.report.records import Record

_LABELS = ("one", "another", WRONG)  # two that are right show who is not
_PROGRAMS = 25


def examine(real: Launch) -> Iterator[Diagnosis]:
    """Let random programs look for each miniature that the runner has the features for; a diagnosis each."""
    for name, (_, profile, glob) in table("BY_CHANCE").items():
        found = _Found()
        try:
            performances = _campaign(profile, [real, real, miniature(name, real)], found)
        except NobodyCanError:
            continue
        caught = [key for key in found.keys if fnmatchcase(key, glob)]
        problem = "" if caught else f"{profile} found {', '.join(found.keys) or 'nothing'}"
        yield Diagnosis(name, "found", len(caught), performances, problem)


class _Found:
    """A sink that keeps the keys of the findings."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    def write(self, records: Sequence[Record]) -> None:
        self.keys += [told_as(record) for record in records if record["type"] == "result"]


def _campaign(profile: str, launches: Sequence[Launch], found: _Found) -> int:
    specs = [Spec(label, None, None, label) for label in _LABELS]
    script = Script(combine(profile.split(","), load_profiles()))
    with Engine(launches, Limits(timeout=5.0)) as engine:
        implementations = introduce(engine, specs, launches)
        campaign = Campaign(Troupe(script, implementations), Plan(1, 1 + _PROGRAMS, None))
        Machine(implementations, engine, Judge(implementations)).perform(campaign, [found])
    return campaign.ledger.tally.performances
