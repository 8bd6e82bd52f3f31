"""What `minimize` and `scrub` share: their options, who takes part, progress, and the report."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

from conformance.cli import options
from conformance.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from conformance.minimize.finding import Finding, Players
    from conformance.minimize.report import Minimised
    from conformance.minimize.search import Progress
    from conformance.minimize.work import Cast
    from conformance.model.spec import Spec
    from conformance.model.vector import Case

MINIMAL, INTERRUPTED = 0, 130


def add_budget(parser: options.Parser) -> None:
    parser.add_argument("--seconds", type=float, default=120.0, metavar="N", help="for the search (default 120)")
    parser.add_argument(
        "--candidates", type=int, default=50_000, metavar="N", help="that are tried at most (default 50000)"
    )


def case_of(name: str, vectors: Sequence[Path] | None) -> Case:
    """The case of that id. Raises UsageError."""
    from conformance.model.vector import VARIED

    if name.endswith(VARIED):
        raise UsageError(f"{name} is performed in further deliveries, which cannot be cut; try {name[: -len(VARIED)]}")
    return options.case_of(name, vectors)


def given(texts: Sequence[str], arguments: argparse.Namespace) -> tuple[list[bytes], dict[str, str], str]:
    """Updates, the kinds of the roots that they name, and their format."""
    from conformance.feed import roots_named
    from conformance.given import read_update

    updates = [read_update(text) for text in texts]
    update_format = "v2" if arguments.v2 else "v1"
    return updates, {**roots_named(updates, update_format), **options.roots(arguments.root)}, update_format


def run(
    arguments: argparse.Namespace,
    find: Callable[[Players], Finding],
    told: Callable[[Minimised], Iterator[str]] | None = None,
) -> int:
    """Find, minimise, print the report, and write the vector.

    Args:
        told: further lines of the report; may raise to end without one.
    """
    from conformance.minimize.report import markdown
    from conformance.minimize.search import Budget
    from conformance.minimize.vector import suite_text
    from conformance.minimize.work import Workshop, work

    budget = Budget(arguments.seconds, arguments.candidates)
    with Workshop(_cast(arguments)) as shop:
        finding = find(shop.players)
        with _shown() as report:
            result, interrupted = work(shop, finding, budget, report)
        extra = list(told(result)) if told else []
        if arguments.output:
            case = result.vector.case if result.vector else result.finding.case
            arguments.output.write_text(suite_text([case]), encoding="utf-8")
        file = str(arguments.output) if arguments.output else None
        for line in [*markdown(result, shop.players, shop.cast.manifests, file), *extra]:
            print(line)
    return INTERRUPTED if interrupted else MINIMAL


def _cast(arguments: argparse.Namespace) -> Cast:
    from conformance.minimize.work import Cast
    from conformance.model.manifest import find_manifest
    from conformance.model.spec import parse_specs
    from conformance.report.progress import announce
    from conformance.wanted import Wanted, choose, launches

    manifests = options.manifests(arguments)
    suspects = choose(parse_specs(arguments.impls) if arguments.impls else None, manifests).specs
    references = parse_specs(arguments.reference) if arguments.reference else _possible(suspects, manifests)
    labels = {spec.label for spec in suspects}
    specs = [*suspects, *(spec for spec in references if spec.label not in labels)]
    right = min([[spec.label for spec in specs].index(spec.label) for spec in references], default=len(specs))
    wanted = Wanted(tuple(specs), manifests)
    return Cast(
        specs=specs,
        launches=launches(wanted, announce),
        manifests=[find_manifest(spec, manifests) for spec in specs],
        suspects=len(suspects),
        references=right,
        limits=options.limits(arguments),
    )


def _possible(suspects: Sequence[Spec], manifests: Mapping[str, object]) -> Sequence[Spec]:
    """Who may be the reference: one of those that were named, or of all when only one was."""
    from conformance.wanted import choose

    return suspects if len(suspects) > 1 else choose(None, manifests).specs  # type: ignore[arg-type]


@contextlib.contextmanager
def _shown() -> Iterator[Callable[[Progress], None]]:
    """Progress on standard error, where it is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console

    from conformance.minimize.search import cost

    with Console(stderr=True).status("minimising") as status:

        def show(progress: Progress) -> None:
            ops, peers, size, characters = cost(progress.best)[:4]
            best = f"{ops} ops, {peers} peers, {size} bytes, {characters} characters"
            status.update(f"{progress.doing}: {progress.tried} tried; {best}")

        yield show
