"""Who plays a program: the same one in a few casts, so that the odd one out stands out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.fuzz.chance import Chance
from conformance.model.implementation import WRAP

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.fuzz.profile import Profile


def able(profile: Profile, features: Sequence[frozenset[str]]) -> list[int]:
    """The implementations that can play a profile."""
    needs = profile.needs | {WRAP} | {f"root.{kind}" for kind in profile.roots.values()}
    return [player for player, has in enumerate(features) if needs <= has]


def lacking(profile: Profile, features: frozenset[str]) -> list[str]:
    """What an implementation lacks for a profile."""
    needs = profile.needs | {WRAP} | {f"root.{kind}" for kind in profile.roots.values()}
    return sorted(needs - features)


def casts(seed: int, players: Sequence[int], size: int, count: int) -> Iterator[tuple[int, ...]]:
    """At most `count` assignments of `size` parts: mixed ones, in which every player has its turn, and one alone.

    The same seed has the same casts on every machine.
    """
    if len(players) == 1:
        yield (players[0],) * size
        return
    chance = Chance(f"casts {seed}")
    ring = list(players)
    for place in range(len(ring) - 1, 0, -1):
        other = chance.below(place + 1)
        ring[place], ring[other] = ring[other], ring[place]
    seen = {(ring[0],) * size}
    for turn in range(2 * count):
        start = turn * size + turn * size // len(ring)  # one further each time round
        cast = tuple(ring[(start + part) % len(ring)] for part in range(size))
        if cast not in seen and len(seen) < count:
            seen.add(cast)
            yield cast
    yield (ring[0],) * size
