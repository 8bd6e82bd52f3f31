"""What `minimize` and `scrub` share: their options, who takes part, progress, and the report."""

from __future__ import annotations

import contextlib
import shlex
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.cli import options
from conformance.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from conformance.minimize.finding import Finding
    from conformance.minimize.report import Minimised
    from conformance.minimize.search import Progress
    from conformance.minimize.work import Cast, Workshop
    from conformance.model.manifest import Manifest
    from conformance.model.spec import Spec
    from conformance.wire.model import Format

MINIMAL, INTERRUPTED = 0, 130


@dataclass(frozen=True)
class Attempt:
    """A finding to be minimised. `told` adds lines to the report, or says by None that the outcome is no good."""

    finding: Finding
    told: Callable[[Minimised], list[str] | None] = lambda _: []


def add_budget(parser: options.Parser) -> None:
    parser.add_argument("--seconds", type=options.positive, default=120.0, metavar="N", help="of search (default 120)")
    parser.add_argument(
        "--candidates", type=options.count, default=50_000, metavar="N", help="that are tried at most (default 50000)"
    )


def given(texts: Sequence[str], arguments: argparse.Namespace) -> tuple[list[bytes], dict[str, str], Format]:
    """Updates, the kinds of the roots that they name, and their format."""
    from conformance.feed import roots_named
    from conformance.given import read_update

    updates = [read_update(text) for text in texts]
    update_format: Format = "v2" if arguments.v2 else "v1"
    return updates, {**roots_named(updates, update_format), **options.roots(arguments.root)}, update_format


def run(
    arguments: argparse.Namespace, given: str, find: Callable[[argparse.Namespace, Workshop], Iterator[Attempt]]
) -> int:
    """Find, minimise, print the report, and write the vector: of the first attempt that is good.

    `given` are the options that a run of the vector needs too, each with a space before it.
    """
    from conformance.minimize.search import Budget
    from conformance.minimize.work import Workshop, work

    if arguments.output and not arguments.output.resolve().parent.is_dir():
        raise UsageError(f"--output {arguments.output}: there is no folder {arguments.output.resolve().parent}")
    budget = Budget(arguments.seconds, arguments.candidates)
    with Workshop(_cast(arguments)) as shop:
        for attempt in find(arguments, shop):
            with _shown() as report:
                result, interrupted = work(shop, attempt.finding, budget, report)
            extra = attempt.told(result)
            if extra is not None:
                _print(arguments, given, shop, result, extra)
                return INTERRUPTED if interrupted else MINIMAL
    raise AssertionError("attempts end with one that is good, or with an error")


def _print(arguments: argparse.Namespace, given: str, shop: Workshop, result: Minimised, extra: Sequence[str]) -> None:
    from conformance.minimize.report import markdown
    from conformance.minimize.vector import suite_text

    if arguments.output:
        case = result.vector.case if result.vector else result.finding.case
        arguments.output.write_text(suite_text([case]), encoding="utf-8")
    found = f" --vectors {shlex.quote(str(arguments.output))}{given}" if arguments.output else None
    for line in [*markdown(result, shop.players, shop.cast.manifests, found), *extra]:
        print(line)


def _cast(arguments: argparse.Namespace) -> Cast:
    """Who takes part, provided."""
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
    places = [spec.label for spec in specs]
    return Cast(
        specs=specs,
        launches=launches(Wanted(tuple(specs), manifests), announce),
        manifests=[find_manifest(spec, manifests) for spec in specs],
        suspects=len(suspects),
        references=[places.index(spec.label) for spec in references],
        limits=options.limits(arguments),
    )


def _possible(suspects: Sequence[Spec], manifests: Mapping[str, Manifest]) -> Sequence[Spec]:
    """Who may be right: one of those that were named, or where only one was, of all that need not be compiled."""
    from conformance.model.manifest import find_manifest
    from conformance.provision import is_quick
    from conformance.wanted import choose

    if len(suspects) > 1:
        return suspects
    return [spec for spec in choose(None, manifests).specs if is_quick(spec, find_manifest(spec, manifests))]


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
