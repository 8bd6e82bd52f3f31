"""What comes of a minimisation: who answers what, the updates that travel, and programs with nothing but a library."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from conformance.minimize.raw import raw_updates
from conformance.minimize.stage import Stage, solo, without_values
from conformance.model.value import canonical_bytes, project
from conformance.repro import dialect, names
from conformance.repro.performing import first, shown
from conformance.repro.source import Library

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.execute.session import Outcome
    from conformance.judge.judge import Verdict
    from conformance.minimize.finding import Finding, Players
    from conformance.minimize.stage import World
    from conformance.minimize.vector import Vector
    from conformance.model.manifest import Manifest
    from conformance.model.vector import Case
    from conformance.wire.model import Format

_DONE = "done"
_MADE = frozenset({"encode", "merge", "diff", "convert", "snapshot.restore", "transact"})


@dataclass(frozen=True)
class Cluster:
    """Implementations, or peers of them, that gave one answer."""

    who: tuple[str, ...]
    answer: Any


@dataclass(frozen=True)
class Program:
    """A program with nothing but a library; `fence` is its language in Markdown."""

    label: str
    fence: str
    text: str


# --- answers -----------------------------------------------------------------------------------------------------


def peers_apart(verdict: Verdict) -> list[Cluster]:
    """The peers of the failing cast that disagree; none where the failure is another."""
    parting = next((failure for failure in verdict.failures if failure.check == "agree"), None)
    if parting is None:
        return []
    return [
        Cluster(
            tuple(f"{peer.removeprefix('@')} of {label}" for peer, label in cluster["peers"].items()), cluster["answer"]
        )
        for cluster in parting.observed["clusters"]
    ]


def alone(case: Case, finding: Finding, players: Players) -> list[Cluster]:
    """What each implementation answers that plays the case by itself: the first answer that is not the same in all."""
    bare = without_values(case)
    update_format = finding.stage.worlds[0].format
    numbers = [n for n in range(len(players.implementations)) if players.able(bare, [n], update_format)]
    worlds = [solo(number, update_format) for number in numbers]
    outcomes = Stage(players.engine, players.implementations, worlds).see([bare])[0].outcomes
    lossy = sorted({loss for number in numbers for loss in players.implementations[number].hello.lossy})
    told = [list(_told(outcome, finding.stage.looked_at, lossy)) for outcome in outcomes]
    apart = [len({key for key, _ in views}) > 1 for views in zip(*told, strict=False)]
    place = apart.index(True) if True in apart else _last_read(told[0])
    groups: dict[bytes, tuple[list[str], Any]] = {}
    for number, views in zip(numbers, told, strict=True):
        key, answer = views[min(place, len(views) - 1)]
        groups.setdefault(key, ([], answer))[0].append(players.implementations[number].label)
    return [Cluster(tuple(who), answer) for who, answer in groups.values()]


def _last_read(views: Sequence[tuple[bytes, Any]]) -> int:
    """The last place at which something was read, where all say the same everywhere."""
    return max((place for place, (_, answer) in enumerate(views) if answer != _DONE), default=len(views) - 1)


def _told(outcome: Outcome, looked_at: Mapping[str, str], lossy: Sequence[str]) -> Iterator[tuple[bytes, Any]]:
    """What is compared, step by step, each with its key: that a step was done, or what it read."""
    program = outcome.performance.program
    for place, (step, answer) in enumerate(zip(program.steps, outcome.answers, strict=True)):
        if answer is None or "ok" not in answer:
            break
        own = place < len(program.case.steps)
        if step["op"] == "state" and (not own or step["as"] in looked_at):
            yield canonical_bytes(project(answer["ok"], lossy)), answer["ok"]
        elif looked_at.get(step.get("as", "")) in ("value", "bytes"):
            yield canonical_bytes(answer["ok"]), answer["ok"]
        else:
            yield b"done", _DONE
    if outcome.fault is not None:
        yield outcome.fault.kind.encode(), {outcome.fault.kind: outcome.fault.message}
    else:
        for step, answer in zip(program.steps, outcome.answers, strict=True):
            if answer is not None and "ok" not in answer:
                kind = answer["error"]["kind"] if "error" in answer else "unsupported"
                yield kind.encode(), {kind: step["op"], "message": answer.get("error", {}).get("message", "")}
                break


# --- bytes ---------------------------------------------------------------------------------------------------------


def updates(outcome: Outcome) -> Iterator[tuple[str, Format, bytes]]:
    """Name, format and bytes of all updates that the case's own steps give, make or pass on."""
    program = outcome.performance.program
    for number, raw in enumerate(raw_updates(program.case.steps), 1):
        yield f"bytes {number}", raw.format, raw.data
    for step, answer in zip(program.steps[: len(program.case.steps)], outcome.answers, strict=False):
        made = step["op"] in _MADE or ("path" in step and step["op"] != "position")
        if made and "as" in step and answer is not None and isinstance(answer.get("ok"), str):
            format: Format = "v2" if step.get("format", step.get("to")) == "v2" else "v1"
            yield step["as"], format, base64.b64decode(answer["ok"])


# --- programs --------------------------------------------------------------------------------------------------------


def programs(found: Vector, players: Players, manifests: Sequence[Manifest]) -> Iterator[Program]:
    """A program for each implementation of the failing cast, for the reference, and for each other language.

    Args:
        manifests: of each implementation, by its number.
    """
    stage = found.finding.stage
    rest = [solo(number, found.world.format) for number in range(len(players.implementations))]
    rest = [each for each in rest if players.able(found.case, [each.rest], each.format)]
    worlds = [found.world, *([found.reference] if found.reference else []), *rest]
    done: set[int] = set()
    fences: set[str] = set()
    for number, world in enumerate(worlds):
        needed = number == 0 or world is found.reference
        for program, player in _programs(replace(stage, worlds=[world]), found.case, world, manifests):
            if player not in done and (needed or program.fence not in fences):
                done.add(player)
                fences.add(program.fence)
                yield program


def _programs(stage: Stage, case: Case, world: World, manifests: Sequence[Manifest]) -> Iterator[tuple[Program, int]]:
    seen = stage.see([case])[0]
    if seen.verdicts[0].name == "unsupported":
        return
    what = shown(seen.outcomes[0], seen.verdicts[0], first)
    for player in world.performance(case).players:
        manifest = manifests[player]
        if manifest.repro in names():
            writer = dialect(manifest.repro)
            library = Library(manifest.title, manifest.package, stage.implementations[player].hello.version)
            label = stage.implementations[player].label
            yield Program(label, writer.fence, writer.program(what.part(player), library)), player
