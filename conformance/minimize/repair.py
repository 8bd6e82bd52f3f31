"""A case made whole after something was left out: what only served what is gone goes too.

A step stays where its peer is there, the slots that it reads are filled, and something is left for it to do. What is
left satisfies the schema if the case did before.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.plan.script import slots_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.model.vector import Case

Step = dict[str, Any]

_NEVER_EMPTY = ("values", "nodes", "updates", "paths", "steps", "delta")
"""Keys of lists without which a step has nothing to do."""


def repair(case: Case) -> Case | None:
    """The case without what lost its ground; None when no peer or no step is left."""
    steps = list(_grounded(case.peers, case.roots, case.steps))
    acting = {step["peer"] for step in steps}
    peers = {name: options for name, options in case.peers.items() if name in acting}
    if not peers or not steps:
        return None
    names = {step["as"] for step in steps if "as" in step}
    return replace(case, peers=peers, steps=tuple(steps), expect=_expected(case.expect, names))


def _expected(expect: Mapping[str, Any], names: set[str]) -> Mapping[str, Any]:
    """Without observations that nobody makes, and groups of answers of which fewer than two are left."""
    kept = dict(expect)
    if "observations" in kept:
        kept["observations"] = {name: wanted for name, wanted in kept["observations"].items() if name in names}
    if "same" in kept:
        groups = ([name for name in group if name in names] for group in kept["same"])
        kept["same"] = [group for group in groups if len(group) > 1]
        if not kept["same"] and "agree" in kept:
            del kept["same"]
    return kept


def _grounded(peers: Mapping[str, Any], roots: Mapping[str, str], steps: Sequence[Mapping[str, Any]]) -> Iterator[Step]:
    filled: set[str] = set()
    managers: set[tuple[str, str]] = set()
    for step in steps:
        kept = _kept(step, peers, roots, filled)
        if kept is None:
            continue
        manager = (kept["peer"], kept.get("manager", ""))
        if kept["op"] == "undo.track":
            managers.add(manager)
        elif (kept["op"] in ("undo", "redo") or kept["op"].startswith("undo.")) and manager not in managers:
            continue
        if "as" in kept:
            filled.add(kept["as"])
        yield kept


def _kept(step: Mapping[str, Any], peers: Mapping[str, Any], roots: Mapping[str, str], filled: set[str]) -> Step | None:
    """A step as it can stand, or None."""
    if step["peer"] not in peers or ("path" in step and step["path"][0] not in roots):
        return None
    kept = dict(step)
    if "steps" in kept:
        kept["steps"] = [inner for each in kept["steps"] if (inner := _kept(each, peers, roots, filled)) is not None]
    if "paths" in kept:
        kept["paths"] = [path for path in kept["paths"] if path[0] in roots]
    if "updates" in kept:
        kept["updates"] = [each for each in kept["updates"] if not isinstance(each, str) or each in filled]
    if any(slot not in filled for slot in slots_of(kept)):
        return None
    if any(key in kept and not kept[key] for key in _NEVER_EMPTY):
        return None
    return _without_empty(kept)


def _without_empty(step: Step) -> Step:
    """Without attributes and origins that are empty, which the schema refuses."""
    for key in ("attributes", "origins"):
        if key in step and not step[key]:
            del step[key]
    if "delta" in step:
        step["delta"] = [
            {key: value for key, value in chunk.items() if key != "attributes" or value} for chunk in step["delta"]
        ]
    return step
