"""`list`: the vectors, the scenarios, or the implementations with their versions and features."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.cli import layers, options
from conformance.cli.run import add_selection
from conformance.errors import ProvisionError, UsageError
from conformance.model.layers import ALL_ROLES

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from rich.console import Console
    from rich.table import Table

    from conformance.model.implementation import Hello
    from conformance.model.manifest import Manifest
    from conformance.model.vector import Case
    from conformance.provision import Launch
    from conformance.scenario.model import Scenario

_WIDE = 1000  # columns of a table that is no longer wrapped, where there is no terminal


def main(argv: list[str]) -> int:
    """List what was asked for: vectors, unless implementations are named."""
    parser = options.parser("list", "List vectors, scenarios, or implementations with their versions and features.")
    parser.add_argument("what", nargs="?", choices=("vectors", "scenarios", "implementations"), help="default: vectors")
    options.add_implementations(parser)
    add_selection(parser)
    parser.add_argument("--json", action="store_true", help="a list of objects")
    arguments = parser.parse_args(argv)
    named = bool(arguments.impls or arguments.runner)
    if arguments.what in ("vectors", "scenarios") and named:
        raise UsageError(f"list {arguments.what} takes no --impls or --runner; write: list implementations --impls A,B")
    if arguments.what == "scenarios":
        _list_scenarios(arguments)
    elif arguments.what == "implementations" or (arguments.what is None and named):
        _list_implementations(arguments)
    else:
        _list_vectors(arguments)
    return 0


# --- vectors -------------------------------------------------------------------------------------------------


def _list_vectors(arguments: argparse.Namespace) -> None:
    from conformance.model.vector import Selection, load_cases
    from conformance.resources import data_root

    shipped = [data_root() / "vectors"] if arguments.with_shipped or not arguments.vectors else []
    cases = load_cases([*(arguments.vectors or ()), *shipped])
    selection = Selection(tuple(arguments.filter), tuple(arguments.feature), arguments.level)
    selected = [case for case in cases if selection.includes(case)]
    if arguments.json:
        _print_json([_case_json(case) for case in selected])
        return
    from rich.table import Table
    from rich.text import Text

    console = _console()
    for suite in dict.fromkeys(case.suite for case in selected):
        members = [case for case in selected if case.suite == suite]
        console.print(Text(f"{suite} ({len(members)})", "bold"))
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        for case in members:
            table.add_row(Text(f"  {case.id}", no_wrap=True), Text(case.level, "dim"), Text(case.title))
        _show(console, table)
    left_out = len(cases) - len(selected)
    console.print(f"{len(selected)} cases" + (f", {left_out} not selected" if left_out else ""))


def _case_json(case: Case) -> dict[str, Any]:
    return {
        "id": case.id,
        "level": case.level,
        "title": case.title,
        "reason": case.reason,
        "verdict": case.verdict,
        "flags": case.flags,
        "operations": sorted(case.operations),
        "file": str(case.file),
    }


# --- scenarios -----------------------------------------------------------------------------------------------


def _list_scenarios(arguments: argparse.Namespace) -> None:
    from conformance.model.layers import UPPER

    scenarios, _ = layers.scenarios(arguments, tuple(UPPER))
    if arguments.json:
        _print_json([_scenario_json(scenario) for scenario in scenarios])
        return
    from rich.table import Table
    from rich.text import Text

    console = _console()
    for layer, number in UPPER.items():
        members = [scenario for scenario in scenarios if scenario.layer == layer]
        if not members:
            continue
        console.print(Text(f"layer {number}, {layer} ({len(members)})", "bold"))
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        for scenario in members:
            roles = ", ".join(f"{role.name}: {role.plays}" for role in scenario.roles)
            table.add_row(Text(f"  {scenario.id}", no_wrap=True), Text(roles, "dim"), Text(scenario.title))
        _show(console, table)
    console.print(f"{len(scenarios)} scenarios")


def _scenario_json(scenario: Scenario) -> dict[str, Any]:
    return {
        "id": scenario.id,
        "layer": scenario.layer,
        "level": scenario.level,
        "title": scenario.title,
        "reason": scenario.reason,
        "flags": scenario.flags,
        "links": scenario.links,
        "roles": {role.name: role.plays for role in scenario.roles},
        "file": str(scenario.file),
    }


# --- implementations -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    """An implementation in the list. `hello` is None unless its runner could be asked; `reason` says why not."""

    label: str
    manifest: Manifest
    available: bool
    hello: Hello | None = None
    reason: str = ""


def _list_implementations(arguments: argparse.Namespace) -> None:
    entries = _named(arguments) if arguments.impls else _all(arguments)
    if arguments.json:
        _print_json([_entry_json(entry) for entry in entries])
        return
    from rich.table import Table
    from rich.text import Text

    console = _console()
    table = Table("", "version", "plays", "hosts", "provider", "state", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for entry in entries:
        manifest = entry.manifest
        version = entry.hello.version if entry.hello else manifest.version
        provider = f"{manifest.provider} {manifest.package}".rstrip()
        state = Text(entry.reason, "yellow") if entry.reason else Text("ready", "green")
        plays = ", ".join(manifest.roles)
        table.add_row(Text(entry.label, "bold"), version, plays, manifest.supported, provider, state)
    _show(console, table)
    for entry in entries:
        if entry.hello is not None:
            console.print()
            console.print(Text(entry.label, "bold") + Text(f"  {entry.hello.language}, {entry.hello.runtime}", "dim"))
            console.print(f"  features: {', '.join(sorted(entry.hello.features))}")
            console.print(f"  lossy: {', '.join(entry.hello.lossy) or 'nothing'}")


def _named(arguments: argparse.Namespace) -> list[Entry]:
    """The implementations of --impls, provided now; raises ProvisionError."""
    from conformance.execute.engine import Engine
    from conformance.execute.limits import Limits
    from conformance.report.progress import announce
    from conformance.run import introduce
    from conformance.wanted import launches

    wanted = options.wanted(arguments, ALL_ROLES)
    commands = launches(wanted, announce)
    with Engine(commands, Limits()) as engine:
        found = introduce(engine, wanted.specs, commands)
    return [Entry(each.label, wanted.manifests[each.name], True, each.hello) for each in found]


def _all(arguments: argparse.Namespace) -> list[Entry]:
    """Every implementation that there is a manifest of; those that are provided already are asked."""
    from conformance.execute.engine import Engine
    from conformance.execute.limits import Limits
    from conformance.model.implementation import Hello
    from conformance.model.spec import parse_spec
    from conformance.provision import at_hand, available

    entries: list[Entry] = []
    asked: list[tuple[int, Launch]] = []
    for name, manifest in options.manifests(arguments).items():
        reason = available(manifest)
        if reason is None:
            try:
                launch = at_hand(parse_spec(name), manifest)
            except ProvisionError as error:
                reason = error.line
            else:
                if launch is None:
                    reason = "can be provided"
                else:
                    asked.append((len(entries), launch))
            entries.append(Entry(name, manifest, reason in (None, "can be provided"), None, reason or ""))
        else:
            entries.append(Entry(name, manifest, False, None, reason))
    with Engine([launch for _, launch in asked], Limits()) as engine:
        for (place, _), hello in zip(asked, engine.start(), strict=True):
            entry = entries[place]
            if isinstance(hello, Hello):
                entries[place] = Entry(entry.label, entry.manifest, True, hello)
            else:
                why = f"its runner is no use ({hello.kind}): {hello.message.splitlines()[0]}"
                entries[place] = Entry(entry.label, entry.manifest, False, None, why)
    return entries


def _entry_json(entry: Entry) -> dict[str, Any]:
    manifest, hello = entry.manifest, entry.hello
    return {
        "label": entry.label,
        "name": manifest.name,
        "title": manifest.title,
        "homepage": manifest.homepage,
        "provider": manifest.provider,
        "package": manifest.package,
        "plays": manifest.roles,
        "pinned": manifest.version,
        "supported": manifest.supported,
        "available": entry.available,
        "reason": entry.reason,
        "version": hello and hello.version,
        "language": manifest.language,
        "runtime": hello and hello.runtime,
        "features": hello and sorted(hello.features),
        "lossy": hello and hello.lossy,
    }


# --- output --------------------------------------------------------------------------------------------------


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() else _WIDE)


def _show(console: Console, table: Table) -> None:
    """Print a table; where there is no terminal, without blanks at the ends of lines."""
    if console.is_terminal:
        console.print(table)
        return
    with console.capture() as capture:
        console.print(table)
    for line in capture.get().splitlines():
        print(line.rstrip())


def _print_json(rows: Sequence[dict[str, Any]]) -> None:
    from conformance.jsonio import dumps

    print("[" + ",\n ".join(dumps(row).decode() for row in rows) + "]")
