"""JSON Schema checks of files that people write. Imported only when there is something to check: it is slow to load."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import orjson
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from conformance.errors import UsageError
from conformance.resources import data_root

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCHEMAS = ("suite", "scenario", "protocol", "manifest", "result")


@cache
def validator(name: str) -> Draft202012Validator:
    """The validator of vectors/schema/<name>.schema.json, with the other schemas at hand for its references."""
    schemas = {schema: _read(schema) for schema in SCHEMAS if _path(schema).is_file()}
    registry: Registry[Any] = Registry().with_resources(
        (contents["$id"], Resource.from_contents(contents)) for contents in schemas.values()
    )
    return Draft202012Validator(schemas[name], registry=registry)


def _path(name: str) -> Path:
    return data_root() / "vectors" / "schema" / f"{name}.schema.json"


def _read(name: str) -> dict[str, Any]:
    contents: dict[str, Any] = orjson.loads(_path(name).read_bytes())
    return contents


def check_suite(document: Any, file: Path) -> None:
    """Raise a UsageError that names the first case and key that break the schema, or a slot that nothing fills."""
    for message in suite_errors(document):
        raise UsageError(f"{file}: {message}")


def suite_errors(document: Any) -> Iterator[str]:
    """What is wrong with a suite, a line each, the most specific cause first."""
    from jsonschema.exceptions import best_match

    error = best_match(validator("suite").iter_errors(document))
    if error is not None:
        where = "/".join(str(part) for part in error.absolute_path) or "the file"
        yield f"{_case_name(document, error.absolute_path)}at {where}: {error.message[:300]}"
        return
    for case in document["cases"]:
        yield from _slot_errors(case)


def _case_name(document: Any, path: Any) -> str:
    parts = list(path)
    if len(parts) >= 2 and parts[0] == "cases":
        case = document["cases"][parts[1]]
        if isinstance(case, dict) and isinstance(case.get("id"), str):
            return f"case {case['id']}, "
    return ""


def _slot_errors(case: dict[str, Any]) -> Iterator[str]:
    filled: set[str] = set()
    for number, step in enumerate(case["steps"]):
        at = f"case {case['id']}, step {number + 1} ({step['op']})"
        if step["peer"] not in case["peers"]:
            yield f"{at}: no peer {step['peer']}: name one of {', '.join(case['peers'])}"
        for slot in slots_read(step):
            if slot not in filled:
                yield f"{at}: nothing filled the slot {slot} before this step"
        for inner in step.get("steps", ()):
            if inner["peer"] != step["peer"]:
                yield f"{at}: a transaction has one peer, but a step inside names {inner['peer']}"
        if "path" in step and step["path"][0] not in case["roots"]:
            yield f"{at}: no root {step['path'][0]}: name it in roots"
        if "as" in step:
            if step["as"] in filled:
                yield f"{at}: the slot {step['as']} is filled twice"
            filled.add(step["as"])
    for name in case["expect"].get("observations", {}):
        if name not in filled:
            yield f"case {case['id']}: expect.observations names {name}, but no step observes it"
    for name in case["expect"].get("delivered", {}):
        if name not in case["peers"]:
            yield f"case {case['id']}: expect.delivered names the peer {name}, which the case does not have"


def slots_read(step: dict[str, Any]) -> list[str]:
    """The names of the slots whose bytes a step needs."""
    operands = [step.get("update"), step.get("since"), *step.get("updates", ())]
    return [operand for operand in operands if isinstance(operand, str)]
