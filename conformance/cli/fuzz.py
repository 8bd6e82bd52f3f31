"""`fuzz`: random programs whose peers are different implementations of one document."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.cli import options

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from conformance.fuzz.campaign import Campaign
    from conformance.fuzz.profile import Profile
    from conformance.fuzz.resume import Resumed
    from conformance.fuzz.venue import Venue
    from conformance.model.implementation import Implementation
    from conformance.report.records import Record
    from conformance.run import Sink
    from conformance.wanted import Wanted

NOTHING_FOUND, FOUND = 0, 1
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_FEWEST, _MOST = 2, 5  # peers


def _parser() -> options.Parser:
    parser = options.parser(
        "fuzz",
        "Perform random programs in which different implementations are the peers of one document, and look for "
        "peers that do not agree, crashes, hangs and what is lost on the way. The same profile and seed give the "
        "same program on every machine. Exit code 1 when something was found that is not known.",
    )
    options.add_implementations(parser)
    parser.add_argument(
        "--profile",
        action="append",
        metavar="A,B",
        help="what programs do: profiles, combined by commas; may be given several times (default: all, one by one)",
    )
    parser.add_argument("--list-profiles", action="store_true", help="say what the profiles are, and end")
    parser.add_argument("--profiles", type=Path, metavar="FILE.toml", help="profiles of your own")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="the first seed (default 1)")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--programs", type=int, metavar="N", help="of each profile (default 200)")
    length.add_argument(
        "--time",
        type=_duration,
        metavar="10m",
        help="for all profiles together, as 90s, 10m or 2h; to ask who is odd may take half as long again",
    )
    parser.add_argument("--peers", type=_range, default=(2, 3), metavar="2-5", help="of a program (default 2-3)")
    parser.add_argument("--casts", type=int, default=4, metavar="N", help="of each program (default 4)")
    parser.add_argument("--cast", metavar="A,B,A", help="this one cast only, in the order of the peers")
    parser.add_argument("--results", type=Path, metavar="FILE", help="where the findings are written")
    parser.add_argument(
        "--corpus", type=Path, metavar="DIR", help="keep the programs that found something there, as vectors"
    )
    parser.add_argument("--resume", type=Path, metavar="FILE", help="go on with a campaign that was cut short")
    options.add_limits(parser)
    parser.add_argument(
        "--scheduler",
        metavar="tcp://HOST:8786",
        help="perform it on the workers of this dask.distributed scheduler (extra: cluster); --jobs is of a shard then "
        "(default 1)",
    )
    parser.add_argument("--shard", type=_positive, default=50, metavar="N", help="seeds of one task (default 50)")
    parser.set_defaults(jobs=None)
    return parser


def _duration(text: str) -> float:
    import argparse

    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 90s, 10m or 2h")
    return float(found[1]) * _UNITS[found[2]]


def _positive(text: str) -> int:
    import argparse

    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1")
    return int(text)


def _range(text: str) -> tuple[int, int]:
    import argparse

    found = re.fullmatch(r"([2-5])(?:-([2-5]))?", text)
    if not found or int(found[2] or found[1]) < int(found[1]):
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number from {_FEWEST} to {_MOST} nor two, as in 2-5")
    return int(found[1]), int(found[2] or found[1])


def main(argv: list[str]) -> int:
    """Perform, write what was found, and show it."""
    from conformance.fuzz.profile import load_profiles
    from conformance.fuzz.showing import unknown

    arguments = _parser().parse_args(argv)
    known = load_profiles(arguments.profiles) if arguments.profiles else load_profiles()
    if arguments.list_profiles:
        _list(known)
        return NOTHING_FOUND
    profiles = _profiles(arguments.profile, known)
    path, found, labels = _perform(arguments, profiles, argv)
    _show(found, path, argv, labels)
    return FOUND if unknown(found) else NOTHING_FOUND


def _list(known: dict[str, Profile]) -> None:
    width = max(map(len, known))
    for profile in known.values():
        mark = " (default)" if profile.default else ""
        print(f"{profile.name:<{width}}  {profile.kind:<8}  {profile.about}{mark}")


def _profiles(named: Sequence[str] | None, known: dict[str, Profile]) -> list[Profile]:
    from conformance.fuzz.profile import combine

    if named:
        return [combine(names.split(","), known) for names in named]
    return [combine([name], known) for name, profile in known.items() if profile.kind == "edits"]


def _perform(
    arguments: argparse.Namespace, profiles: Sequence[Profile], argv: Sequence[str]
) -> tuple[Path, list[Record], list[str]]:
    """The record, the findings, and who took part."""
    from conformance.cli.recording import default_results_path
    from conformance.fuzz.corpus import Corpus
    from conformance.fuzz.resume import read_resumed
    from conformance.fuzz.showing import Watch
    from conformance.report.progress import announce
    from conformance.report.store import ResultWriter

    wanted = options.wanted(arguments)
    resumed = read_resumed(arguments.resume)
    for name, reason in wanted.left_out.items():
        announce(f"left out {name}: {reason}")
    path = arguments.resume or arguments.results or default_results_path()
    with _venue(arguments, wanted) as venue:
        if arguments.resume:
            resumed.check(path, venue.implementations)
        writer = ResultWriter(path, keep=resumed.size)
        watch = Watch(resumed.records)
        sinks: list[Sink] = [writer, watch, *([Corpus(arguments.corpus)] if arguments.corpus else [])]
        try:
            if not arguments.resume:
                writer.write([_run_record(arguments, wanted, venue.implementations, argv)])
            for place, profile in enumerate(profiles):
                seconds = watch.share(arguments.time, len(profiles) - place)
                campaign = _campaign(arguments, profile, venue.implementations, seconds, resumed)
                watch.begin(profile.name, campaign.troupe.left_out)
                try:
                    venue.perform(campaign, sinks)
                finally:
                    campaign.finish(sinks)
        finally:
            watch.close()
            writer.close()
        return path, watch.findings, [each.label for each in venue.implementations]


def _venue(arguments: argparse.Namespace, wanted: Wanted) -> AbstractContextManager[Venue]:
    from conformance.report.progress import announce

    arguments.jobs = arguments.jobs or (1 if arguments.scheduler else os.cpu_count() or 2)
    if not arguments.scheduler:
        from conformance.fuzz.venue import machine

        return machine(wanted, options.limits(arguments), announce)
    from conformance.fuzz.cluster import cluster
    from conformance.fuzz.shard import job_of

    job = job_of(wanted.specs, arguments.runner, options.limits(arguments))
    return cluster(arguments.scheduler, job, arguments.shard, announce)


def _run_record(
    arguments: argparse.Namespace, wanted: Wanted, implementations: Sequence[Implementation], argv: Sequence[str]
) -> Record:
    from datetime import UTC, datetime

    from conformance.report.records import run_record
    from conformance.version import kit_version

    return run_record(
        kit=kit_version(),
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        arguments=argv,
        implementations=implementations,
        left_out=wanted.left_out,
        cases=0,
        vectors="",
        castings="fuzz",
        seed=arguments.seed,
    )


def _campaign(
    arguments: argparse.Namespace,
    profile: Profile,
    implementations: Sequence[Implementation],
    seconds: float | None,
    resumed: Resumed,
) -> Campaign:
    from conformance.fuzz.campaign import Campaign, Plan
    from conformance.fuzz.troupe import Script, Troupe
    from conformance.judge.known import load_known
    from conformance.resources import data_root

    first, before = resumed.of(profile.name, arguments.seed)
    programs = arguments.programs if arguments.programs is not None else None if seconds else 200
    plan = Plan(first, None if programs is None else arguments.seed + programs, seconds)
    cast = tuple(arguments.cast.split(",")) if arguments.cast else None
    script = Script(profile, arguments.peers, arguments.casts, cast)
    known = load_known(data_root() / "runners" / "known")
    return Campaign(Troupe(script, implementations), plan, before, known)


def _show(found: Sequence[Record], path: Path, argv: Sequence[str], labels: Sequence[str]) -> None:
    from conformance.fuzz.showing import lines

    for line in lines(found, path, argv, labels):
        print(line)
