"""What the steps of a case cover, whatever updates come of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.coverage.cells import TAGGED, cell
from conformance.plan.casting import castings
from conformance.plan.script import parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.model.vector import Case

    Step = Mapping[str, Any]

ROOT_FEATURES = {f"root.{kind}": kind for kind in ("text", "array", "map", "xml")}
VALUE_FEATURES = {
    "value.undefined": {"$undefined"},
    "value.bigint": {"$bigint"},
    "value.bytes": {"$bytes"},
    "value.text": {"$text"},
    "value.array": {"$array"},
    "value.map": {"$map"},
    "value.xml": {"$fragment", "$element", "$xmltext"},
    "value.doc": {"$doc"},
}
KEY_FEATURES = {"origins": "undo.origins", "timeout": "undo.timeout", "manager": "undo.manager", "deep": "observe.deep"}
KIND_FEATURES = tuple(f"observe.{kind}" for kind in ("text", "array", "map", "xml"))
SURROGATE_SPLIT = "text.surrogate-split"
FEATURES = (
    "emit", "emit.v2", *ROOT_FEATURES, *VALUE_FEATURES, "value.bigint.range", "text.insert.attributes",
    "xml.text.attributes", "xml.set.any", SURROGATE_SPLIT, "text.lone-surrogate", "gc.off", "client.53", "doc",
    "origin", *KEY_FEATURES.values(), *KIND_FEATURES,
)  # fmt: skip
"""The features of the protocol that are neither an op nor an op with v2."""

_INT64 = range(-(2**63), 2**63)


def case_cells(case: Case) -> Iterator[str]:
    """What a case covers by what it is: roots, peers, verdict, expectations, castings."""
    for kind in case.roots.values():
        yield cell("root", kind, "used")
        yield cell("feature", f"root.{kind}", "used")
    for options in case.peers.values():
        yield cell("peer", "gc" if options.get("gc", True) else "no-gc", "used")
        yield cell("peer", "declared" if options.get("declare", True) else "undeclared", "used")
        if options.get("gc") is False:
            yield cell("feature", "gc.off", "used")
        if options["client"] >= 1 << 32:
            yield cell("feature", "client.53", "used")
    yield cell("expect", f"verdict.{case.verdict}", "used")
    yield cell("expect", f"level.{case.level}", "used")
    for key in case.expect:
        yield cell("expect", f"expect.{key}", "used")
    for observation in case.expect.get("observations", {}).values():
        for one in [observation, *observation.get("oneOf", ())]:
            yield cell("expect", f"observation.{next(key for key in one if key != 'note')}", "used")
    peers = str(len(case.peers)) if len(case.peers) < 3 else "3+"
    for cast in castings("solo" if case.is_solo else "pairs", 2, len(parts(case))):
        yield cell("casting", "solo" if len(set(cast)) == 1 else "cross", peers)


def step_cells(case: Case, step: Step) -> Iterator[str]:
    """What a step covers that was performed; its `format` is that of the performance."""
    op, update_format = step["op"], step.get("format", "v1")
    keys = [f"{op}.{key}" for key in step]
    yield from (cell("key", key, "used") for key in keys)
    yield cell("op", op, "used")
    yield cell("edit", op, "used")
    if op == "convert":
        yield cell("op", op, f"{step['from']}-to-{step['to']}")
    else:
        yield cell("op", op, update_format)
    if "as" in step and ("path" in step or op == "transact"):
        yield cell("edit", op, f"emit.{update_format}")
        yield cell("feature", "emit" if update_format == "v1" else "emit.v2", "used")
    for feature in _features(case, step):
        yield cell("feature", feature, "used")
    for writer, value in _written(step):
        for kind in _tags(value):
            yield cell("value", kind, writer)
            for feature, tags in VALUE_FEATURES.items():
                if kind in tags:
                    yield cell("feature", feature, "used")
    for inner in step.get("steps", ()):
        yield from step_cells(case, inner)


def _features(case: Case, step: Step) -> Iterator[str]:
    op = step["op"]
    yield from (key for key in ("doc", "origin") if key in step)
    yield from (feature for key, feature in KEY_FEATURES.items() if step.get(key))
    if op == "observe" and (len(step["path"]) == 1 or case.roots[step["path"][0]] == "xml"):
        yield f"observe.{case.roots[step['path'][0]]}"
    if "attributes" in step and op == "text.insert":
        yield "text.insert.attributes"
    if "attributes" in step and "path" in step and case.roots[step["path"][0]] == "xml":
        yield "xml.text.attributes"
    if op == "xml.set" and not isinstance(step["value"], str):
        yield "xml.set.any"
    if any(_is_wide(value) for _, value in _written(step)):
        yield "value.bigint.range"


def _is_wide(value: Any) -> bool:
    """Whether a bigint is beyond a double's integers, within the 64 bits of the format."""
    if isinstance(value, dict) and "$bigint" in value:
        number = int(value["$bigint"])
        return abs(number) > 1 << 53 and number in _INT64
    return False


# --- values --------------------------------------------------------------------------------------------------


def _written(step: Step) -> Iterator[tuple[str, Any]]:
    op = step["op"]
    if op == "array.insert":
        yield from (("array.insert", value) for value in step["values"])
    elif op == "xml.insert":
        yield from (("xml.insert", value) for value in step["nodes"])
    elif op in ("map.set", "xml.set", "text.embed"):
        yield op, step["value"]
    chunks: Sequence[Step] = [step] if op.startswith("text.") else []
    for chunk in [*chunks, *step.get("delta", ())]:
        yield from (("text.attribute", value) for value in chunk.get("attributes", {}).values())
        insert = chunk.get("insert")
        if isinstance(insert, dict):
            yield "text.embed", insert["$embed"]


def _tags(value: Any) -> Iterator[str]:
    """What the value is, and what is in it."""
    if value is None:
        yield "null"
    elif isinstance(value, bool):
        yield "boolean"
    elif isinstance(value, int | float):
        yield "number"
    elif isinstance(value, str):
        yield "string"
    elif isinstance(value, list):
        yield "array"
        for member in value:
            yield from _tags(member)
    else:
        yield from _object_tags(value)


def _object_tags(value: Mapping[str, Any]) -> Iterator[str]:
    tag = next((key for key in value if key.startswith("$")), None)
    if tag is None:
        yield "object"
        for member in value.values():
            yield from _tags(member)
        return
    held = value[tag]
    yield held if tag == "$number" else tag
    assert tag in TAGGED or tag == "$number"
    members: list[Any] = list(value.get("children", ()))
    if tag in ("$array", "$fragment"):
        members += held
    elif tag in ("$map", "$object"):
        members += held.values()
    for member in members:
        yield from _tags(member)
