"""What the implementations make of a draft, and whether independent ones agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.judge.decoded import decoded_state_vector
from conformance.model.value import canonical_bytes, project
from conformance.plan.casting import Performance
from conformance.plan.program import compile_case
from conformance.plan.script import slots_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.execute.engine import Engine
    from conformance.execute.session import Outcome
    from conformance.model.implementation import Implementation
    from conformance.model.vector import Case

_OBSERVED = {"state": "state", "state_vector": "state_vector", "pending": "value", "undo": "value", "redo": "value"}


@dataclass(frozen=True, slots=True)
class Seen:
    """What one implementation saw, alone.

    Attributes:
        engine: the code that did the work; implementations of one engine are not independent.
        expect: as in a case: converged, delivered where it differs, observations; None when it got stuck.
        trouble: why it got stuck.
    """

    name: str
    engine: str
    lossy: tuple[str, ...]
    expect: Mapping[str, Any] | None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Those that saw the same, the one that can tell the most first."""

    members: tuple[Seen, ...]

    @property
    def engines(self) -> frozenset[str]:
        return frozenset(member.engine for member in self.members)


def observe(
    engine: Engine, implementations: Sequence[Implementation], engines: Mapping[str, str], case: Case
) -> list[Seen]:
    """Perform the case on each implementation alone. `engines` names the engine of each by name."""
    size = len(case.peers) + (len(case.peers) == 1)
    program = compile_case(case, (0,) * size, "v1")
    performances = [Performance(program, (player,) * size, (player,)) for player in range(len(implementations))]
    seen: dict[int, Seen] = {}
    for outcomes in engine.run(iter(performances)):
        for outcome in outcomes:
            player = outcome.performance.players[0]
            seen[player] = _seen(case, outcome, implementations[player], engines)
    return [seen[player] for player in sorted(seen)]


def _seen(case: Case, outcome: Outcome, implementation: Implementation, engines: Mapping[str, str]) -> Seen:
    def seen(expect: Mapping[str, Any] | None, trouble: str = "") -> Seen:
        engine = engines.get(implementation.name) or implementation.name
        return Seen(implementation.label, engine, implementation.hello.lossy, expect, trouble)

    if outcome.fault is not None:
        return seen(None, f"{outcome.fault.kind}: {outcome.fault.message}")
    steps = outcome.performance.program.steps
    answers: dict[str, Any] = {}
    for step, answer in zip(steps, outcome.answers, strict=True):
        if answer is None:
            continue
        if "ok" not in answer:
            return seen(None, f"{step['op']} of {step['peer']}: {answer.get('unsupported') or answer.get('error')}")
        if "as" in step:
            answers[step["as"]] = answer["ok"]
    suffix = "2" if len(case.peers) > 1 else ""
    final = {name: _view(answers, f"@{name}", suffix) for name in case.peers}
    converged = next(iter(final.values()))
    final["@relay"] = _view(answers, "@relay", "")
    apart = [name for name, view in final.items() if canonical_bytes(view) != canonical_bytes(converged)]
    if apart:
        return seen(None, f"does not converge: {converged} and, as {apart[0].removeprefix('@')}, {final[apart[0]]}")
    return seen({"converged": converged, **_delivered(case, answers, converged), **_observations(case, answers)})


def _view(answers: Mapping[str, Any], label: str, suffix: str) -> dict[str, Any]:
    vector = decoded_state_vector(answers[f"{label}.sv{suffix}"]) or {}
    return {"state": answers[f"{label}.state{suffix}"], "state_vector": dict(sorted(vector.items(), key=_by_client))}


def _by_client(item: tuple[str, int]) -> int:
    return int(item[0])


def _delivered(case: Case, answers: Mapping[str, Any], converged: Mapping[str, Any]) -> dict[str, Any]:
    views = {name: _view(answers, f"@{name}", "") for name in case.peers}
    other = {name: view for name, view in views.items() if canonical_bytes(view) != canonical_bytes(converged)}
    return {"delivered": other} if other else {}


def _observations(case: Case, answers: Mapping[str, Any]) -> dict[str, Any]:
    """What named steps observe. Bytes are not taken over: the format often leaves a choice."""
    found: dict[str, Any] = {}
    for step in case.steps:
        kind = _OBSERVED.get(step["op"])
        if kind and "as" in step and not any(step["as"] in slots_of(other) for other in case.steps):
            value = answers[step["as"]]
            found[step["as"]] = {kind: decoded_state_vector(value) if kind == "state_vector" else value}
    return {"observations": found} if found else {}


def clusters(seen: Sequence[Seen]) -> list[Cluster]:
    """Group what is the same; one that cannot see a distinction joins a group that it cannot tell apart.

    Those that got stuck are each alone. The cluster of the most engines comes first.
    """
    groups: list[list[Seen]] = []
    for each in sorted(seen, key=lambda item: len(item.lossy)):
        home = next((group for group in groups if _agree(group[0], each)), None)
        if home is None:
            groups.append([each])
        else:
            home.append(each)
    found = [Cluster(tuple(group)) for group in groups]
    return sorted(found, key=lambda cluster: (len(cluster.engines), len(cluster.members)), reverse=True)


def _agree(exact: Seen, other: Seen) -> bool:
    if exact.expect is None or other.expect is None:
        return False
    return canonical_bytes(_projected(exact.expect, other.lossy)) == canonical_bytes(
        _projected(other.expect, other.lossy)
    )


def _projected(value: Any, lossy: tuple[str, ...]) -> Any:
    """As `project`, on every state in an expectation."""
    if isinstance(value, dict):
        return {key: project(item, lossy) if key == "state" else _projected(item, lossy) for key, item in value.items()}
    return value


def agreed(found: Sequence[Cluster]) -> Cluster | None:
    """The cluster in which at least two engines agree; None when there is none, or as many agree on another."""
    if not found or len(found[0].engines) < 2 or found[0].members[0].expect is None:
        return None
    rival = len(found) > 1 and len(found[1].engines) >= 2
    return None if rival else found[0]
