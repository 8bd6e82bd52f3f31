"""What `bisect` and `matrix` share: their cases, and the bench on which releases perform them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.cli import options
from conformance.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from conformance.bisect.bench import Bench, Cast, Performer
    from conformance.bisect.company import Company
    from conformance.model.manifest import Manifest
    from conformance.model.spec import SpecRange
    from conformance.scenario.model import Scenario
    from conformance.scenario.run import Plan


def add_options(parser: options.Parser) -> None:
    """Who plays beside the releases, in which format, and with which limits."""
    options.add_partner(parser)
    parser.add_argument("--update-format", choices=("v1", "v2"), help="of updates (default: both that the case has)")
    options.add_vectors(parser)
    options.add_limits(parser)


def bench(arguments: argparse.Namespace, *, one: bool) -> tuple[SpecRange, Bench]:
    """The releases that --impl means, and the bench on which they perform what `arguments.case` means.

    With `one` that must be a single case. Raises UsageError.
    """
    from conformance.bisect.bench import Bench
    from conformance.model.layers import is_scenario
    from conformance.model.manifest import find_manifest
    from conformance.model.spec import parse_range
    from conformance.report.progress import announce

    known = options.manifests(arguments)
    wanted = parse_range(arguments.impl)
    manifest = find_manifest(wanted, known)
    performer = (_scenarios if is_scenario(arguments.case) else _vectors)(arguments, manifest, one=one)
    return wanted, Bench(manifest, known, performer, announce)


def _vectors(arguments: argparse.Namespace, manifest: Manifest, *, one: bool) -> Performer:
    from conformance.bisect.bench import RELEASE
    from conformance.bisect.vectors import ALONE, FORMATS, Vectors
    from conformance.model.manifest import find_manifest
    from conformance.model.spec import parse_spec
    from conformance.report.progress import announce

    chosen = (
        [options.case_of(arguments.case, arguments.vectors)]
        if one
        else options.cases(arguments.case, arguments.vectors)
    )
    known = options.manifests(arguments)
    partner = arguments.writer or arguments.reader
    others = [parse_spec(partner)] if partner else []
    for other in others:
        find_manifest(other, known)
    cast = ALONE if not others else (1, RELEASE) if arguments.writer else (RELEASE, 1)
    formats = [arguments.update_format] if arguments.update_format else FORMATS
    return Vectors(manifest.name, known, chosen, others, [cast], formats, options.limits(arguments), announce)


def _scenarios(arguments: argparse.Namespace, manifest: Manifest, *, one: bool) -> Performer:
    from conformance.bisect.company import Company
    from conformance.bisect.scenarios import Scenarios
    from conformance.report.progress import announce

    if arguments.update_format:
        raise UsageError("--update-format is for the layers 0 to 3; leave it out")
    found = options.scenarios(arguments.case, arguments.vectors)
    company = Company(manifest.name, options.manifests(arguments), announce)
    chosen = [scenario for scenario in found if company.kind(scenario) is not None]
    if not chosen:
        raise UsageError(f"{manifest.name} plays {' and '.join(manifest.roles)}, which is no role of {found[0].id}")
    if one and len(chosen) > 1:
        raise UsageError(f"{arguments.case} means several scenarios: {chosen[0].id}, {chosen[1].id}, ...; name one")
    casts = {scenario.id: [_cast(arguments, scenario, company)] for scenario in chosen}
    return Scenarios(manifest.name, plan(arguments, chosen), company, casts)


def _cast(arguments: argparse.Namespace, scenario: Scenario, company: Company) -> Cast:
    """That of the options: --writer plays the first role, --reader all others that it can."""
    partner = arguments.writer or arguments.reader
    if not partner:
        return company.cast(scenario)
    number = company.number(partner)
    found = [cast for cast in company.casts_with(scenario, partner) if (cast[0] == number) is bool(arguments.writer)]
    if not found:
        raise UsageError(f"{partner} cannot be the {'writer' if arguments.writer else 'reader'} of {scenario.id}")
    return found[0] if arguments.writer else found[-1]


def plan(arguments: argparse.Namespace, scenarios: Sequence[Scenario]) -> Plan:
    """How releases perform scenarios."""
    from conformance.cli.layers import DEADLINE, JOBS_OF_A_CORE, corpora_of
    from conformance.scenario.run import Plan

    return Plan(
        tuple(scenarios),
        "",
        (),
        jobs=arguments.jobs or JOBS_OF_A_CORE * options.CORES,
        deadline=arguments.timeout or DEADLINE,
        corpora=corpora_of(scenarios),
    )
