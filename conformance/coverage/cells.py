"""The cells that vectors can cover: tables of rows and columns.

A cell is named `<table>/<row>/<column>`, for example `content/String.v1/split`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.wire.model import TYPE_NAMES, UNDEFINED_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

FORMATS = ("v1", "v2")
_PARENTS = ("root-name", "id")
"""What an item may say of its parent; else it has that of a neighbour."""

SITUATIONS = ("plain", "split", "deleted", "gc", "pending", "after-skip")
CONTENTS = ("GC", "Deleted", "JSON", "Binary", "String", "Embed", "Format", "Type", "Any", "Doc", "Skip", "Move")
TYPES = tuple(name for ref, name in TYPE_NAMES.items() if ref < UNDEFINED_TYPE and name != "SubDoc")
KINDS = (
    "undefined", "null", "integer", "float32", "float64", "bigint", "false", "true", "string", "object", "array",
    "bytes",
)  # fmt: skip
HOLDERS = ("any", "embed", "format")
INFOS = (
    "none", "key", "right", "right+key", "origin", "origin+key", "origin+right", "origin+right+key",
)  # fmt: skip
DELETES = (
    "empty", "one-range", "several-ranges", "several-clients", "adjacent", "overlapping", "unsorted", "no-length",
    "without-structs", "unknown-elements",
)  # fmt: skip
VECTORS = ("empty", "one-client", "several-clients", "client-53-bits", "clock-0")
WIDTHS = ("7-bits", "14-bits", "21-bits", "28-bits", "31-bits", "32-bits", "53-bits")
"""How large a number is: those of one row take as many bytes as a varuint, but that 2^31 and 2^32 are limits too."""
TAGGED = (
    "null", "boolean", "number", "string", "array", "object", "$undefined", "$bigint", "NaN", "Infinity", "-Infinity",
    "-0", "$bytes", "$object", "$text", "$array", "$map", "$fragment", "$element", "$xmltext", "$doc",
)  # fmt: skip
WRITERS = ("array.insert", "map.set", "text.embed", "text.attribute", "xml.set", "xml.insert")
"""Where a step can write a value."""
PEERS = ("1", "2", "3+")

_COMMON = frozenset(("op", "peer", "note", "as", "times", "format", "doc", "origin"))


@dataclass(frozen=True, slots=True)
class Table:
    """`rows` maps a row to the columns that it has."""

    name: str
    title: str
    rows: Mapping[str, tuple[str, ...]]

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(column for columns in self.rows.values() for column in columns))

    def cells(self) -> Iterator[str]:
        for row, columns in self.rows.items():
            for column in columns:
                yield cell(self.name, row, column)


def cell(table: str, row: str, column: str) -> str:
    return f"{table}/{row}/{column}"


def tables(schema: Mapping[str, Any], features: Sequence[str]) -> tuple[Table, ...]:
    """All tables.

    Args:
        schema: of a suite; ops, their keys and the kinds of observations are read from it.
        features: those of the protocol that are not an op.
    """
    used = ("used",)
    contents = {f"{content}.{update_format}": SITUATIONS for content in CONTENTS for update_format in FORMATS}
    held = tuple(f"{holder}.{update_format}" for holder in HOLDERS for update_format in FORMATS)
    infos = {info: tuple(f"{p}.{f}" for p in (*_PARENTS, "inferred") for f in FORMATS) for info in INFOS}
    widths = ("struct.v1", "struct.v2", "delete.v1", "delete.v2", "state-vector")
    return (
        Table("content", "Content refs, by format and situation", contents),
        Table("type", "Type refs", dict.fromkeys(TYPES, FORMATS)),
        Table("any", "Kinds of values: as content, as embed, as value of a format", dict.fromkeys(KINDS, held)),
        Table("info", "Info bits, by encoding of the parent", infos),
        Table("parent", "Encodings of the parent", dict.fromkeys((*_PARENTS, "of-origin", "of-right"), FORMATS)),
        Table("deletes", "Delete sets", dict.fromkeys(DELETES, FORMATS)),
        Table("vector", "State vectors: given, of documents, of updates",
              dict.fromkeys(VECTORS, ("given", "document", "update"))),
        Table("client", "Client ids", dict.fromkeys(WIDTHS, widths)),
        Table("clock", "Clocks", dict.fromkeys(WIDTHS, widths)),
        Table("edit", "Edits, and the updates that they emit",
              dict.fromkeys(_edits(schema), ("used", "emit.v1", "emit.v2"))),
        Table("op", "All other ops, by format", dict(_ops(schema))),
        Table("key", "Optional keys of ops", dict.fromkeys(_keys(schema), used)),
        Table("value", "Values that a step writes", dict.fromkeys(TAGGED, WRITERS)),
        Table("feature", "Features", dict.fromkeys(features, used)),
        Table("root", "Kinds of roots", dict.fromkeys(schema["$defs"]["roots"]["additionalProperties"]["enum"], used)),
        Table("peer", "Options of peers", dict.fromkeys(("gc", "no-gc", "declared", "undeclared"), used)),
        Table("expect", "Verdicts, levels and kinds of observations", dict.fromkeys(_expectations(schema), used)),
        Table("casting", "Castings, by number of peers", {"solo": PEERS, "cross": PEERS}),
    )  # fmt: skip


def definitions(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every op, with the schema of its steps."""
    for kind in ("localOp", "step"):
        for rule in schema["$defs"][kind]["allOf"]:
            then = rule["then"]
            if "properties" in then:
                names = then["properties"]["op"]
                for name in names.get("enum") or (names["const"],):
                    yield name, then


def _edits(schema: Mapping[str, Any]) -> tuple[str, ...]:
    return (*schema["$defs"]["localOp"]["properties"]["op"]["enum"], "transact")


def _ops(schema: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    edits = _edits(schema)
    for name, definition in definitions(schema):
        if name == "convert":
            yield name, ("v1-to-v2", "v2-to-v1")
        elif name not in edits:
            yield name, FORMATS if "format" in definition["properties"] else ("used",)


def _keys(schema: Mapping[str, Any]) -> Iterator[str]:
    for name, definition in definitions(schema):
        for key in definition["properties"]:
            if key not in _COMMON and key not in definition["required"]:
                yield f"{name}.{key}"


def _expectations(schema: Mapping[str, Any]) -> Iterator[str]:
    case = schema["$defs"]["case"]["properties"]
    yield from (f"verdict.{verdict}" for verdict in case["verdict"]["enum"])
    yield from (f"level.{level}" for level in case["level"]["enum"])
    yield from (f"expect.{key}" for key in schema["$defs"]["expect"]["properties"])
    for shape in schema["$defs"]["observation"]["oneOf"]:
        yield f"observation.{shape['required'][0]}"
