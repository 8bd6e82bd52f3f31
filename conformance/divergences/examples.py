"""One failure of each known divergence, with all bytes that led to it: `runners/known/examples.json`.

The document is made from these, so that it can be written and checked on a machine that has none of the libraries.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from conformance.errors import UsageError
from conformance.jsonio import JSONDecodeError, dumps, loads
from conformance.model.implementation import SPEAKS_V2
from conformance.plan.program import compile_case
from conformance.plan.script import parts
from conformance.repro.part import Goal, Part, is_translated, share
from conformance.repro.performing import cast_as, first, perform_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from conformance.execute.engine import Engine
    from conformance.judge.judge import Failure
    from conformance.judge.known import Divergence
    from conformance.model.implementation import Implementation
    from conformance.model.vector import Case
    from conformance.plan.casting import Performance
    from conformance.repro.performing import Shown

FILE = "examples.json"
_BUILT_AT = re.compile(r"(?<!\S)/(?:[^\s/:]+/)+(?=[^\s/:]+/src/)")
"""Where the machine that built a library had its source: a panic tells it, and it is not the library's."""


@dataclass(frozen=True, slots=True)
class Example:
    """A failure as it was seen.

    Attributes:
        digest: of the case's steps and expectation; another one means that the example has to be seen again.
        cast: names of the writer and the reader; the same name twice for one alone.
        versions: name -> version of the library.
        answered_by: whose answer was wrong; empty when a process died.
        failure: as in a results file, with the step's place; None when a process died.
        slots: base64 of all that was made and that a program of one implementation cannot make itself.
    """

    case: str
    digest: str
    cast: tuple[str, str]
    format: str
    versions: Mapping[str, str]
    verdict: str
    answered_by: str
    failure: Mapping[str, Any] | None
    slots: Mapping[str, str]

    def part(self, case: Case, name: str) -> Part:
        """What the implementation `name` plays of it."""
        writer, reader = self.cast
        players = tuple(dict.fromkeys(self.cast))
        pattern = tuple(players.index(player) for player in (writer, *[reader] * (len(parts(case)) - 1)))
        program = compile_case(case, pattern, self.format)
        goal = Goal(**self.failure) if self.failure else None
        actor = players.index(name)
        return share(case, self.format, program.steps, program.actors, actor, goal, self.slots, program.tolerated)


def digest_of(case: Case) -> str:
    """What changes when the case is corrected."""
    return hashlib.sha256(dumps([case.roots, case.peers, case.steps, case.expect])).hexdigest()[:16]


def load_examples(folder: Path) -> dict[str, Example]:
    """Divergence -> example, of `folder`/examples.json; empty when there is none.

    Raises:
        UsageError: it is damaged.
    """
    try:
        content = loads((folder / FILE).read_bytes())
        return {name: Example(**{**item, "cast": tuple(item["cast"])}) for name, item in content.items()}
    except FileNotFoundError:
        return {}
    except (JSONDecodeError, UnicodeDecodeError, TypeError, KeyError, AttributeError):
        raise UsageError(
            f"{folder / FILE} is damaged; write it again with: python -m conformance known --examples"
        ) from None


def save_examples(folder: Path, examples: Mapping[str, Example]) -> None:
    """Write them, a divergence a line."""
    lines = [f"{dumps(name).decode()}: {dumps(asdict(example)).decode()}" for name, example in sorted(examples.items())]
    (folder / FILE).write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def collect(
    engine: Engine,
    implementations: Sequence[Implementation],
    known: Sequence[Divergence],
    cases: Sequence[Case],
    recorded: Mapping[str, Example],
) -> Iterator[tuple[str, Example]]:
    """An example of every divergence whose implementation takes part, where one of its cases fails as it says.

    One of varied deliveries only has none: it is the same error as another, and its programs would be long.
    One that was recorded stays as long as it is seen again: others take part in each run, and by chance values differ.
    Else the plainest failure is taken: alone before with others, v1 before v2, and the case with the fewest steps
    among those that programs have a source for.
    """
    names = [implementation.name for implementation in implementations]
    for divergence in known:
        if divergence.implementation not in names or divergence.deliveries == "varied" or divergence.is_of_scenarios:
            continue
        before = recorded.get(divergence.id)
        performances = list(_candidates(divergence, implementations, cases))
        if before is not None:
            performances.sort(key=lambda performance: not _is_of(before, performance, names))
        if shown := _first_failing(engine, implementations, divergence, performances):
            now = _example(shown, implementations)
            yield divergence.id, before if before is not None and _is_the_same(before, now) else now


def _is_of(example: Example, performance: Performance, names: Sequence[str]) -> bool:
    cast = (names[performance.cast[0]], names[performance.cast[-1]])
    program = performance.program
    return (program.case.id, cast, program.format) == (example.case, example.cast, example.format)


def _is_the_same(before: Example, now: Example) -> bool:
    """Whether both are of the same case, cast and versions, and went wrong in the same place."""

    def told(example: Example) -> tuple[Any, ...]:
        place = example.failure and (example.failure["place"], example.failure["check"])
        kind = (example.case, example.digest, example.cast, example.format, example.versions)
        return (*kind, example.verdict, example.answered_by, place)

    return told(before) == told(now)


def _candidates(
    divergence: Divergence, implementations: Sequence[Implementation], cases: Sequence[Case]
) -> Iterator[Performance]:
    names = [implementation.name for implementation in implementations]
    player = names.index(divergence.implementation)
    if not divergence.covers_version(implementations[player].hello.version):
        return
    covered = [case for case in cases if divergence.covers_case(case.id)]
    covered.sort(key=lambda case: (not is_translated(case), len(case.steps)))
    others = [number for number in range(len(names)) if number != player]
    casts = [(player, player), *((o, player) for o in others), *((player, o) for o in others)]
    for cast in casts:
        for update_format in divergence.formats:
            speak = all(implementations[number].hello.features >= SPEAKS_V2 for number in cast)
            if not divergence.covers_cast(cast, player, names) or (update_format == "v2" and not speak):
                continue
            for case in covered:
                if cast[0] == cast[1] or (len(parts(case)) > 1 and not case.is_solo):
                    yield cast_as(case, cast, update_format)


def _first_failing(
    engine: Engine,
    implementations: Sequence[Implementation],
    divergence: Divergence,
    performances: Sequence[Performance],
) -> Shown | None:
    """The first performance, in their order, that fails in a way which the divergence explains."""

    def own(performance: Performance, failures: Sequence[Failure]) -> Failure:
        explained = [failure for failure in failures if divergence.explains(failure.signature)]
        return first(performance, explained or failures)

    for performance in performances:
        for shown in perform_all(engine, implementations, [performance], own):
            if shown.failed and any(map(divergence.explains, shown.verdict.signature.split("+"))):
                return shown
    return None


def _from_anywhere(failure: dict[str, Any]) -> dict[str, Any]:
    """A failure whose message names files from the library's folder on."""
    observed = failure["observed"]
    if isinstance(observed, dict) and isinstance(observed.get("message"), str):
        return {**failure, "observed": {**observed, "message": _BUILT_AT.sub("", observed["message"])}}
    return failure


def _example(shown: Shown, implementations: Sequence[Implementation]) -> Example:
    performance = shown.outcome.performance
    case = performance.program.case
    cast = (implementations[performance.cast[0]].name, implementations[performance.cast[-1]].name)
    players = [implementations[player] for player in dict.fromkeys(performance.cast)]
    goal = shown.goal
    return Example(
        case=case.id,
        digest=digest_of(case),
        cast=cast,
        format=performance.program.format,
        versions={player.name: player.hello.version for player in players},
        verdict=shown.verdict.name,
        answered_by="" if shown.answered_by is None else implementations[shown.answered_by].name,
        failure=_from_anywhere(asdict(goal)) if goal else None,
        slots={slot: data for player in range(len(players)) for slot, data in _received(shown, performance, player)},
    )


def _received(shown: Shown, performance: Performance, actor: int) -> Iterator[tuple[str, str]]:
    yield from shown.part(performance.players[actor]).received.items()
