"""Who plays which role. A performance of a scenario is one assignment of implementations to its roles."""

from __future__ import annotations

from itertools import combinations_with_replacement, product
from typing import TYPE_CHECKING

from conformance.model.layers import DIALECTS, PEER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.model.implementation import Implementation
    from conformance.model.manifest import Manifest
    from conformance.scenario.model import Role, Scenario

CASTINGS = ("once", "rotate", "pairs", "all")
"""once: each candidate leads once. rotate: with each lead, every other candidate plays every other role once.
pairs: every two candidates meet in every two roles, in few assignments. all: every assignment."""

CONVERSES = frozenset({"sync.step1", "sync.read", "emit"})
"""What a library needs to be a client by itself: the kit carries its messages (conformance/scenario/bridge.py)."""

Cast = tuple[int, ...]


def candidates(
    role: Role, implementations: Sequence[Implementation], manifests: Mapping[str, Manifest], speaks: str = ""
) -> list[int]:
    """The implementations that can play a role, and speak so where `speaks` is given; `manifests` are by their names.

    A library without a network of its own speaks whatever the kit puts its messages in.
    """
    needs = {need for need in role.needs if not need.startswith("!")}
    spurns = {need[1:] for need in role.needs if need.startswith("!")}
    found = []
    for place, implementation in enumerate(implementations):
        features = implementation.hello.features
        manifest = manifests[implementation.name]
        if role.plays in manifest.roles:
            fits = needs <= features and speaks in ("", manifest.speaks)
        else:
            by_itself = role.plays == "client" and PEER in manifest.roles
            fits = by_itself and features >= CONVERSES and needs <= features
        if fits and not spurns & features:
            found.append(place)
    return found


def choices(
    scenario: Scenario, implementations: Sequence[Implementation], manifests: Mapping[str, Manifest]
) -> Iterator[list[list[int]]]:
    """The candidates of each of `scenario.cast_roles`, for each dialect that clients and servers may speak in it."""
    conversing = scenario.conversing
    for speaks in DIALECTS if conversing else ("",):
        yield [
            candidates(role, implementations, manifests, speaks if role.name in conversing else "")
            for role in scenario.cast_roles
        ]


def casts(scenario: Scenario, choices: Sequence[Sequence[int]], casting: str = "") -> Iterator[Cast]:
    """The casts of a scenario, each once: an implementation for each of `scenario.cast_roles`, in their order.

    Args:
        choices: the candidates of each role. A role without any leaves the scenario without a cast.
        casting: one of CASTINGS, instead of the scenario's own.
    """
    roles = scenario.cast_roles
    names = [role.name for role in roles]
    free = [place for place, role in enumerate(roles) if not role.same_as]
    plays = [free.index(names.index(role.same_as or role.name)) for role in roles]
    for chosen in _free([choices[place] for place in free], casting or scenario.casting):
        cast = tuple(chosen[place] for place in plays)
        if all(player in fit for player, fit in zip(cast, choices, strict=True)):
            yield cast


def _free(choices: Sequence[Sequence[int]], kind: str) -> Iterator[Cast]:
    """The casts of the roles that are not bound to another role's player."""
    if not all(choices):
        return
    if kind == "all":
        yield from product(*choices)
        return
    if kind == "pairs":
        yield from _pairs(choices)
        return
    lead, others = choices[0], choices[1:]
    turns = max(map(len, others), default=1) if kind == "rotate" else 1
    seen = set()
    for place, first in enumerate(lead):
        for turn in range(turns):
            shift = turn if kind == "rotate" else place
            cast = (first, *(other[(shift + offset) % len(other)] for offset, other in enumerate(others)))
            if cast not in seen:
                seen.add(cast)
                yield cast


def _pairs(choices: Sequence[Sequence[int]]) -> Iterator[Cast]:
    """Assignments in which every pair of roles is played by every pair of their candidates at least once.

    Those come first in which the lead changes with the others, which meet in fewest: with at most as many leads as
    others, each pair of three roles is met exactly as often as two of them have pairs.
    """
    met: set[tuple[int, int, int, int]] = set()
    places = [range(len(choice)) for choice in choices]
    turned = ((sum(others) % len(choices[0]), *others) for others in product(*places[1:]))
    for cast in (*turned, *product(*places)):
        meets = {
            (one, cast[one], other, cast[other]) for one, other in combinations_with_replacement(range(len(cast)), 2)
        }
        if not meets <= met:
            met |= meets
            yield tuple(choice[place] for choice, place in zip(choices, cast, strict=True))
