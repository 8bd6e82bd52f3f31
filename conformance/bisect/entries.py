"""Known divergences on releases: the entries of an implementation share a bench, so that each release is tried once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from conformance.bisect.bench import RELEASE, Bench
from conformance.bisect.company import Company
from conformance.bisect.ranges import covered, findings
from conformance.bisect.releases import candidates, newest_patches
from conformance.bisect.scenarios import Scenarios
from conformance.bisect.vectors import ALONE, FORMATS, Vectors
from conformance.judge.known import partner as known
from conformance.model.spec import SpecRange, parse_spec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.bisect.bench import Cast, Performer
    from conformance.bisect.ranges import Finding
    from conformance.divergences.examples import Example
    from conformance.execute.limits import Limits
    from conformance.judge.known import Divergence
    from conformance.model.manifest import Manifest
    from conformance.model.spec import Spec
    from conformance.model.vector import Case
    from conformance.provision import Report
    from conformance.scenario.model import Scenario
    from conformance.scenario.run import Plan

Staged = tuple["Performer", "Mapping[str, Sequence[Cast]]"]
"""What performs the cases of entries, and by an entry's id the casts that tell whether its failure comes."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What entries are performed with.

    Attributes:
        cases: vectors.
        examples: of the entries, which tell with whom one was seen that names nobody.
        scenarios: the plan of all scenarios.
    """

    cases: Sequence[Case]
    examples: Mapping[str, Example]
    scenarios: Plan
    manifests: Mapping[str, Manifest]
    limits: Limits
    report: Report


def find_versions(
    entries: Sequence[Divergence], wanted: SpecRange | None, sources: Sources
) -> Iterator[tuple[Divergence, list[Finding]]]:
    """Each entry with its findings, which are empty where no release can perform a case of it.

    Entries of varied deliveries only are the same error as another entry, and have no findings.

    Args:
        wanted: the releases; None for all that the runner can host.

    Raises:
        ProvisionError: the releases cannot be listed, or a partner cannot be had.
    """
    manifests, report = sources.manifests, sources.report
    for name, is_of_scenarios in dict.fromkeys((entry.implementation, entry.is_of_scenarios) for entry in entries):
        own = [entry for entry in entries if (entry.implementation, entry.is_of_scenarios) == (name, is_of_scenarios)]
        performer, casts = (_scenarios if is_of_scenarios else _vectors)(name, own, sources)
        bench = Bench(manifests[name], manifests, performer, report)
        versions = candidates(manifests[name], wanted or SpecRange(name, None, None, name), [], report)
        grid = {versions[0], versions[-1], *newest_patches(versions)}
        found: dict[str, list[Finding]] = {}
        # What one entry had tried counts for all, so they are looked at again until nothing new is tried.
        while not found or grid < bench.seen.keys():
            grid |= bench.seen.keys()
            row = sorted(grid, key=versions.index)
            found = {
                entry.id: list(findings(bench, versions, row, entry, casts.get(entry.id, ()), own)) for entry in own
            }
        yield from ((entry, found[entry.id]) for entry in own)


def _scenarios(name: str, entries: Sequence[Divergence], sources: Sources) -> Staged:
    company = Company(name, sources.manifests, sources.report)
    casts: dict[str, list[Cast]] = {entry.id: [] for entry in entries}
    of_case: dict[str, dict[Cast, None]] = {}
    for entry in entries:
        for scenario in covered(entry, sources.scenarios.scenarios):
            meant = list(dict.fromkeys(_casts_in(scenario, entry, company)))
            casts[entry.id] += meant
            of_case.setdefault(scenario.id, {}).update(dict.fromkeys(meant))
    plan = replace(
        sources.scenarios, scenarios=tuple(each for each in sources.scenarios.scenarios if each.id in of_case)
    )
    return Scenarios(name, plan, company, {case: list(each) for case, each in of_case.items()}), casts


def _casts_in(scenario: Scenario, entry: Divergence, company: Company) -> Iterator[Cast]:
    """The casts of a scenario that tell whether an entry's failure comes: a release alone, and with those it names."""
    meant = [company.cast(scenario)]
    for name in dict.fromkeys(known(other)[0] for other in entry.others):
        meant += company.casts_with(scenario, name)
    yield from (cast for cast in meant if entry.covers_cast(cast, RELEASE, company.names))


def _vectors(name: str, entries: Sequence[Divergence], sources: Sources) -> Staged:
    partners = {entry.id: _partner(entry, sources.examples) for entry in entries}
    others = _others(entries, partners, sources.manifests)
    casts = {entry.id: casts_of(entry, others, partners[entry.id]) for entry in entries if entry.deliveries != "varied"}
    only = frozenset(
        (case.id, cast)
        for entry in entries
        for case in covered(entry, sources.cases)
        for cast in casts.get(entry.id, ())
    )
    meant = {case for case, _ in only}
    taken = [case for case in sources.cases if case.id in meant]
    every = list(dict.fromkeys(cast for each in casts.values() for cast in each))
    return Vectors(name, sources.manifests, taken, others, every, FORMATS, sources.limits, sources.report, only), casts


def casts_of(divergence: Divergence, others: Sequence[Spec], partner: str | None) -> list[Cast]:
    """The casts that tell whether an entry's failure comes, with others by their number.

    One that is not of cross castings only must come when the implementation is alone. With others those count which
    the entry names, else the `partner` with whom its example was seen.
    """
    if divergence.castings != "cross":
        return [ALONE]
    names = ["", *(other.name for other in others)]
    named = [known(other)[0] for other in divergence.others]
    meant = named or ([partner] if partner else [])
    numbers = [number for number in range(1, len(names)) if names[number] in meant]
    pairs = [pair for number in numbers for pair in ((RELEASE, number), (number, RELEASE))]
    return [pair for pair in pairs if divergence.covers_cast(pair, RELEASE, names)]


def _partner(entry: Divergence, examples: Mapping[str, Example]) -> str | None:
    """With whom the example of an entry was seen."""
    cast = examples[entry.id].cast if entry.id in examples else ()
    return next((name for name in cast if name != entry.implementation), None)


def _others(
    entries: Sequence[Divergence], partners: Mapping[str, str | None], manifests: Mapping[str, Manifest]
) -> list[Spec]:
    """All who play the other parts in cross castings, pinned."""
    names: Iterator[str] = (
        name
        for entry in entries
        if entry.castings == "cross"
        for name in [known(other)[0] for other in entry.others] or [partners[entry.id] or ""]
        if name and name in manifests and name != entry.implementation
    )
    return [parse_spec(name) for name in dict.fromkeys(names)]
