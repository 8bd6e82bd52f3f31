"""`fuzz`: random programs whose peers are different implementations of one document."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.cli import options
from conformance.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from conformance.fuzz.campaign import Campaign, Tally
    from conformance.fuzz.profile import Profile
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
    length.add_argument("--time", type=_duration, metavar="10m", help="for all profiles together, as 90s, 10m or 2h")
    parser.add_argument("--peers", type=_range, default=(2, 3), metavar="2-5", help="of a program (default 2-3)")
    parser.add_argument("--casts", type=int, default=4, metavar="N", help="of each program (default 4)")
    parser.add_argument("--cast", metavar="A,B,A", help="this one cast only, in the order of the peers")
    parser.add_argument("--results", type=Path, metavar="FILE", help="where the findings are written")
    parser.add_argument("--resume", type=Path, metavar="FILE", help="go on with a campaign that was cut short")
    options.add_limits(parser)
    return parser


def _duration(text: str) -> float:
    import argparse

    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 90s, 10m or 2h")
    return float(found[1]) * _UNITS[found[2]]


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
    path, found = _perform(arguments, profiles, argv)
    _show(found, path)
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
) -> tuple[Path, list[Record]]:
    from conformance.cli.run import default_results_path
    from conformance.execute.engine import Engine
    from conformance.fuzz.showing import Watch
    from conformance.judge.judge import Judge
    from conformance.report.progress import announce
    from conformance.report.store import ResultWriter
    from conformance.run import introduce
    from conformance.wanted import launches

    wanted = options.wanted(arguments)
    resumed = _resumed(arguments)
    for name, reason in wanted.left_out.items():
        announce(f"left out {name}: {reason}")
    commands = launches(wanted, announce)
    path = arguments.resume or arguments.results or default_results_path()
    writer = ResultWriter(path, keep=path.stat().st_size if arguments.resume else 0)
    watch = Watch(resumed)
    try:
        with Engine(commands, options.limits(arguments)) as engine:
            implementations = introduce(engine, wanted.specs, commands)
            if not arguments.resume:
                writer.write([_run_record(arguments, wanted, implementations, argv)])
            judge = Judge(implementations)
            for place, profile in enumerate(profiles):
                seconds = watch.share(arguments.time, len(profiles) - place)
                campaign = _campaign(arguments, profile, implementations, seconds, resumed)
                watch.begin(profile.name, campaign.left_out)
                _run(campaign, profile, engine, judge, [writer, watch])
    finally:
        watch.close()
        writer.close()
    return path, watch.findings


def _run(campaign: Campaign, profile: Profile, engine: Any, judge: Any, sinks: Sequence[Sink]) -> None:
    try:
        campaign.run(engine, judge, sinks)
    finally:
        for sink in sinks:
            sink.write([{**campaign.progress(), "profile": profile.name}])


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
    resumed: Sequence[Record],
) -> Campaign:
    from conformance.fuzz.campaign import Campaign, Plan
    from conformance.fuzz.generate import Generator
    from conformance.judge.known import load_known
    from conformance.resources import data_root

    first, tally, skip = _where(profile.name, arguments.seed, resumed)
    programs = arguments.programs if arguments.programs is not None else None if seconds else 200
    plan = Plan(
        first=first,
        programs=None if programs is None else max(0, arguments.seed + programs - first),
        seconds=seconds,
        casts=arguments.casts,
        cast=tuple(arguments.cast.split(",")) if arguments.cast else None,
        skip=skip,
    )
    known = load_known(data_root() / "runners" / "known")
    return Campaign(Generator(profile, arguments.peers), implementations, plan, tally, known)


def _resumed(arguments: argparse.Namespace) -> list[Record]:
    from conformance.report.store import read_records

    if not arguments.resume:
        return []
    records = list(read_records(arguments.resume))
    labels = [implementation["label"] for implementation in records[0]["implementations"]] if records else []
    asked = arguments.impls.split(",") if arguments.impls else labels
    if not records or records[0].get("castings") != "fuzz" or asked != labels:
        raise UsageError(f"{arguments.resume}: no campaign of these implementations; give the same --impls as then")
    return records


def _where(profile: str, seed: int, records: Sequence[Record]) -> tuple[int, Tally | None, frozenset[Any]]:
    """The seed to go on with, what was counted before it, and the findings that are written already."""
    from conformance.fuzz.campaign import Tally

    done = [record for record in records if record["type"] == "progress" and record.get("profile") == profile]
    if not done:
        return seed, None, frozenset()
    last = done[-1]
    tally = Tally(**{name: last[name] for name in Tally.__dataclass_fields__})
    skip = {(r["seed"], tuple(r["cast"])) for r in records if r["type"] == "result" and r["profile"] == profile}
    return last["next"], tally, frozenset(skip)


def _show(found: Sequence[Record], path: Path) -> None:
    from conformance.fuzz.showing import lines

    for line in lines(found, path):
        print(line)
