"""`minimize`: the smallest case that still fails, as a vector, an explanation and programs for a report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from conformance.cli import minimizing, options
from conformance.errors import UsageError
from conformance.report.carried import RUNNER, carried

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from conformance.minimize.finding import Players
    from conformance.minimize.work import Workshop
    from conformance.model.vector import Case
    from conformance.report.records import Record


def _parser() -> options.Parser:
    parser = options.parser(
        "minimize",
        "Cut a failing case, or updates from the field, down to the smallest case that still fails in the same way. "
        "Prints a report in Markdown: who answers what, a vector, what its updates say, and programs with nothing but "
        "a library. Exit code 0 when it is minimal, 1 when nothing fails, 130 when it was interrupted; what was "
        "reached is reported then too.",
    )
    parser.add_argument("case", nargs="?", metavar="CASE", help="id of a case that fails")
    parser.add_argument(
        "--updates", nargs="+", metavar="HEX", help="updates in hex or base64, or a FILE, in their order"
    )
    parser.add_argument("--v2", action="store_true", help="the updates are in the v2 encoding")
    options.add_roots(parser)
    parser.add_argument("--cast", metavar="A,B", help="who plays the peers, in their order; the last plays the others")
    parser.add_argument("--reference", metavar="NAME", help="who is right, where a failure shows in values only")
    parser.add_argument("--apart", metavar="A,B", help="two of the cast that must not agree in what is left")
    parser.add_argument("--update-format", choices=("v1", "v2"), help="of updates (default: v1, and v2 if v1 agrees)")
    parser.add_argument("--vectors", type=Path, action="append", metavar="PATH", help="instead of the shipped ones")
    parser.add_argument("--results", type=Path, metavar="FILE", help="CASE is a random program in a record of fuzz")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the vector there too, as a suite file")
    minimizing.add_budget(parser)
    options.add_implementations(parser)
    options.add_limits(parser)
    return parser


def main(argv: list[str]) -> int:
    """Find, minimise, and print."""
    arguments = _parser().parse_args(argv)
    if (arguments.case is None) is (arguments.updates is None):
        raise UsageError("give the id of a case, or --updates; see: python -m conformance minimize --help")
    _apart(arguments)
    _case(arguments)  # a wrong name, or wrong bytes, are told before anything is started
    return minimizing.run(arguments, carried(argv, RUNNER), _found)


def _found(arguments: argparse.Namespace, shop: Workshop) -> Iterator[minimizing.Attempt]:
    from conformance.minimize.finding import of_case, of_vector

    case = _case(arguments)
    if arguments.updates:
        yield minimizing.Attempt(of_case(case, shop.players))
        return
    cast, update_format = arguments.cast, arguments.update_format
    if arguments.results:
        record = _record(arguments)
        cast, update_format = cast or ",".join(record["cast"]), update_format or record["format"]
    formats = [update_format] if update_format else ["v1", "v2"]
    yield minimizing.Attempt(of_vector(case, shop.players, _cast(cast, shop.players), formats, _apart(arguments)))


def _apart(arguments: argparse.Namespace) -> tuple[str, ...]:
    """The two implementations of --apart, or none."""
    names = tuple(arguments.apart.split(",")) if arguments.apart else ()
    if len(set(names)) != len(names) or len(names) not in (0, 2):
        raise UsageError(f"--apart {arguments.apart}: name two implementations, as in --apart yjs,yrs")
    if names and arguments.updates:
        raise UsageError("--apart is of a CASE with a cast; leave it out with --updates")
    return names


def _case(arguments: argparse.Namespace) -> Case:
    from conformance.minimize.finding import case_of_updates
    from conformance.model.vector import VARIED, case_from

    if arguments.updates:
        return case_of_updates(*minimizing.given(arguments.updates, arguments))
    if arguments.results:
        return case_from(_record(arguments)["program"], arguments.results)
    name: str = arguments.case
    if name.endswith(VARIED):
        raise UsageError(f"{name} is performed in further deliveries, which cannot be cut; try {name[: -len(VARIED)]}")
    return options.case_of(name, arguments.vectors)


def _record(arguments: argparse.Namespace) -> Record:
    """What a campaign of random programs recorded of the case."""
    from conformance.report.store import read_records

    for record in read_records(arguments.results):
        if record.get("case") == arguments.case and "program" in record:
            return record
    raise UsageError(f"{arguments.results}: holds no random program {arguments.case}; the findings of fuzz name theirs")


def _cast(text: str | None, players: Players) -> Sequence[int] | None:
    """The numbers of the implementations that --cast names."""
    if text is None:
        return None
    labels = [implementation.label for implementation in players.implementations]
    names = text.split(",")
    if unknown := [name for name in names if name not in labels]:
        raise UsageError(f"--cast {text}: {unknown[0]} is not among --impls ({', '.join(labels)})")
    return [labels.index(name) for name in names]
