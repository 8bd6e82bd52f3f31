"""From what a user has, a vector that fails or updates from the field, to a case and a stage that shows the failure.

A vector loses its expected values, since they no longer hold once steps go. What takes their place is agreement: of the
peers of the cast in which it fails, or else with a reference in a world of its own.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.errors import ConformanceError
from conformance.minimize.seen import alike, parted
from conformance.minimize.stage import Stage, World, op_named, solo, without_values, world
from conformance.model.implementation import SPEAKS_V2, WRAP
from conformance.model.vector import Case
from conformance.plan.casting import castings
from conformance.plan.script import has_format, parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.execute.engine import Engine
    from conformance.judge.judge import Verdict
    from conformance.minimize.seen import Seen
    from conformance.model.implementation import Implementation
    from conformance.wire.model import Format

NOTHING_FAILS = 1
_VALUE_CHECKS = ("state", "state_vector", "value", "awareness", "bytes", "structs")
_FIELD_CLIENT = 1000000001


class NothingFailsError(ConformanceError):
    """There is nothing to minimise."""

    exit_code = NOTHING_FAILS


@dataclass(frozen=True)
class Finding:
    """A failure that needs no expected value.

    Attributes:
        original: the case as it was given.
        seen: what `case` shows on `stage`.
        apart: two implementations that must stay on two sides of what does not agree, or none.
    """

    original: Case
    case: Case
    stage: Stage
    seen: Seen
    apart: tuple[str, ...] = ()

    def same(self, seen: Seen) -> bool:
        """Whether something else that was seen is this failure."""
        return bool(seen.parts) and alike(self.seen, self.apart)(seen)

    @property
    def reference(self) -> World | None:
        """The world that is right, where there is one."""
        return self.stage.worlds[1] if len(self.stage.worlds) > 1 else None


@dataclass(frozen=True)
class Players:
    """Who may play: `engines` has the engine of each implementation, `references` those that may be right."""

    engine: Engine
    implementations: Sequence[Implementation]
    engines: Sequence[str]
    suspects: Sequence[int]
    references: Sequence[int]

    def able(self, case: Case, cast: Sequence[int], update_format: str) -> bool:
        """Whether all of a cast take part in a case and a format."""
        needed = (SPEAKS_V2 if update_format == "v2" else frozenset()) | ({WRAP} if case.wrap else frozenset())
        return all(self.implementations[player].hello.features >= needed for player in cast)


# --- a vector that fails ---------------------------------------------------------------------------------------


def of_vector(
    case: Case,
    players: Players,
    cast: Sequence[int] | None = None,
    formats: Sequence[str] = ("v1", "v2"),
    apart: tuple[str, ...] = (),
) -> Finding:
    """The first performance that fails, solo castings first, as a failure without values.

    Args:
        cast: the implementation of each part; None for all castings of the suspects.
        apart: two implementations that must not agree.

    Raises:
        NothingFailsError: nothing fails, or nothing fails that can be seen without the expected values.
    """
    failing = _failing(case, players, cast, formats)
    if failing is None:
        names = ", ".join(players.implementations[player].label for player in players.suspects)
        raise NothingFailsError(f"{case.id} does not fail on {names}: there is nothing to minimise")
    place, verdict = failing
    for stage, bare in _stages(case, players, place):
        seen = stage.see([bare])[0]
        if seen.parts and _tells(seen, verdict) and parted(seen.main, apart):
            controlled = replace(stage, controls=controls(bare, players, stage.worlds))
            return _wrapped(Finding(case, bare, controlled, seen, apart), players)
    if apart:
        raise NothingFailsError(f"{case.id} fails ({verdict.signature}), but {' and '.join(apart)} do not part there")
    raise NothingFailsError(
        f"{case.id}: its failure ({verdict.signature}) is in a value that nobody else shows right; add an "
        "implementation that passes it: --reference NAME"
    )


def of_performance(case: Case, players: Players, place: World) -> Finding:
    """A case that demands nothing by value, such as a random program, and fails in one world.

    Raises:
        NothingFailsError: it does not fail there.
    """
    stage = Stage(players.engine, players.implementations, [place])
    seen = stage.see([case])[0]
    if not seen.parts:
        raise NothingFailsError(f"{case.id} does not fail on {stage.label(place, case)}: there is nothing to minimise")
    return Finding(case, case, replace(stage, controls=controls(case, players, [place])), seen)


def _failing(
    case: Case, players: Players, cast: Sequence[int] | None, formats: Sequence[str]
) -> tuple[World, Verdict] | None:
    """The first world in which a case fails as it stands."""
    size = len(parts(case))
    if cast is not None:
        casts = [(*cast, *[cast[-1]] * size)[:size]]
    else:
        numbers = players.suspects
        kind = "solo" if case.is_solo else "pairs"
        casts = [tuple(numbers[place] for place in each) for each in castings(kind, len(numbers), size)]
    worlds = [
        world(case, each, update_format)
        for each in casts
        for update_format in (formats if has_format(case) else ("v1",))
        if players.able(case, each, update_format)
    ]
    for place in worlds:
        verdict = Stage(players.engine, players.implementations, [place]).see([case])[0].verdicts[0]
        if verdict.name not in ("pass", "unsupported"):
            return place, verdict
    return None


def _stages(case: Case, players: Players, place: World) -> Iterator[tuple[Stage, Case]]:
    """Ways to see the failure without values, the best first."""
    agreeing = case if case.demands_agreement else replace(case, verdict="valid", expect={"agree": True})
    if case.verdict != "invalid":
        yield Stage(players.engine, players.implementations, [place]), agreeing
    looked_at = {
        name: next(iter(wanted.get("oneOf", [wanted])[0]))
        for name, wanted in case.expect.get("observations", {}).items()
    }
    bare = without_values(case)
    for reference in _references(case, players, place):
        yield Stage(players.engine, players.implementations, [place, reference], looked_at), bare
    yield Stage(players.engine, players.implementations, [place]), bare


def _references(case: Case, players: Players, place: World) -> list[World]:
    """Those that pass the case alone, of another engine first, in the order in which they were given."""
    taken = {place.rest, *place.cast.values()}
    own = {players.engines[player] for player in taken}
    ordered = sorted(players.references, key=lambda player: players.engines[player] in own)
    worlds = [
        solo(player, place.format)
        for player in ordered
        if player not in taken and players.able(case, [player], place.format)
    ]
    stages = [Stage(players.engine, players.implementations, [each]) for each in worlds]
    passing = [stage.see([case])[0].verdicts[0].name == "pass" for stage in stages]
    return [each for each, passes in zip(worlds, passing, strict=True) if passes]


def controls(case: Case, players: Players, worlds: Sequence[World]) -> list[World]:
    """Worlds in which nothing is wrong: those of the cast that are right alone, or else the first other that is."""
    if len(worlds) > 1:
        return []  # each is the other's
    place = worlds[0]
    cast = list(dict.fromkeys((place.rest, *place.cast.values())))
    others = [number for number in range(len(players.implementations)) if number not in cast]
    able = [number for number in (*cast, *others) if players.able(case, [number], place.format)]
    right = [number for number in able if not _alone(case, players, number, place.format).parts]
    own = [number for number in right if number in cast]
    return [solo(number, place.format) for number in own or right[:1]]


def _alone(case: Case, players: Players, number: int, update_format: str) -> Seen:
    return Stage(players.engine, players.implementations, [solo(number, update_format)]).see([case])[0]


def _tells(seen: Seen, verdict: Verdict) -> bool:
    """Whether what is seen without values is what failed with them: the same op broke, or some value is wrong."""
    if seen.main.check in ("unsupported", "runner"):
        return False
    if not verdict.failures:
        return seen.main.check == verdict.name
    broken = [failure for failure in verdict.failures if failure.check not in _VALUE_CHECKS]
    first = min(broken or verdict.failures, key=lambda failure: failure.step)
    if first.check in (*_VALUE_CHECKS, "agree", "done", "accepted") and seen.main.check in (*_VALUE_CHECKS, "agree"):
        return True
    ops = {part.what.partition(" ")[0] for part in seen.parts}
    return seen.main.check in ("refused", first.check) and op_named(first.observed["op"]) in ops


def _wrapped(finding: Finding, players: Players) -> Finding:
    """With numbers that wrap, where all can: then any of its steps may go. Numbers that fit stay what they are."""
    cast = {player for place in finding.stage.worlds for player in (place.rest, *place.cast.values())}
    wrapping = replace(finding.case, wrap=True)
    if not players.able(wrapping, sorted(cast), "v1"):
        return finding
    seen = finding.stage.see([wrapping])[0]
    return replace(finding, case=wrapping, seen=seen) if seen.parts == finding.seen.parts else finding


# --- updates from the field ------------------------------------------------------------------------------------


def case_of_updates(updates: Sequence[bytes], roots: Mapping[str, str], update_format: Format) -> Case:
    """A case whose one peer applies updates, in their order."""
    steps: list[dict[str, Any]] = []
    for update in updates:
        step = {"op": "apply", "peer": "a", "update": {"base64": base64.b64encode(update).decode()}}
        steps.append({**step, "format": update_format} if update_format == "v2" else step)
    return Case(
        id="field/updates",
        title="Updates from the field",
        reason="",
        level="required",
        verdict="valid",
        flags=(),
        links=(),
        roots=roots,
        peers={"a": {"client": _FIELD_CLIENT}},
        steps=tuple(steps),
        expect={"converged": {}},
        file=Path(),
    )


def of_case(case: Case, players: Players) -> Finding:
    """A case that demands nothing by value: implementations that break on it, disagree, or misread each other.

    Raises:
        NothingFailsError: all agree.
    """
    numbers = [player for player in players.suspects if players.able(case, [player], "v1")]
    alone = [solo(player, "v1") for player in numbers]
    pairs = [world(case, (writer, reader), "v1") for writer, reader in permutations(numbers, 2)]
    for worlds in (alone, [*alone, *pairs]):
        stage = Stage(players.engine, players.implementations, _able(case, players, worlds))
        seen = stage.see([case])[0]
        if seen.parts:
            return _narrowed(Finding(case, case, stage, seen), players)
    names = ", ".join(players.implementations[player].label for player in numbers)
    raise NothingFailsError(f"{names} agree about these updates: there is nothing to minimise")


def _able(case: Case, players: Players, worlds: Sequence[World]) -> list[World]:
    """The worlds in which nothing is unsupported."""
    stage = Stage(players.engine, players.implementations, [])
    verdicts = [replace(stage, worlds=[each]).see([case])[0].verdicts[0] for each in worlds]
    return [each for each, verdict in zip(worlds, verdicts, strict=True) if verdict.name != "unsupported"]


def _standing(group: Sequence[str], players: Players) -> tuple[bool, int, int]:
    """How likely a group is right: with the only reference, of many engines, named early."""
    numbers = [n for n, each in enumerate(players.implementations) if each.label in group]
    right = len(players.references) == 1 and players.references[0] in numbers
    return right, len({players.engines[number] for number in numbers}), -min(numbers, default=len(players.engines))


def _narrowed(finding: Finding, players: Players) -> Finding:
    """With as few worlds as show its main part: one that breaks, or two that disagree, the likelier right one last."""
    stage, main = finding.stage, finding.seen.main
    labels = [stage.label(each, finding.case) for each in stage.worlds]
    groups = sorted(main.who, key=lambda group: _standing(group, players))
    groups = groups[-2:] if len(groups) > 1 else groups
    first = [min(group, key=lambda name: labels.index(name) if name in labels else len(labels)) for group in groups]
    chosen = [stage.worlds[labels.index(name)] for name in first if name in labels]
    smaller = replace(stage, worlds=chosen)
    seen = smaller.see([finding.case])[0] if chosen else finding.seen
    kept = any((part.check, part.stage) == (main.check, main.stage) for part in seen.parts)
    return replace(finding, stage=smaller, seen=seen) if chosen and kept else finding
