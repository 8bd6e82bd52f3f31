"""Scenarios of the layers 4 to 7 on the bench: a release plays its role, and others play theirs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.bisect.bench import RELEASE, Answer, Key
from conformance.bisect.company import introduced
from conformance.scenario.casting import candidates
from conformance.scenario.performing import Performance, perform_all, singles_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.bisect.bench import Cast
    from conformance.bisect.company import Company
    from conformance.model.implementation import Implementation
    from conformance.model.spec import Spec
    from conformance.provision import Launch
    from conformance.scenario.model import Scenario
    from conformance.scenario.performing import Single
    from conformance.scenario.run import Plan
    from conformance.scenario.verdict import Outcome


@dataclass(frozen=True, slots=True)
class Scenarios:
    """The scenarios of `plan`, each in its `casts`; `name` is the implementation whose releases perform them."""

    name: str
    plan: Plan
    company: Company
    casts: Mapping[str, Sequence[Cast]]
    formats: Sequence[str] = ("v1",)

    @property
    def cases(self) -> Sequence[Scenario]:
        return self.plan.scenarios

    def perform(self, spec: Spec, launch: Launch) -> Iterator[tuple[Key, Answer]]:
        """See Performer. What waited in vain is performed once more, with nothing beside it."""
        implementations = [introduced(spec, launch), *self.company.members]
        planned: list[Single] = []
        for scenario in self.cases:
            for cast in self.casts[scenario.id]:
                lacking = self._lacking(scenario, cast, implementations)
                if lacking:
                    yield Key(scenario.id, cast, "v1"), Answer("unsupported", "", lacking)
                else:
                    planned += singles_of(self.plan, Performance(scenario, cast))
        sights = _Sights()
        perform_all(planned, implementations, self.company.manifests, self.plan, sights)
        yield from sights.answers()

    def _lacking(self, scenario: Scenario, cast: Cast, implementations: Sequence[Implementation]) -> str:
        """What keeps somebody from a role: a feature that is needed, or one that is not wanted."""
        for role, player in zip(scenario.cast_roles, cast, strict=True):
            if not candidates(role, [implementations[player]], self.company.manifests):
                features = implementations[player].hello.features
                lacks = [need for need in role.needs if not need.startswith("!") and need not in features]
                spurns = [need for need in role.needs if need.startswith("!") and need[1:] in features]
                return next(iter(lacks + spurns), role.plays)
        return ""

    def casting(self) -> str:
        """`A as server, B as client`."""
        plays: dict[str, None] = {}
        for scenario in self.cases:
            for cast in self.casts[scenario.id]:
                for role, player in zip(scenario.cast_roles, cast, strict=True):
                    plays[f"{self._label(player)} as {role.plays}"] = None
        return ", ".join(plays)

    def as_json(self) -> dict[str, Any]:
        """Scenario -> role -> who plays it, in the only cast."""
        return {
            "roles": {
                scenario.id: {
                    role.name: self._label(player)
                    for role, player in zip(scenario.cast_roles, self.casts[scenario.id][0], strict=True)
                }
                for scenario in self.cases
            }
        }

    def others(self) -> Sequence[str]:
        """See Performer: those that take part."""
        players = {player for casts in self.casts.values() for cast in casts for player in cast}
        return [self._label(player) for player in sorted(players - {RELEASE})]

    def _label(self, player: int) -> str:
        return self.company.names[player]


@dataclass(slots=True)
class _Sights:
    """What came of performances; of one with several items all that came of each."""

    unexpected: int = 0
    complete: bool = False
    _outcomes: dict[Key, dict[str, Outcome]] = field(default_factory=dict)

    def enter(self, single: Single, outcome: Outcome) -> None:
        key = Key(single.scenario.id, single.performance.cast, "v1")
        self._outcomes.setdefault(key, {})[single.item] = outcome

    enter_again = enter

    def surprises(self, planned: Sequence[Single]) -> Sequence[Single]:
        return [single for single in planned if self._waited(single)]

    def _waited(self, single: Single) -> bool:
        outcome = self._outcomes[Key(single.scenario.id, single.performance.cast, "v1")][single.item]
        return outcome.verdict not in ("pass", "unsupported") and outcome.waited_in_vain

    def answers(self) -> Iterator[tuple[Key, Answer]]:
        for key, outcomes in self._outcomes.items():
            yield key, _answer(list(outcomes.values()))


def _answer(outcomes: Sequence[Outcome]) -> Answer:
    """That of a performance, by those of its items: the signatures of all that failed, each once."""
    failed = [outcome for outcome in outcomes if outcome.verdict not in ("pass", "unsupported")]
    if failed:
        parts = {part for outcome in failed for part in outcome.signature.split("+")}
        return Answer(failed[0].verdict, "+".join(sorted(parts)))
    lacking = next((outcome.missing for outcome in outcomes if outcome.missing is not None), None)
    return Answer("pass") if lacking is None else Answer("unsupported", "", lacking[1])
