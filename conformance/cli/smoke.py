"""`smoke`: a few required cases on everything at hand, solo and cross, in seconds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.cli import options
from conformance.cli import run as full

if TYPE_CHECKING:
    import argparse
    from collections.abc import Collection

    from conformance.run import Plan

_A_SUITE = 3  # cases


def main(argv: list[str]) -> int:
    """Run the first required cases of each suite; the options of `run` hold."""
    arguments = full.parser("smoke", "A few required cases of each suite, solo and cross, in seconds.").parse_args(argv)
    arguments.level = "required"
    wanted = options.wanted(arguments)
    return full.execute(arguments, wanted, lambda: _plan(arguments, wanted.names), argv)


def _plan(arguments: argparse.Namespace, names: Collection[str]) -> Plan:
    planned = full.plan(arguments, names)
    taken: dict[str, int] = {}
    few = []
    for case in planned.cases:
        taken[case.suite] = taken.get(case.suite, 0) + 1
        if taken[case.suite] <= _A_SUITE:
            few.append(case)
    return replace(planned, cases=tuple(few), whole=False)
