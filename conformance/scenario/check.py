"""What is wrong with a scenario file: its shape by the schema, and its names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.model.layers import ROLES
from conformance.scenario.model import ITEM, KIT_ROLES, flat, performers
from conformance.scenario.slots import slots_read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def scenario_errors(document: Any) -> Iterator[str]:
    """What is wrong, a line each, the most specific cause first."""
    from jsonschema.exceptions import best_match

    from conformance.model.schema import validator

    error = best_match(validator("scenario").iter_errors(document))
    if error is not None:
        path = list(error.absolute_path)
        where = "/".join(str(part) for part in path) or "the file"
        yield f"{_named(document, path)}at {where}: {error.message[:300]}"
        return
    for case in document["cases"]:
        if case["id"].partition("/")[0] != document["layer"]:
            yield f"scenario {case['id']}: its id must begin with the layer, {document['layer']}/"
        yield from _names(case, document["layer"])


def _named(document: Any, path: list[Any]) -> str:
    if len(path) >= 2 and path[0] == "cases" and isinstance(document["cases"][path[1]], dict):
        return f"scenario {document['cases'][path[1]].get('id')}, "
    return ""


def _names(case: Mapping[str, Any], layer: str) -> Iterator[str]:
    roles = case["roles"]
    free = [name for name, role in roles.items() if role["plays"] not in KIT_ROLES and "same_as" not in role]
    for name, role in roles.items():
        if role["plays"] not in (*ROLES[layer], *KIT_ROLES):
            yield f"scenario {case['id']}: {name} plays {role['plays']!r}, which the layer {layer} does not have"
        if "same_as" in role and role["same_as"] not in free:
            yield f"scenario {case['id']}: {name} is same_as {role['same_as']!r}: name one of {', '.join(free)}"
    if all(role["plays"] in KIT_ROLES for role in roles.values()):
        yield f"scenario {case['id']}: no implementation plays in it"
    if "corpus" in case and "items" in case:
        yield f"scenario {case['id']}: it has a corpus and items; give it one of them"
    filled = {ITEM} if "corpus" in case or "items" in case else set[str]()
    for number, step in enumerate(flat(case["steps"]), 1):
        at = f"scenario {case['id']}, step {number} ({step['op']})"
        named = [*performers(step), *step.get("of", ()), *([step["to"]] if "to" in step else ())]
        for name in named:
            if name not in roles:
                yield f"{at}: no role {name}: name one of {', '.join(roles)}"
        for slot in slots_read(step):
            if slot not in filled:
                yield f"{at}: nothing filled the slot {slot} before this step"
        if "as" in step:
            filled.add(step["as"])
