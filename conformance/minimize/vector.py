"""A minimal case as a vector: with numbers as they are, an expectation that fails, and what a suite file needs."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from string import ascii_lowercase
from typing import TYPE_CHECKING, Any

from conformance.authoring.layout import formatted
from conformance.judge.decoded import decoded_awareness, decoded_state_vector
from conformance.minimize.concrete import concrete
from conformance.minimize.stage import World, without_values
from conformance.model.value import canonical_bytes
from conformance.model.vector import case_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.execute.session import Outcome
    from conformance.minimize.finding import Finding
    from conformance.model.vector import Case

_AGREE: Mapping[str, Any] = {"agree": True}
_TWIN = "b"
_OF_THE_WIRE = frozenset({"apply", "encode", "merge", "diff", "convert", "state_vector", "update_state_vector"})
_REASONS = {
    True: "Minimised from {id}. The peers must converge, whatever the value: say which rule gives the right one.",
    False: "Minimised from {id}. What is expected is what a reference shows: say which rule gives it.",
}


@dataclass(frozen=True)
class Vector:
    """A vector that fails: `world` is the cast in which it does, `reference` one that passes it, where there is one."""

    case: Case
    world: World
    reference: World | None
    finding: Finding


def fixed(finding: Finding) -> Finding:
    """The finding with peers called a, b, ... and without `wrap`, as far as it is the same then."""
    finding = _if_alike(finding, _with_letters(finding))
    if not finding.case.wrap:
        return finding
    case = concrete(finding.case, finding.stage.engine, finding.stage.worlds[0])
    return finding if case is None else _if_alike(finding, replace(finding, case=case))


def _if_alike(finding: Finding, other: Finding) -> Finding:
    """The other where it shows the same, else the finding."""
    seen = other.stage.see([other.case])[0]
    return replace(other, seen=seen) if finding.same(seen) else finding


def _with_letters(finding: Finding) -> Finding:
    """The finding with the peers' names in the order of the alphabet."""
    case, stage = finding.case, finding.stage
    names = dict(zip(case.peers, ascii_lowercase, strict=False))

    def renamed(step: Mapping[str, Any]) -> dict[str, Any]:
        inner = {"steps": [renamed(each) for each in step["steps"]]} if "steps" in step else {}
        return {**step, "peer": names.get(step["peer"], step["peer"]), **inner}

    def recast(world: World) -> World:
        return replace(world, cast={names[name]: player for name, player in world.cast.items() if name in names})

    peers = {names.get(name, name): options for name, options in case.peers.items()}
    worlds, controls = ([recast(world) for world in of] for of in (stage.worlds, stage.controls))
    return replace(
        finding,
        case=replace(case, peers=peers, steps=tuple(map(renamed, case.steps))),
        stage=replace(stage, worlds=worlds, controls=controls),
    )


def vector(finding: Finding) -> Vector | None:
    """The finding as a case that fails when it is run; None when no expectation was found with which it does."""
    stage = finding.stage
    for candidate, world, reference in _candidates(finding):
        named = _named(candidate, finding)
        worlds = [world] if reference is None else [world, reference]
        alone = [replace(stage, worlds=[each]).see([named])[0].verdicts[0].name for each in worlds]
        if alone[0] not in ("pass", "unsupported") and all(name == "pass" for name in alone[1:]):
            return Vector(named, world, reference, finding)
    return None


def _candidates(finding: Finding) -> Iterator[tuple[Case, World, World | None]]:
    """Expectations, the one that says most first; each with who fails it and who passes it."""
    case, world, reference = finding.case, finding.stage.worlds[0], finding.reference
    agreeing = case if case.demands_agreement else replace(case, verdict="valid", expect=_AGREE)
    from_values = not finding.original.demands_agreement and finding.original.expect != {"converged": {}}
    if reference is not None and from_values:
        yield _with_values(finding), world, reference
    if case.verdict != "invalid":
        yield agreeing, world, None
        if reference is not None:
            yield agreeing, reference, None
            yield from _paired(finding, world, reference)
    if reference is not None and not from_values:
        yield _with_values(finding), world, reference
    if case.verdict == "invalid":
        yield replace(case, expect={"observations": _kept(finding)}), world, None


def _kept(finding: Finding) -> Mapping[str, Any]:
    """The original's observations of steps that are left."""
    names = {step.get("as") for step in finding.case.steps}
    observations = finding.original.expect.get("observations", {})
    return {name: wanted for name, wanted in observations.items() if name in names}


def _paired(finding: Finding, world: World, reference: World) -> Iterator[tuple[Case, World, None]]:
    """Of bytes only: a second peer that is given the same, so that two implementations can be peers and disagree."""
    case = finding.case
    if len(case.peers) != 1 or not case.operations <= _OF_THE_WIRE:
        return
    ((name, options),) = case.peers.items()
    other = _TWIN if name != _TWIN else "a"
    slots = {step["as"]: f"{step['as']}_{other}" for step in case.steps if "as" in step}
    steps = [*case.steps, *(_renamed({**step, "peer": other}, slots) for step in case.steps)]
    twin = {**options, "client": options["client"] + 1}
    paired = replace(case, expect=_AGREE, verdict="valid", peers={name: options, other: twin}, steps=tuple(steps))
    yield paired, World({name: world.rest, other: reference.rest}, world.rest, world.format), None


def _renamed(step: dict[str, Any], slots: Mapping[str, str]) -> dict[str, Any]:
    def operand(value: Any) -> Any:
        return slots.get(value, value) if isinstance(value, str) else value

    changed = {key: operand(step[key]) for key in ("as", "update", "since") if key in step}
    if "updates" in step:
        changed["updates"] = [operand(each) for each in step["updates"]]
    return {**step, **changed}


# --- what a reference shows --------------------------------------------------------------------------------------


def _with_values(finding: Finding) -> Case:
    """The case with what the reference shows as its expectation."""
    case = without_values(finding.case)
    outcome = finding.stage.see([case])[0].outcomes[1]
    observations = dict(_observations(finding, outcome))
    if case.verdict == "invalid":
        return replace(case, expect={"observations": observations})
    read = _reads(outcome)
    suffix = "2" if len(case.peers) > 1 else ""
    converged = _view(read, f"@{list(case.peers)[-1]}", suffix)
    delivered = {
        peer: view
        for peer in case.peers
        if canonical_bytes(view := _view(read, f"@{peer}", "")) != canonical_bytes(converged)
    }
    expect: dict[str, Any] = {"converged": converged}
    if delivered and suffix:
        expect["delivered"] = delivered
    if observations:
        expect["observations"] = observations
    return replace(case, expect=expect)


def _reads(outcome: Outcome) -> dict[str, Any]:
    """Observation -> what was answered."""
    steps = outcome.performance.program.steps
    return {
        step["as"]: answer["ok"]
        for step, answer in zip(steps, outcome.answers, strict=True)
        if answer is not None and "ok" in answer and "as" in step
    }


def _view(read: Mapping[str, Any], peer: str, suffix: str) -> dict[str, Any]:
    vector = decoded_state_vector(read.get(f"{peer}.sv{suffix}"))
    return {"state": read.get(f"{peer}.state{suffix}", {}), "state_vector": vector or {}}


def _observations(finding: Finding, outcome: Outcome) -> Iterator[tuple[str, Any]]:
    case = outcome.performance.program.case
    for step, answer in zip(case.steps, outcome.answers, strict=False):
        check = finding.stage.looked_at.get(step.get("as", ""))
        if check is None or answer is None:
            continue
        if "error" in answer:
            yield step["as"], {"refused": True}
        elif check in ("refused", "done"):
            yield step["as"], {"done": True}
        elif check == "state_vector":
            yield step["as"], {check: decoded_state_vector(answer["ok"])}
        elif check == "awareness":
            yield step["as"], {check: decoded_awareness(answer["ok"])}
        else:
            yield step["as"], {check: answer["ok"]}


# --- a suite file --------------------------------------------------------------------------------------------------


def _named(case: Case, finding: Finding) -> Case:
    original = finding.original
    reason = _REASONS[case.demands_agreement].format(id=original.id)
    title = f"{original.title}, minimised"
    return replace(case, id=f"{original.id}-minimised", title=title, reason=reason, flags=())


def suite_text(cases: Sequence[Case]) -> str:
    """A suite file with these cases, laid out as all are."""
    suite = {"suite": cases[0].suite, "title": "Minimised cases", "cases": [case_json(case) for case in cases]}
    return formatted(json.dumps(suite, ensure_ascii=False), "the minimised case")
