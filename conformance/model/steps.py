"""Steps of vectors: which of them are local ops, and how many that are the same are written once.

`times` is a notation of the vector's file. Who reads a file or writes one sees it; everybody else has plain steps, one
and the same object as often as it says.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from conformance.jsonio import dumps

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Step = dict[str, Any]

_WORTH = 4  # in a row are told as one: fewer read as well one by one


def is_local(step: Mapping[str, Any]) -> bool:
    """Whether a step changes a shared type of its peer by itself."""
    return step["op"].partition(".")[0] in ("text", "array", "map", "xml")


def expanded(steps: Sequence[Step]) -> Sequence[Step]:
    """Each step in its place as often as its `times` says, those of transactions too."""
    if not any("times" in step or "steps" in step for step in steps):
        return steps
    return [copy for step in steps for copy in _copies(step)]


def _copies(step: Step) -> list[Step]:
    if "steps" in step:
        return [{**step, "steps": expanded(step["steps"])}]
    plain = {key: value for key, value in step.items() if key != "times"}
    return [plain] * step.get("times", 1)


def folded(steps: Sequence[Mapping[str, Any]]) -> list[Step]:
    """The other way round: a step with `times` in place of a run, in transactions too."""
    return [_folded(steps[place], times) for place, times in runs(steps)]


def _folded(step: Mapping[str, Any], times: int) -> Step:
    inner = {"steps": folded(step["steps"])} if "steps" in step else {}
    return {**step, **inner, **({"times": times} if times > 1 else {})}


def runs(steps: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, int]]:
    """Place and number of the local ops in each run of the same ones; of every other step its place, and 1."""
    place = 0
    for _, group in groupby(enumerate(steps), key=lambda item: _sameness(*item)):
        size = sum(1 for _ in group)
        yield from [(place, size)] if size >= _WORTH else [(each, 1) for each in range(place, place + size)]
        place += size


def _sameness(place: int, step: Mapping[str, Any]) -> object:
    """What steps of a run have in common. One that observes something is like no other."""
    return dumps(step) if is_local(step) and "as" not in step else place
