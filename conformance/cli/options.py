"""Options that several commands share, and what they stand for."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.errors import UsageError
from conformance.model.layers import PEER

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from conformance.execute.limits import Limits
    from conformance.model.manifest import Manifest
    from conformance.model.vector import Case
    from conformance.scenario.model import Scenario
    from conformance.wanted import Wanted

CORES = os.cpu_count() or 2
TIMEOUT = 10.0
"""Seconds for a case."""
EVERYBODY = "all"
"""The value of --impls that means every manifest."""
ROOT_KINDS = ("text", "array", "map", "xml")


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are UsageErrors."""

    def error(self, message: str) -> None:  # type: ignore[override]
        raise UsageError(f"{message}; see: {self.prog} --help")


def parser(command: str, description: str) -> Parser:
    return Parser(prog=f"python -m conformance {command}".rstrip(), description=description, allow_abbrev=False)


def add_implementations(options: argparse.ArgumentParser) -> None:
    options.add_argument(
        "--impls",
        metavar="A,B",
        help="implementations: NAME, NAME@VERSION or NAME=PATH (a checkout, package folder, wheel or tarball); "
        f"{EVERYBODY}: each of them, or an error; default: all that this machine can provide",
    )
    options.add_argument(
        "--runner",
        metavar="MANIFEST.toml",
        type=Path,
        action="append",
        default=[],
        help="add an implementation of your own",
    )


def add_limits(options: argparse.ArgumentParser) -> None:
    options.add_argument(
        "--timeout", type=positive, metavar="SECONDS", help="for a case (10), or a step of a scenario (30)"
    )
    options.add_argument(
        "--memory", type=positive, default=2048.0, metavar="MIB", help="resident memory of a runner (default 2048)"
    )
    options.add_argument(
        "--jobs",
        type=count,
        default=CORES,
        metavar="N",
        help="runner processes that work at the same time",
    )


def add_partner(options: argparse.ArgumentParser) -> None:
    """Another implementation that plays some of the peers, in commands about one implementation."""
    others = options.add_mutually_exclusive_group()
    others.add_argument("--writer", metavar="NAME", help="who plays the first peer, instead of the implementation")
    others.add_argument("--reader", metavar="NAME", help="who plays the other peers, instead of the implementation")


def add_vectors(options: argparse.ArgumentParser) -> None:
    """Where cases stand, and further manifests."""
    options.add_argument("--vectors", type=Path, action="append", metavar="PATH", help="instead of the shipped ones")
    options.add_argument(
        "--runner", type=Path, action="append", default=[], metavar="MANIFEST.toml", help="as of a run"
    )


def positive(text: str) -> float:
    """A number above 0, as an option's type."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return value


def count(text: str) -> int:
    """A whole number from 1, as an option's type."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1")
    return int(text)


def limits(arguments: argparse.Namespace) -> Limits:
    from conformance.execute.limits import Limits

    memory = int(arguments.memory * (1 << 20))
    return Limits(
        timeout=arguments.timeout or TIMEOUT,
        memory=memory,
        recycle=min(memory // 2, 512 << 20),
        jobs=arguments.jobs or CORES,
    )


def cases(pattern: str, vectors: Sequence[Path] | None) -> list[Case]:
    """The cases at `vectors`, or the shipped ones, that a glob means; raises UsageError when there are none."""
    from fnmatch import fnmatchcase

    from conformance.model.vector import load_cases
    from conformance.resources import data_root

    found = [case for case in load_cases(vectors or [data_root() / "vectors"]) if fnmatchcase(case.id, pattern)]
    if not found:
        raise UsageError(f"there is no case {pattern}; see: python -m conformance list --filter GLOB")
    return found


def case_of(name: str, vectors: Sequence[Path] | None) -> Case:
    """The one case of that id."""
    found = cases(name, vectors)
    if len(found) > 1:
        raise _several(name, found)
    return found[0]


def _several(name: str, found: Sequence[Case] | Sequence[Scenario]) -> UsageError:
    return UsageError(f"{name} means several cases: {found[0].id}, {found[1].id}, ...; name one")


def scenarios(pattern: str, vectors: Sequence[Path] | None) -> list[Scenario]:
    """As `cases`, of scenarios."""
    from fnmatch import fnmatchcase

    from conformance.model.layers import UPPER
    from conformance.resources import data_root
    from conformance.scenario.model import FOLDER, load_scenarios

    paths = vectors or [data_root() / "vectors" / FOLDER]
    found = [scenario for scenario in load_scenarios(paths, tuple(UPPER)) if fnmatchcase(scenario.id, pattern)]
    if not found:
        raise UsageError(f"there is no scenario {pattern}; see: python -m conformance list scenarios")
    return found


def manifests(arguments: argparse.Namespace) -> Mapping[str, Manifest]:
    """The shipped manifests, and those that --runner adds."""
    from conformance.model.manifest import load_manifests
    from conformance.resources import data_root

    return load_manifests(data_root(), arguments.runner)


def wanted(arguments: argparse.Namespace, roles: Collection[str] = (PEER,)) -> Wanted:
    """The implementations that --impls and --runner name, or all that play one of the roles."""
    from conformance.model.spec import parse_specs
    from conformance.wanted import choose

    known = manifests(arguments)
    named = arguments.impls
    if named == EVERYBODY:
        named = ",".join(name for name, manifest in known.items() if set(manifest.roles) & set(roles))
    return choose(parse_specs(named) if named else None, known, roles)


def add_roots(options: argparse.ArgumentParser) -> None:
    options.add_argument(
        "--root",
        action="append",
        default=[],
        metavar="NAME=KIND",
        help=f"the kind of a root, where the updates do not show it: {', '.join(ROOT_KINDS)}",
    )


def roots(texts: Sequence[str]) -> dict[str, str]:
    """Root name -> kind, from NAME=KIND."""
    found = {}
    for text in texts:
        name, _, kind = text.rpartition("=")
        if not name or kind not in ROOT_KINDS:
            raise UsageError(f"--root {text}: write NAME=KIND, with a kind of {', '.join(ROOT_KINDS)}")
        found[name] = kind
    return found
