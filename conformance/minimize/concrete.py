"""A case that wraps, with the numbers that its ops are performed with: the same program without wrapping.

The runners are asked (op `wrap` of the protocol): the program is performed up to each local op, and whoever plays its
peer says what the op would be there. Those that would do nothing are left out.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from conformance.minimize.repair import repair
from conformance.model.steps import is_local

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.execute.engine import Engine
    from conformance.minimize.stage import World
    from conformance.model.vector import Case

Step = dict[str, Any]
Place = tuple[int, int | None]
"""Of a local op: its step, and its place in a transaction."""

_ANSWER = "@wrap"
_MOST = 2000  # local ops: each is asked about in a performance of all before it


def concrete(case: Case, engine: Engine, world: World) -> Case | None:
    """The case as it is performed in a world, without `wrap`; None when somebody did not say how, or it is too long."""
    asked = dict(islice(_questions(case), _MOST + 1))
    if len(asked) > _MOST:
        return None
    performances = {place: world.performance(question, with_finale=False) for place, question in asked.items()}
    places = {id(performance): place for place, performance in performances.items()}
    found: dict[Place, Any] = {}
    for outcomes in engine.run(iter(performances.values())):
        for outcome in outcomes:
            found[places[id(outcome.performance)]] = outcome.answers[-1]
    if any(answer is None or "ok" not in answer for answer in found.values()):
        return None
    found = {place: answer["ok"] for place, answer in found.items()}
    return repair(replace(case, steps=tuple(_answered(case, found)), wrap=False))


def _questions(case: Case) -> Iterator[tuple[Place, Case]]:
    """For each local op a case that ends where it would be performed, and asks."""
    for number, step in enumerate(case.steps):
        if is_local(step):
            yield (number, None), _asking(case, case.steps[:number], step, step)
        for inner, op in enumerate(step.get("steps", ())):
            begun = [{**step, "steps": step["steps"][:inner]}] if inner else []
            yield (number, inner), _asking(case, [*case.steps[:number], *begun], op, step)


def _asking(case: Case, before: Sequence[Mapping[str, Any]], op: Mapping[str, Any], step: Mapping[str, Any]) -> Case:
    around = {key: step[key] for key in ("doc",) if key in step}
    bare = {key: value for key, value in op.items() if key not in ("as", "note", "origin", "format")}
    question = {"op": "wrap", "peer": step["peer"], "step": bare, "as": _ANSWER, **around}
    return replace(case, steps=(*before, question), wrap=True)


def _answered(case: Case, found: Mapping[Place, Any]) -> Iterator[Step]:
    for number, step in enumerate(case.steps):
        if "steps" in step:
            inner = [_merged(op, found[number, place]) for place, op in enumerate(step["steps"])]
            yield {**step, "steps": [op for op in inner if op is not None]}
        elif (number, None) in found:
            performed = _merged(step, found[number, None])
            if performed is not None:
                yield performed
        else:
            yield dict(step)


def _merged(op: Mapping[str, Any], performed: Mapping[str, Any] | None) -> Step | None:
    """The op with the numbers of its answer; the rest of an answer is what was asked."""
    if performed is None:
        return None
    numbers = {key: performed[key] for key in ("path", "index", "length") if key in op and key in performed}
    return {**op, **numbers}
