"""Options that several commands share, and what they stand for."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.execute.engine import Limits
    from conformance.model.manifest import Manifest
    from conformance.model.vector import Case
    from conformance.wanted import Wanted

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
        "default: all that this machine can provide",
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
    options.add_argument("--timeout", type=_positive, default=10.0, metavar="SECONDS", help="for a case (default 10)")
    options.add_argument(
        "--memory", type=_positive, default=2048.0, metavar="MIB", help="resident memory of a runner (default 2048)"
    )
    options.add_argument(
        "--jobs",
        type=_count,
        default=os.cpu_count() or 2,
        metavar="N",
        help="runner processes that work at the same time",
    )


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0")
    return value


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1")
    return int(text)


def limits(arguments: argparse.Namespace) -> Limits:
    from conformance.execute.engine import Limits

    memory = int(arguments.memory * (1 << 20))
    return Limits(timeout=arguments.timeout, memory=memory, recycle=min(memory // 2, 512 << 20), jobs=arguments.jobs)


def manifests(arguments: argparse.Namespace) -> Mapping[str, Manifest]:
    """The shipped manifests, and those that --runner adds."""
    from conformance.model.manifest import load_manifest, load_manifests
    from conformance.resources import data_root

    found = load_manifests(data_root())
    for path in arguments.runner:
        manifest = load_manifest(path)
        found[manifest.name] = manifest
    return found


def wanted(arguments: argparse.Namespace) -> Wanted:
    """The implementations that --impls and --runner name."""
    from conformance.model.spec import parse_specs
    from conformance.wanted import choose

    return choose(parse_specs(arguments.impls) if arguments.impls else None, manifests(arguments))


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


def case_of(name: str, vectors: Sequence[Path] | None) -> Case:
    """The case of that id, among the shipped ones or those at `vectors`."""
    from conformance.model.vector import load_cases
    from conformance.resources import data_root

    for case in load_cases(vectors or [data_root() / "vectors"]):
        if case.id == name:
            return case
    raise UsageError(f"there is no case {name}; see: python -m conformance list --filter GLOB")
