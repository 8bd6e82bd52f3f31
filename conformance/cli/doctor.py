"""`doctor`: prove that the kit can fail."""

from __future__ import annotations

from conformance.cli import options
from conformance.errors import UsageError

HEALTHY, SICK = 0, 1


def _parser() -> options.Parser:
    parser = options.parser(
        "doctor",
        "Give the kit runners that are wrong in known ways; each must be caught with the verdict that it deserves, by "
        "vectors or by random programs. "
        "Exit code 0 when all are, 1 when one gets away.",
    )
    parser.add_argument(
        "--impls", default="", metavar="NAME", help="the real runner to break (default: the first at hand)"
    )
    parser.set_defaults(runner=[])
    return parser


def main(argv: list[str]) -> int:
    """Examine the kit and print a line per miniature."""
    from itertools import chain

    from rich.console import Console
    from rich.text import Text

    from conformance.doctor import examine
    from conformance.fuzz import checkup
    from conformance.model.manifest import find_manifest
    from conformance.model.spec import parse_spec
    from conformance.provision import provide
    from conformance.report.progress import announce
    from conformance.wanted import choose

    arguments = _parser().parse_args(argv)
    manifests = options.manifests(arguments)
    if arguments.impls:
        spec = parse_spec(arguments.impls)
    else:
        specs = choose(None, manifests).specs
        if not specs:
            raise UsageError("this machine can provide no implementation to break; see: python -m conformance list")
        spec = specs[0]
    real = provide(spec, find_manifest(spec, manifests), announce)
    console = Console(highlight=False)
    console.print(Text(f"miniatures of {spec.label}: real runners with one fault each", "dim"))
    sick = 0
    for diagnosis in chain(examine(real), checkup.examine(real)):
        sick += bool(diagnosis.problem)
        mark = Text("escaped ", "bold red") if diagnosis.problem else Text("caught  ", "green")
        count = f"{diagnosis.caught}/{diagnosis.checks}"
        console.print(
            mark + Text(f"{diagnosis.name:<20} {diagnosis.deserved:<10} {count:>9} checks  {diagnosis.problem}")
        )
    console.print(
        Text(f"{sick} escaped" if sick else "every miniature was caught", "bold red" if sick else "bold green")
    )
    return SICK if sick else HEALTHY
