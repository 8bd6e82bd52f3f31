"""`explain`: what an update, or other bytes of the wire, say, without any implementation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.cli import options
from conformance.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from conformance.explain.listing import Line
    from conformance.explain.reading import Kind, Reading
    from conformance.wire.model import Format, Update

READ, DIFFERENT, BROKEN = 0, 1, 2


def _parser() -> options.Parser:
    from conformance.explain.reading import KINDS

    parser = options.parser(
        "explain",
        "List what an update says: its structs with their byte offsets, and its deletes. With two updates, list where "
        "they differ. Exit code 0 when the bytes were read or the two say the same, 1 when they do not, "
        "2 when the bytes are broken.",
    )
    parser.add_argument("data", nargs="+", metavar="HEX", help="hex or base64, or a FILE; two of them are compared")
    formats = parser.add_mutually_exclusive_group()
    formats.add_argument("--v1", dest="format", action="store_const", const="v1", help="the encoding is v1")
    formats.add_argument("--v2", dest="format", action="store_const", const="v2", help="v2 (default: it is guessed)")
    parser.add_argument(
        "--kind", choices=KINDS, default="update",
        help="what the bytes are (default: update); sync is a message of y-protocols, message one of y-websocket",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="one object")
    return parser


def main(argv: list[str]) -> int:
    """List one, or compare two."""
    from conformance.given import read_update

    arguments = _parser().parse_args(argv)
    if len(arguments.data) > 2:
        raise UsageError(f"explain takes one or two updates, not {len(arguments.data)}")
    if len(arguments.data) == 2 and arguments.kind != "update":
        raise UsageError(f"two updates can be compared, but not two of --kind {arguments.kind}")
    given = [read_update(text) for text in arguments.data]
    if len(given) == 2:
        return _compare(given, arguments)
    return _explain(given[0], arguments)


def _explain(data: bytes, arguments: argparse.Namespace) -> int:
    from conformance.explain.as_json import as_json
    from conformance.explain.listing import listing
    from conformance.explain.reading import read
    from conformance.jsonio import dumps

    reading = read(data, arguments.kind, arguments.format)
    if arguments.json:
        print(dumps(as_json(reading)).decode())
    else:
        _print(listing(reading))
        _print(_hints(data, reading, arguments.kind, arguments.format))
    return READ if reading.first_fault is None else BROKEN


def _hints(data: bytes, reading: Reading, kind: Kind, told: Format | None) -> Iterable[Line]:
    from conformance.explain.reading import alternatives

    if not reading.is_whole and (others := alternatives(data, kind, told)):
        yield [(f"read to the last byte with {' or '.join(others)}", "yellow")]


def _compare(given: list[bytes], arguments: argparse.Namespace) -> int:
    from conformance.explain.listing import totals
    from conformance.jsonio import dumps
    from conformance.wire.diff import diff_updates

    updates = [_update(name, data, arguments.format) for name, data in zip("ab", given, strict=True)]
    (_, first), (_, second) = updates
    differences = diff_updates(first, second)
    if arguments.json:
        print(dumps({"same": not differences, "differences": differences}).decode())
    else:
        heads = [(name, f": {head}, {totals(update)}") for name, (head, update) in zip("ab", updates, strict=True)]
        _print([(name, "bold"), (said, "")] for name, said in heads)
        _print([(line, "")] for line in differences)
        how_many = "1 difference" if len(differences) == 1 else f"{len(differences)} differences"
        _print([[(how_many, "bold yellow") if differences else ("both say the same", "bold green")]])
    return DIFFERENT if differences else READ


def _update(name: str, data: bytes, told: Format | None) -> tuple[str, Update]:
    """The format of one of the two, and what it says."""
    from conformance.explain.reading import read
    from conformance.wire.model import Update

    reading = read(data, "update", told)
    assert isinstance(reading.value, Update)
    if reading.fault is not None:
        raise UsageError(f"{name} is no sound update {reading.format}: {reading.fault}; explain it alone to see more")
    guess = f" (guessed: {reading.guessed})" if reading.guessed else ""
    return f"update {reading.format}{guess}", reading.value


def _print(lines: Iterable[Line]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    for line in lines:
        if console.is_terminal:
            console.print(Text.assemble(*line), soft_wrap=True)
        else:  # an update of a large document has very many lines
            print("".join([text for text, _ in line]))
