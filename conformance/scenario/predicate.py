"""What a step demands of its answer: `expect` at once, `until` as soon as it comes about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.model.value import project, same
from conformance.scenario.notebook import differences

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from conformance.scenario.participant import Answer

Predicate = dict[str, Any]


def meets(demand: Predicate, answer: Answer, lossy: Collection[str] = ()) -> bool:
    """Whether an answer is as demanded.

    `is` demands a value, `like` that it has at least what is given (objects in part, lists of the same length),
    `contains` a part of a text or a member of a list or object, `size` a length, `error` a kind of error, `any` one of
    several demands, `not` that a demand is not met, `notebook` the same notebook (conformance/scenario/notebook.py).
    Several keys are all demanded, of the part of the answer at the path `at` if there is one. `lossy` are the
    distinctions that the participant cannot report (runners/PROTOCOL.md, projections).
    """
    if "at" in demand:
        rest = {key: wanted for key, wanted in demand.items() if key != "at"}
        found = _at(demand["at"], answer.get("ok"))
        return found is not None and meets(rest, {"ok": found[0]}, lossy)
    return all(_CHECKS[key](wanted, answer, lossy) for key, wanted in demand.items())


def _at(path: list[str | int], value: Any) -> tuple[Any] | None:
    """What stands at a path of keys and places, which may be nothing."""
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return (value,)


def _is(wanted: Any, answer: Answer, lossy: Collection[str]) -> bool:
    return "ok" in answer and same(_projected(wanted, lossy), _projected(answer["ok"], lossy))


def _projected(value: Any, lossy: Collection[str]) -> Any:
    return project(value, lossy) if isinstance(value, dict) else value


def _like(wanted: Any, answer: Answer, _lossy: Collection[str]) -> bool:
    return "ok" in answer and like(wanted, answer["ok"])


def like(wanted: Any, seen: Any) -> bool:
    """Whether `seen` has at least what `wanted` says."""
    if isinstance(wanted, dict):
        return isinstance(seen, dict) and all(key in seen and like(value, seen[key]) for key, value in wanted.items())
    if isinstance(wanted, list):
        return (
            isinstance(seen, list)
            and len(seen) == len(wanted)
            and all(like(item, other) for item, other in zip(wanted, seen, strict=True))
        )
    return same(wanted, seen)


def _contains(wanted: Any, answer: Answer, _lossy: Collection[str]) -> bool:
    seen = answer.get("ok")
    if isinstance(seen, str):
        return isinstance(wanted, str) and wanted in seen
    if isinstance(seen, list):
        return any(like(wanted, item) for item in seen)
    return isinstance(seen, dict) and isinstance(wanted, str) and wanted in seen


def _size(wanted: Any, answer: Answer, _lossy: Collection[str]) -> bool:
    seen = answer.get("ok")
    return isinstance(seen, str | list | dict) and len(seen) == wanted


def _error(wanted: Any, answer: Answer, _lossy: Collection[str]) -> bool:
    return "error" in answer and wanted in ("any", answer["error"]["kind"])


def _notebook(wanted: Any, answer: Answer, _lossy: Collection[str]) -> bool:
    return "ok" in answer and not differences(wanted, answer["ok"])


def _any(wanted: list[Predicate], answer: Answer, lossy: Collection[str]) -> bool:
    return any(meets(demand, answer, lossy) for demand in wanted)


def _not(wanted: Predicate, answer: Answer, lossy: Collection[str]) -> bool:
    return not meets(wanted, answer, lossy)


_CHECKS: Mapping[str, Any] = {
    "is": _is,
    "like": _like,
    "contains": _contains,
    "size": _size,
    "error": _error,
    "any": _any,
    "not": _not,
    "notebook": _notebook,
}
