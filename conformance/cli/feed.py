"""`feed`: paste a suspect update, see what every implementation makes of it."""

from __future__ import annotations

import dataclasses
import shutil
from typing import TYPE_CHECKING, Any

from conformance.cli import options
from conformance.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from conformance.feed import Fed

AGREE, DISAGREE = 0, 1


def _parser() -> options.Parser:
    parser = options.parser(
        "feed",
        "Apply raw updates to a fresh document of every implementation and compare what comes of it. "
        "Exit code 0 when all agree, 1 when they do not.",
    )
    parser.add_argument("updates", nargs="+", metavar="HEX", help="an update in hex or base64, or a FILE")
    parser.add_argument("--v2", action="store_true", help="the updates are in the v2 encoding")
    parser.add_argument("--order", metavar="3,1,2", help="the order in which they are applied (default: as given)")
    options.add_roots(parser)
    options.add_implementations(parser)
    options.add_limits(parser)
    parser.add_argument("--json", action="store_true", help="an object per implementation")
    return parser


def main(argv: list[str]) -> int:
    """Feed, and print clusters or JSON."""
    from conformance.execute.engine import Engine
    from conformance.feed import clusters, feed, roots_named
    from conformance.given import read_update
    from conformance.report.progress import announce
    from conformance.run import introduce
    from conformance.wanted import launches

    arguments = _parser().parse_args(argv)
    updates = [read_update(text) for text in arguments.updates]
    order = _order(arguments.order, len(updates))
    update_format = "v2" if arguments.v2 else "v1"
    roots = {**roots_named(updates, update_format), **options.roots(arguments.root)}
    wanted = options.wanted(arguments)
    for name, reason in wanted.left_out.items():
        announce(f"left out {name}: {reason}")
    commands = launches(wanted, announce)
    with Engine(commands, options.limits(arguments)) as engine:
        implementations = introduce(engine, wanted.specs, commands)
        fed = list(feed(engine, implementations, updates, order, roots, update_format))
    labels = [implementation.label for implementation in implementations]
    fed.sort(key=lambda item: labels.index(item.impl))
    groups = clusters(fed, {each.label: each.hello.lossy for each in implementations})
    if arguments.json:
        _print_json(fed)
    else:
        _print_clusters(groups, roots, arguments)
    return AGREE if len(groups) == 1 else DISAGREE


def _order(text: str | None, count: int) -> list[int]:
    if text is None:
        return list(range(count))
    try:
        order = [int(part) - 1 for part in text.split(",")]
    except ValueError:
        order = []
    if sorted(order) != list(range(count)):
        raise UsageError(f"--order {text}: name each of the updates 1 to {count} once, for example {_example(count)}")
    return order


def _example(count: int) -> str:
    return ",".join(str(number) for number in range(count, 0, -1))


def _print_json(fed: Sequence[Fed]) -> None:
    from conformance.jsonio import dumps

    print("[" + ",\n ".join(dumps(dataclasses.asdict(item)).decode() for item in fed) + "]")


def _print_clusters(groups: Sequence[Sequence[Fed]], roots: dict[str, str], arguments: argparse.Namespace) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, width=max(shutil.get_terminal_size().columns, 80))
    named = (
        ", ".join(f"{name} ({kind})" for name, kind in roots.items()) or "none that can be read; give --root NAME=KIND"
    )
    console.print(Text(f"updates: {len(arguments.updates)}, roots: {named}", "dim"), soft_wrap=True)
    for group in groups:
        names = ", ".join(f"{item.impl} {item.version}" for item in group)
        style = "bold green" if len(groups) == 1 else "bold yellow"
        console.print()
        console.print(Text(names, style), soft_wrap=True)
        for label, value in _lines(group):
            console.print(Text(f"  {label:<22}", "dim") + Text(value), soft_wrap=True)
    console.print()
    if len(groups) == 1:
        console.print(Text("all agree", "bold green"))
    else:
        console.print(Text(f"{len(groups)} different answers", "bold red"))


def _lines(group: Sequence[Fed]) -> list[tuple[str, str]]:
    from conformance.jsonio import dumps
    from conformance.report.failure import legible

    first = group[0]
    lines = [("outcome", first.outcome)]
    lines += [("message", f"{item.impl}: {legible(item.message)}") for item in group if item.message]

    def line(label: str, value: Any) -> None:
        if value is not None:
            lines.append((label, dumps(value).decode()))

    line("state", first.state)
    line("state vector", first.state_vector)
    pending: dict[bool, list[str]] = {}
    for item in group:
        if item.pending is not None:
            pending.setdefault(item.pending, []).append(item.impl)
    lines += [("pending", f"{'yes' if value else 'no'} ({', '.join(names)})") for value, names in pending.items()]
    updates: dict[str, list[str]] = {}
    for item in group:
        if item.update is not None:
            updates.setdefault(item.update, []).append(item.impl)
    lines += [("re-encoded", f"{update} ({', '.join(names)})") for update, names in updates.items()]
    if (first.resynced_state, first.resynced_state_vector) == (first.state, first.state_vector):
        lines.append(("after the exchange", "the same"))
    else:
        line("after the exchange", first.resynced_state)
        line("state vector then", first.resynced_state_vector)
    return lines
