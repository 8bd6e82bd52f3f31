"""Castings: which implementation plays which peer."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from conformance.model.implementation import SPEAKS_V2, WRAP
from conformance.plan.deliveries import Delivery, deliveries
from conformance.plan.program import Pattern, Program, cast_script
from conformance.plan.script import Script, has_format, in_format, parts, write_script

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from conformance.model.vector import Case

KINDS = ("solo", "ring", "pairs", "all")


@dataclass(frozen=True, slots=True)
class Performance:
    """One case, cast: what the executor runs and the judge judges.

    `cast` names the implementation of each part by its number in the run; `players` those of each actor.
    """

    program: Program
    cast: tuple[int, ...]
    players: tuple[int, ...]

    @property
    def is_solo(self) -> bool:
        return len(self.players) == 1


def castings(kind: str, implementations: int, size: int) -> Iterator[tuple[int, ...]]:
    """Implementations for `size` parts.

    `pairs`: for every ordered pair, the first part is the writer, all others the reader. `ring`: of these, each
    implementation with the next one.

    `solo` is part of every kind. `all` is every assignment, `implementations ** size` of them.
    """
    if kind == "all":
        yield from sorted(product(range(implementations), repeat=size), key=lambda cast: len(set(cast)) > 1)
        return
    for player in range(implementations):
        yield (player,) * size
    if kind == "solo" or size == 1:
        return
    for writer in range(implementations):
        readers = range(implementations) if kind == "pairs" else [(writer + 1) % implementations]
        for reader in readers:
            if reader != writer:
                yield (writer, *(reader,) * (size - 1))


def perform(cases: Iterable[Case], kind: str, features: Sequence[frozenset[str]]) -> Iterator[Performance]:
    """Every performance of every case, case after case.

    Args:
        features: what each implementation can do. One without v2 takes no part in performances with v2, and a delivery
            takes place where all players have what it needs.
    """
    for case, casts in _with_casts(cases, kind, features):
        yield from _perform(case, casts)


def count(cases: Iterable[Case], kind: str, features: Sequence[frozenset[str]]) -> int:
    """How many performances `perform` gives."""
    return sum(sum(1 for _ in _turns(case, casts)) for case, casts in _with_casts(cases, kind, features))


def _with_casts(
    cases: Iterable[Case], kind: str, features: Sequence[frozenset[str]]
) -> Iterator[tuple[Case, Sequence[_Cast]]]:
    casts: dict[tuple[str, int], list[_Cast]] = {}
    for case in cases:
        key = ("solo" if case.is_solo else kind, len(parts(case)))
        if key not in casts:
            casts[key] = [_cast(cast, features) for cast in castings(key[0], len(features), key[1])]
        yield case, casts[key]


@dataclass(frozen=True, slots=True)
class _Cast:
    """A cast, and what all its players can do."""

    cast: tuple[int, ...]
    pattern: Pattern
    players: tuple[int, ...]
    shared: frozenset[str]
    speaks_v2: bool


def _cast(cast: tuple[int, ...], features: Sequence[frozenset[str]]) -> _Cast:
    pattern, players = pattern_of(cast)
    shared = frozenset.intersection(*(features[player] for player in players))
    return _Cast(cast, pattern, players, shared, shared >= SPEAKS_V2)


def _turns(case: Case, casts: Sequence[_Cast]) -> Iterator[tuple[str, _Cast, tuple[Delivery, ...]]]:
    """Format, cast and deliveries of each performance of a case."""
    for update_format in ("v1", "v2") if has_format(case) else ("v1",):
        for cast in casts:
            if case.wrap and WRAP not in cast.shared:
                continue  # it would perform other ops than are meant, and not say so
            if update_format == "v2" and not cast.speaks_v2:
                continue
            chosen = deliveries(case, update_format, cast.shared) if case.is_varied else ()
            if chosen or not case.is_varied:
                yield update_format, cast, chosen


def _perform(case: Case, casts: Sequence[_Cast]) -> Iterator[Performance]:
    plain: Script | None = None
    scripts: dict[tuple[str, tuple[str, ...]], Script] = {}
    programs: dict[tuple[str, Pattern, tuple[str, ...]], Program] = {}
    for update_format, cast, chosen in _turns(case, casts):
        ending = tuple([delivery.name for delivery in chosen])
        key = (update_format, cast.pattern, ending)
        if key not in programs:
            script = scripts.get((update_format, ending))
            if script is None:
                script = write_script(case, update_format, chosen) if plain is None else in_format(plain, update_format)
                scripts[update_format, ending] = script
                plain = None if chosen else script
            programs[key] = cast_script(script, cast.pattern)
        yield Performance(programs[key], cast.cast, cast.players)


def pattern_of(cast: tuple[int, ...]) -> tuple[Pattern, tuple[int, ...]]:
    """The pattern of a cast, and who plays each of its actors."""
    players = tuple(dict.fromkeys(cast))
    return tuple(players.index(player) for player in cast), players
