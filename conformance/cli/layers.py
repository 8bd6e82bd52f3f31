"""`--layers` of a run above layer 3: scenarios in place of vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.cli import options
from conformance.errors import UsageError
from conformance.model.layers import ROLES

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from conformance.corpus import Corpus
    from conformance.execute.process import RunnerProcess
    from conformance.provision import Launch
    from conformance.scenario.model import Scenario
    from conformance.scenario.run import Plan
    from conformance.wanted import Wanted

JOBS_OF_A_CORE = 2
"""Performances wait for each other's processes, and for delays of servers, more than they compute."""
DEADLINE = 30.0
"""Seconds in which a step must be answered."""
MEANINGLESS = ("resume", "requirements")
"""Options of a run that scenarios do not have."""


def main(arguments: argparse.Namespace, layers: Sequence[str], argv: Sequence[str]) -> int:
    """Provide everything, perform the scenarios, write the results file and the report."""
    from conformance.execute.process import started
    from conformance.report.progress import announce
    from conformance.wanted import launches

    for name in MEANINGLESS:
        if getattr(arguments, name, None):
            raise UsageError(f"--{name} is for the layers 0 to 3; leave it out")
    roles = {role for layer in layers for role in ROLES[layer]}
    wanted = options.wanted(arguments, roles)
    for name, reason in wanted.left_out.items():
        announce(f"left out {name}: {reason}")
    planned = plan(arguments, layers, wanted)
    commands = launches(wanted, announce)
    with started(commands) as processes:
        return _execute(arguments, wanted, commands, processes, planned, argv)


def plan(arguments: argparse.Namespace, layers: Sequence[str], wanted: Wanted) -> Plan:
    """What the options stand for."""
    from conformance.judge.known import load_known
    from conformance.provision.toxiproxy import toxiproxy
    from conformance.resources import data_root
    from conformance.scenario.run import Plan

    selected, shipped = scenarios(arguments, layers)
    everybody = not arguments.castings and arguments.proxy is None and _everybody(wanted, layers)
    known = load_known(data_root() / "runners" / "known", wanted.names)
    return Plan(
        scenarios=selected,
        casting=arguments.castings or "",
        known=tuple(entry for entry in known if entry.is_of_scenarios),
        everybody=everybody,
        whole=shipped and everybody,
        keep=arguments.keep,
        jobs=arguments.jobs or JOBS_OF_A_CORE * options.CORES,
        deadline=arguments.timeout or DEADLINE,
        seed=arguments.seed or 0,
        fail_fast=arguments.fail_fast,
        toxiproxy=toxiproxy() if arguments.proxy else "",
        corpora=corpora_of(selected),
    )


def corpora_of(scenarios: Sequence[Scenario]) -> dict[str, Corpus]:
    """The corpora that scenarios are performed with; what is missing is installed now."""
    from conformance.corpus import find_corpus
    from conformance.report.progress import announce

    names = dict.fromkeys(scenario.corpus for scenario in scenarios if scenario.corpus)
    return {name: find_corpus(name, announce) for name in names}


def _everybody(wanted: Wanted, layers: Sequence[str]) -> bool:
    """Whether all take part that could: without one of them a scenario may lack a cast that shows a divergence."""
    roles = {role for layer in layers for role in ROLES[layer]}
    return wanted.names >= {name for name, manifest in wanted.manifests.items() if set(manifest.roles) & roles}


def scenarios(arguments: argparse.Namespace, layers: Sequence[str]) -> tuple[tuple[Scenario, ...], bool]:
    """The scenarios of these layers that the options select, and whether no shipped one of them is left out."""
    from conformance.model.vector import Selection
    from conformance.resources import data_root
    from conformance.scenario.model import FOLDER, load_scenarios

    shipped = data_root() / "vectors" / FOLDER
    paths = [*(arguments.vectors or ()), *([shipped] if arguments.with_shipped or not arguments.vectors else ())]
    found = load_scenarios(paths, layers)
    selection = Selection(tuple(arguments.filter), tuple(arguments.feature), arguments.level)
    selected = tuple(scenario for scenario in found if selection.includes(scenario))
    return selected, shipped in paths and len(selected) == len(found)


def _execute(
    arguments: argparse.Namespace,
    wanted: Wanted,
    commands: Sequence[Launch],
    processes: list[RunnerProcess],
    planned: Plan,
    argv: Sequence[str],
) -> int:
    from conformance.cli.recording import default_results_path, is_quiet, recording
    from conformance.report.progress import counting
    from conformance.scenario.run import run
    from conformance.version import kit_version

    live = counting(0, quiet=is_quiet(arguments))
    with recording(arguments, arguments.results or default_results_path(), live, planned.known) as sinks:
        return run(wanted, commands, planned, sinks, arguments=argv, kit=kit_version(), processes=processes)
