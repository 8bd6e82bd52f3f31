"""`doctor`: prove that the kit can fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.cli import options
from conformance.errors import UsageError
from conformance.model.layers import DOCUMENTS, UPPER, parse_layers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.doctor import Diagnosis

HEALTHY, SICK = 0, 1


def _parser() -> options.Parser:
    parser = options.parser(
        "doctor",
        "Give the kit runners that are wrong in known ways; each must be caught with the verdict that it deserves, by "
        "vectors, by random programs or by scenarios. "
        "Exit code 0 when all are, 1 when one gets away.",
    )
    parser.add_argument(
        "--impls", default="", metavar="NAME", help="the real runner to break (default: the first at hand)"
    )
    parser.add_argument(
        "--layers", default="0-3", metavar="L", help="0-3 (default); 4-7, or some of them: each breaks its own runners"
    )
    return parser


def main(argv: list[str]) -> int:
    """Examine the kit and print a line per miniature."""
    from rich.console import Console
    from rich.text import Text

    arguments = _parser().parse_args(argv)
    layers = parse_layers(arguments.layers)
    if layers != (DOCUMENTS,) and arguments.impls:
        raise UsageError("--impls is for the layers 0 to 3; a miniature of a scenario says what it is of")
    console = Console(highlight=False)
    sick = 0
    for title, diagnoses in _upper(layers) if layers != (DOCUMENTS,) else _libraries(arguments.impls):
        console.print(Text(f"miniatures of {title}: real runners with one fault each", "dim"))
        for diagnosis in diagnoses:
            sick += bool(diagnosis.problem)
            mark = Text("escaped ", "bold red") if diagnosis.problem else Text("caught  ", "green")
            count = f"{diagnosis.caught}/{diagnosis.checks}"
            line = mark + Text(f"{diagnosis.name:<22} {diagnosis.deserved:<10} {count:>9} checks  {diagnosis.problem}")
            console.print(line, soft_wrap=True)
    console.print(
        Text(f"{sick} escaped" if sick else "every miniature was caught", "bold red" if sick else "bold green")
    )
    return SICK if sick else HEALTHY


def _libraries(named: str) -> Iterator[tuple[str, Iterator[Diagnosis]]]:
    from itertools import chain

    from conformance.doctor import examine
    from conformance.fuzz import checkup
    from conformance.model.manifest import find_manifest, load_manifests
    from conformance.model.spec import parse_spec
    from conformance.provision import provide
    from conformance.report.progress import announce
    from conformance.resources import data_root
    from conformance.wanted import choose

    manifests = load_manifests(data_root())
    if named:
        spec = parse_spec(named)
    else:
        specs = choose(None, manifests).specs
        if not specs:
            raise UsageError("this machine can provide no implementation to break; see: python -m conformance list")
        spec = specs[0]
    real = provide(spec, find_manifest(spec, manifests), announce)
    yield spec.label, chain(examine(real), checkup.examine(real))


def _upper(layers: Sequence[str]) -> Iterator[tuple[str, Iterator[Diagnosis]]]:
    from conformance.model.manifest import load_manifests
    from conformance.report.progress import announce
    from conformance.resources import data_root
    from conformance.scenario.checkup import examine

    for layer in layers:
        yield f"layer {UPPER[layer]}, {layer}", examine(layer, load_manifests(data_root()), announce)
