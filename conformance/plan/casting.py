"""Castings: which implementation plays which peer."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from conformance.model.implementation import SPEAKS_V2, WRAP
from conformance.plan.deliveries import Delivery, deliveries
from conformance.plan.program import Pattern, Program, compile_case, has_format, parts

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
    speaks_v2 = [able >= SPEAKS_V2 for able in features]
    for case in cases:
        size = len(parts(case))
        programs: dict[tuple[Pattern, str, tuple[str, ...]], Program] = {}
        formats = ("v1", "v2") if has_format(case) else ("v1",)
        fit = [not case.wrap or WRAP in able for able in features]
        for update_format in formats:
            for cast in castings("solo" if case.verdict == "invalid" else kind, len(features), size):
                if not all(fit[player] for player in cast):
                    continue  # it would perform other ops than are meant, and not say so
                if update_format == "v2" and not all(speaks_v2[player] for player in cast):
                    continue
                pattern, players = pattern_of(cast)
                chosen: tuple[Delivery, ...] = ()
                if case.is_varied:
                    shared = frozenset.intersection(*(features[player] for player in players))
                    chosen = deliveries(case, update_format, shared)
                    if not chosen:
                        continue
                key = (pattern, update_format, tuple(delivery.name for delivery in chosen))
                if key not in programs:
                    programs[key] = compile_case(case, pattern, update_format, chosen)
                yield Performance(programs[key], cast, players)


def pattern_of(cast: tuple[int, ...]) -> tuple[Pattern, tuple[int, ...]]:
    """The pattern of a cast, and who plays each of its actors."""
    players = tuple(dict.fromkeys(cast))
    return tuple(players.index(player) for player in cast), players
