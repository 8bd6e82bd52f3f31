"""Who plays which role of a scenario beside the releases of an implementation: others, at their pinned versions."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from conformance.bisect.bench import RELEASE
from conformance.errors import UsageError
from conformance.execute.engine import Engine
from conformance.execute.limits import Limits
from conformance.model.layers import PEER, ROLES
from conformance.model.manifest import find_manifest
from conformance.model.spec import parse_spec
from conformance.provision import available, provide
from conformance.run import introduce
from conformance.scenario.casting import candidates

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.bisect.bench import Cast
    from conformance.model.implementation import Implementation
    from conformance.model.manifest import Manifest
    from conformance.model.spec import Spec
    from conformance.provision import Launch, Report
    from conformance.scenario.model import Role, Scenario


def introduced(spec: Spec, launch: Launch) -> Implementation:
    """Start a runner, hear who it is, and end it; raises ProvisionError."""
    with Engine([launch], Limits(jobs=1)) as engine:
        return introduce(engine, [spec], [launch])[0]


class Company:
    """The companions of the releases of `name`, numbered from 1; each is provided when it is first needed.

    A release plays one kind of role: the first in the order of conformance/model/layers.py ROLES that it can. Of that
    kind it plays each that its pinned version can. All else is played by the first companion that can, and, as a client
    or a server, speaks as it does.
    """

    def __init__(self, name: str, manifests: Mapping[str, Manifest], report: Report) -> None:
        self._name = name
        self.manifests = manifests
        self._report = report
        self.members: list[Implementation] = []

    @property
    def names(self) -> list[str]:
        """Of all by their number, the release first."""
        return [self._name, *(member.name for member in self.members)]

    def number(self, name: str) -> int:
        """The number of a companion; raises UsageError without such a one, and ProvisionError."""
        if name not in self.names[1:]:
            spec = parse_spec(name)
            manifest = find_manifest(spec, self.manifests)
            self.members.append(introduced(spec, provide(spec, manifest, self._report)))
        return self.names.index(name, 1)

    def kind(self, scenario: Scenario) -> str | None:
        """The kind of role that a release plays."""
        there = {role.plays for role in scenario.cast_roles}
        return next((plays for plays in ROLES[scenario.layer] if plays in there and self._may(self._name, plays)), None)

    def cast(self, scenario: Scenario) -> Cast:
        """Releases play all that they can, of their kind.

        Raises:
            UsageError: there is no role for a release, or no companion for another role.
            ProvisionError: a companion cannot be had.
        """
        kind = self.kind(scenario)
        if kind is None:
            plays = " or ".join(dict.fromkeys(role.plays for role in scenario.cast_roles))
            raise UsageError(f"{self._name} plays none of the roles of {scenario.id}: {plays}")
        free = [role for role in scenario.cast_roles if not role.same_as]
        chosen: dict[str, int | None] = {}
        for role in free:
            speaks = self._speaks(scenario, role)
            own = role.plays == kind and self._fits(self.number(self._name), role, speaks)
            chosen[role.name] = RELEASE if own else self._first(role, speaks)
        if RELEASE not in chosen.values():  # it lacks what they need, and so it shall be said
            chosen |= {role.name: RELEASE for role in free if role.plays == kind}
        for role in free:
            if chosen[role.name] is None and role.plays != kind:
                raise UsageError(
                    f"{scenario.id}: nobody here plays {role.plays} as {role.name} needs it; "
                    "see who can: python -m conformance list implementations"
                )
        return tuple(chosen[role.same_as or role.name] or RELEASE for role in scenario.cast_roles)

    def casts_with(self, scenario: Scenario, other: str) -> Iterator[Cast]:
        """Every cast in which both a release and a certain companion play; those with more of the release first."""
        kind, base, number = self.kind(scenario), self.cast(scenario), self.number(other)
        roles = scenario.cast_roles
        free = [place for place, role in enumerate(roles) if not role.same_as]
        choices = []
        for place in free:
            fits = [number] if self._fits(number, roles[place], self._speaks(scenario, roles[place])) else []
            choices.append([RELEASE, *fits] if roles[place].plays == kind else fits or [base[place]])
        names = [roles[place].name for place in free]
        for chosen in product(*choices):
            if RELEASE in chosen and number in chosen:
                yield tuple(chosen[names.index(role.same_as or role.name)] for role in roles)

    def _first(self, role: Role, speaks: str) -> int | None:
        """The first companion that can play a role; whose business it is before a library that can do it too."""
        able = [name for name in self.manifests if self._may(name, role.plays)]
        able.sort(key=lambda name: role.plays not in self.manifests[name].roles)
        for name in able:
            if available(self.manifests[name]) is None and self._fits(self.number(name), role, speaks):
                return self.number(name)
        return None

    def _may(self, name: str, plays: str) -> bool:
        """Whether a manifest says that it plays such roles; a library is a client too, which the kit connects."""
        roles = self.manifests[name].roles
        return plays in roles or (plays == "client" and PEER in roles)

    def _fits(self, number: int, role: Role, speaks: str) -> bool:
        return bool(candidates(role, [self.members[number - 1]], self.manifests, speaks))

    def _speaks(self, scenario: Scenario, role: Role) -> str:
        """What one must speak to play a role beside a release; empty where it does not matter."""
        return self.manifests[self._name].speaks if role.name in scenario.conversing else ""
