"""Scenarios: the cases of a scenario file, frozen. The shape is vectors/schema/scenario.schema.json."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.errors import UsageError
from conformance.jsonio import JSONDecodeError, dumps, loads

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

FOLDER = "scenarios"
KIT_ROLES = ("network", "disk", "http", "raw", "crowd")
"""Roles that the kit itself plays."""

ITEM = "item"
"""The slot that holds the item that a scenario is performed with."""

Step = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Role:
    """A participant of a scenario.

    Attributes:
        plays: a role of an implementation (conformance/model/layers.py), or of the kit.
        needs: features without which an implementation is not cast; after a "!", those with which it is not.
        same_as: the role whose implementation plays this one too, in a process of its own; empty when it is free.
        options: what its runner is told as the session begins, beside the client id: see runners/PROTOCOL.md.
    """

    name: str
    plays: str
    needs: tuple[str, ...]
    same_as: str
    options: Mapping[str, Any]

    @property
    def is_cast(self) -> bool:
        """Whether an implementation plays it."""
        return self.plays not in KIT_ROLES


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario. `steps` are parsed JSON of the schema's shape and are never changed.

    `casting` says in how many ways its roles are played (conformance/scenario/casting.py); `within` is the time in
    seconds that something may take to come about. `corpus` names the corpus (conformance/corpus/) with each item of
    which it is performed; empty for none. `items` are those of its own: name -> value.
    """

    id: str
    title: str
    reason: str
    level: str
    layer: str
    flags: tuple[str, ...]
    links: tuple[str, ...]
    roots: Mapping[str, str]
    roles: tuple[Role, ...]
    casting: str
    within: float
    steps: Sequence[Step]
    file: Path
    corpus: str = ""
    items: Mapping[str, Any] = field(default_factory=dict)

    @property
    def suite(self) -> str:
        return self.id.partition("/")[0]

    @property
    def cast_roles(self) -> tuple[Role, ...]:
        """The roles that implementations play, in their order; the first is the lead."""
        return tuple(role for role in self.roles if role.is_cast)

    @property
    def operations(self) -> frozenset[str]:
        """The ops of all steps."""
        return frozenset(step["op"] for step in flat(self.steps))

    def asked_of(self, role: str) -> frozenset[str]:
        """The ops that a participant is asked for."""
        return frozenset(step["op"] for step in flat(self.steps) if role in performers(step))

    @property
    def conversing(self) -> frozenset[str]:
        """The roles that go to a server, and those servers: they have to speak the same."""
        pairs = [(who, step["to"]) for step in flat(self.steps) if "to" in step for who in performers(step)]
        return frozenset(role for pair in pairs for role in pair)

    def digest(self) -> bytes:
        """Tells two forms of a scenario apart."""
        roles = [[role.name, role.plays, role.needs, role.same_as, dict(role.options)] for role in self.roles]
        told = [self.id, dict(self.roots), roles, self.casting, self.steps]
        return dumps([*told, self.corpus, self.items] if self.corpus or self.items else told)


def performers(step: Step) -> tuple[str, ...]:
    """The participants that perform a step: none for a step of the coordinator."""
    by = step.get("by", ())
    return (by,) if isinstance(by, str) else tuple(by)


def flat(steps: Sequence[Step]) -> Iterator[Step]:
    """All steps, those inside others too. The steps of a transaction are the runner's own."""
    for step in steps:
        yield step
        if step["op"] != "transact":
            yield from flat(step.get("steps", ()))


def scenario_files(path: Path) -> tuple[Path, ...]:
    """The scenario files of a folder, sorted, or the file itself."""
    if path.is_file():
        return (path,)
    if not path.is_dir():
        raise UsageError(f"no scenarios at {path}: give an existing file or folder")
    return tuple(sorted(path.rglob("*.json")))


def scenarios_among(path: Path) -> tuple[Path, ...]:
    """The scenario files in a folder of vectors; none in a single file or in a folder of suites."""
    return scenario_files(path / FOLDER) if (path / FOLDER).is_dir() else ()


def load_scenarios(paths: Sequence[Path], layers: Sequence[str]) -> tuple[Scenario, ...]:
    """The scenarios of these layers at or below `paths`, by layer and then in the order of the files.

    Raises:
        UsageError: a path does not exist, a file is no valid scenario file, or two scenarios share an id.
    """
    found: list[Scenario] = []
    seen: dict[str, Path] = {}
    for path in paths:
        for file in scenario_files(path):
            for scenario in read(file):
                if scenario.id in seen:
                    raise UsageError(
                        f"scenario id {scenario.id} stands in {seen[scenario.id]} and again in {file}: "
                        "give one of them a new id"
                    )
                seen[scenario.id] = file
                found.append(scenario)
    return tuple(scenario for layer in layers for scenario in found if scenario.layer == layer)


def read(file: Path) -> Iterator[Scenario]:
    """The scenarios of one file; raises UsageError."""
    from conformance.scenario.check import scenario_errors

    try:
        document = loads(file.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from None
    except JSONDecodeError as error:
        raise UsageError(f"{file}:{error.lineno}:{error.colno}: not JSON: {error.msg}") from None
    for message in scenario_errors(document):
        raise UsageError(f"{file}: {message}")
    for raw in document["cases"]:
        yield _scenario(raw, document["layer"], file)


def _scenario(raw: Mapping[str, Any], layer: str, file: Path) -> Scenario:
    return Scenario(
        id=raw["id"],
        title=raw["title"],
        reason=raw["reason"],
        level=raw["level"],
        layer=layer,
        flags=tuple(raw.get("flags", ())),
        links=tuple(raw["links"]),
        roots=raw.get("roots", {}),
        roles=tuple(_role(name, role) for name, role in raw["roles"].items()),
        casting=raw.get("casting", "rotate"),
        within=float(raw.get("within", 10)),
        steps=raw["steps"],
        file=file,
        corpus=raw.get("corpus", ""),
        items=raw.get("items", {}),
    )


def _role(name: str, raw: Mapping[str, Any]) -> Role:
    options = {key: value for key, value in raw.items() if key not in ("plays", "needs", "same_as")}
    return Role(name, raw["plays"], tuple(raw.get("needs", ())), raw.get("same_as", ""), options)


def digest_of(scenarios: Sequence[Scenario]) -> str:
    """A digest over scenarios; it tells two sets of them apart."""
    total = hashlib.sha256()
    for scenario in scenarios:
        total.update(scenario.digest())
    return total.hexdigest()[:16]
