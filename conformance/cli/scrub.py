"""`scrub`: a private document that fails, as a vector that fails in the same way and holds nothing private."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from conformance.cli import minimizing, options
from conformance.report.carried import RUNNER, carried

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from conformance.minimize.finding import Finding
    from conformance.minimize.report import Minimised
    from conformance.minimize.work import Workshop


def _parser() -> options.Parser:
    parser = options.parser(
        "scrub",
        "Replace the content of updates that make implementations fail or disagree by neutral content of the same "
        "shape, minimise them, and prove that the failure is the same and that no original text is left. Prints the "
        "report of minimize. Nothing is sent anywhere. Exit code 0 when that is so, 1 when nothing fails, 2 when a "
        "file is no update, 5 when the failure goes away with the content or some of it is left (nothing is printed "
        "then), 130 when it was interrupted; what was reached is proved and reported then too.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="a file with an update: raw bytes, hex or base64")
    parser.add_argument("--v2", action="store_true", help="the updates are in the v2 encoding")
    parser.add_argument("--reference", metavar="NAME", help="who is right, where they disagree")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the vector there too, as a suite file")
    options.add_roots(parser)
    minimizing.add_budget(parser)
    options.add_implementations(parser)
    options.add_limits(parser)
    return parser


def main(argv: list[str]) -> int:
    """Scrub, minimise, prove, and print."""
    return minimizing.run(_parser().parse_args(argv), carried(argv, RUNNER), _scrubbed)


def _scrubbed(arguments: argparse.Namespace, shop: Workshop) -> Iterator[minimizing.Attempt]:
    """Attempts with one alphabet after another, until one leaves nothing."""
    from conformance.minimize.finding import case_of_updates, of_case
    from conformance.scrub.alphabet import alphabets
    from conformance.scrub.document import decoded, originals
    from conformance.scrub.proof import NotScrubbedError, left, scrubbed

    texts = [f"@{file}" for file in arguments.files]
    updates, roots, update_format = minimizing.given(texts, arguments)
    documents = decoded(updates, update_format, arguments.files)
    private = originals(documents, roots)
    before = of_case(case_of_updates(updates, roots, update_format), shop.players)
    found: list[str | bytes] = []

    def told(result: Minimised) -> list[str] | None:
        case = result.vector.case if result.vector else result.finding.case
        found[:] = left(private, case)
        return None if found else _proof(before, result, len(private))

    for alphabet in alphabets():
        yield minimizing.Attempt(scrubbed(before, updates, documents, roots, update_format, alphabet), told)
    raise NotScrubbedError(
        f"{len(found)} of the original texts are left, or are there by chance: nothing is printed; they are short, so "
        "look for them by eye in what minimize gives"
    )


def _proof(before: Finding, result: Minimised, searched: int) -> list[str]:
    return [
        "",
        "## Scrubbed",
        "",
        f"- failed before: `{before.seen.signature}`",
        f"- fails now: `{result.finding.seen.signature}`",
        f"- none of {searched} original texts (whole and word by word, from 2 characters on) and byte strings (from 4 "
        "bytes on) stands in the updates, root names and expected values above",
        "- kept as they were: null, undefined, booleans, 0, NaN and infinities, the sign and size of numbers, the "
        "widths of characters, the kinds and order of operations",
    ]
