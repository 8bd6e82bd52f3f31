"""`report`: a results file as a report, again and in any format."""

from __future__ import annotations

from pathlib import Path

from conformance.cli import options

FORMATS = ("terminal", "ndjson", "junit", "markdown")


def main(argv: list[str]) -> int:
    """Render; the exit code is 0 whatever the results say."""
    from conformance.cli.recording import check_apart
    from conformance.errors import UsageError
    from conformance.judge.known import load_known
    from conformance.report.render import renderer
    from conformance.report.store import read_records
    from conformance.resources import data_root

    parser = options.parser("report", "Render a results file again. The exit code does not depend on the results.")
    parser.add_argument("results", type=Path, metavar="RESULTS.ndjson")
    parser.add_argument("--format", choices=FORMATS, default="terminal", help="of the report (default terminal)")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the report there instead of to stdout")
    arguments = parser.parse_args(argv)
    if next(read_records(arguments.results), None) is None:
        raise UsageError(f"{arguments.results}: is empty; give the file that a run wrote")
    check_apart(arguments.results, arguments.output)
    known = load_known(data_root() / "runners" / "known")
    renderer(arguments.format).render(arguments.results, arguments.output, known)
    return 0
