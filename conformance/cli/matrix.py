"""`matrix`: cases on many releases of one implementation."""

from __future__ import annotations

import shutil

from conformance.cli import options, releases
from conformance.errors import ConformanceError

DONE = 0


def _parser() -> options.Parser:
    parser = options.parser(
        "matrix",
        "Perform cases on the releases of an implementation: a row for each release, a column for each case. Releases "
        "are installed as a run installs them; those that cannot be had are left empty, with the reason.",
    )
    parser.add_argument("case", metavar="CASE", help="id of a case or scenario, or a glob of ids")
    parser.add_argument("--impl", required=True, metavar="RANGE", help="such as yjs@13.4:13.6, or yjs")
    parser.add_argument("--every", action="store_true", help="every release, not only the newest of each minor")
    parser.add_argument("--json", action="store_true", help="an object, with the signature of every failure")
    releases.add_options(parser)
    return parser


def main(argv: list[str]) -> int:
    """Perform on every release, and print the table."""
    from conformance.bisect.matrix import as_json, lines
    from conformance.bisect.releases import candidates, newest_patches
    from conformance.jsonio import dumps

    arguments = _parser().parse_args(argv)
    wanted, bench = releases.bench(arguments, one=False)
    versions = candidates(bench.manifest, wanted, [], bench.report)
    if not arguments.every:
        versions = newest_patches(versions)
    for number, version in enumerate(versions, 1):
        bench.report(f"{number} of {len(versions)}: {bench.manifest.name}@{version}")
        bench.at(version)
    if all(bench.at(version).skipped for version in versions):
        raise ConformanceError(f"none of the {len(versions)} releases can be had: {bench.at(versions[-1]).skipped}")
    if arguments.json:
        print(dumps(as_json(bench, versions)).decode())
    else:
        print(bench.performer.casting())
        print("\n".join(lines(bench, versions, shutil.get_terminal_size((120, 24)).columns)))
    return DONE
