"""Known divergences on releases: the entries of an implementation share a bench, so that each release is tried once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.bisect.bench import FORMATS, Bench
from conformance.bisect.ranges import casts_of, covered, findings
from conformance.bisect.releases import candidates, newest_patches
from conformance.judge.known import partner as known
from conformance.model.spec import SpecRange, parse_spec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.bisect.ranges import Finding
    from conformance.divergences.examples import Example
    from conformance.execute.engine import Limits
    from conformance.judge.known import Divergence
    from conformance.model.manifest import Manifest
    from conformance.model.spec import Spec
    from conformance.model.vector import Case
    from conformance.provision import Report


def find_versions(
    entries: Sequence[Divergence],
    wanted: SpecRange | None,
    cases: Sequence[Case],
    examples: Mapping[str, Example],
    manifests: Mapping[str, Manifest],
    limits: Limits,
    report: Report,
) -> Iterator[tuple[Divergence, list[Finding]]]:
    """Each entry with its findings, which are empty where no release can perform a case of it.

    Entries of varied deliveries only are the same error as another entry, and have no findings.

    Args:
        wanted: the releases; None for all that the runner can host.
        examples: of the entries, which tell with whom one was seen that names nobody.

    Raises:
        ProvisionError: the releases cannot be listed, or a partner cannot be had.
    """
    for name in dict.fromkeys(entry.implementation for entry in entries):
        own = [entry for entry in entries if entry.implementation == name]
        partners = {entry.id: _partner(entry, examples) for entry in own}
        others = _others(own, partners, manifests)
        casts = {entry.id: casts_of(entry, others, partners[entry.id]) for entry in own if entry.deliveries != "varied"}
        only = frozenset(
            (case.id, cast) for entry in own for case in covered(entry, cases) for cast in casts.get(entry.id, ())
        )
        taken = [case for case in cases if any((case.id, cast) in only for each in casts.values() for cast in each)]
        every = list(dict.fromkeys(cast for each in casts.values() for cast in each))
        bench = Bench(manifests[name], manifests, taken, others, every, FORMATS, limits, report, only)
        versions = candidates(manifests[name], wanted or SpecRange(name, None, None, name), [], report)
        grid = {versions[0], versions[-1], *newest_patches(versions)}
        found: dict[str, list[Finding]] = {}
        # What one entry had tried counts for all, so they are looked at again until nothing new is tried.
        while not found or grid < bench.seen.keys():
            grid |= bench.seen.keys()
            row = sorted(grid, key=versions.index)
            found = {entry.id: list(findings(bench, versions, row, entry, casts.get(entry.id, ()))) for entry in own}
        yield from ((entry, found[entry.id]) for entry in own)


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
