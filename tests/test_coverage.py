"""`vectors coverage`: what updates and steps cover, cells that cannot be covered, and the command."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.coverage.cells import tables
from conformance.coverage.contents import History, kinds, vector_cells, waiting_structs, width
from conformance.coverage.impossible import Impossible, read, reasons, stale
from conformance.coverage.report import all_tables
from conformance.coverage.usage import FEATURES, case_cells, step_cells
from conformance.errors import UsageError
from conformance.model.schema import validator
from conformance.model.vector import Case
from conformance.resources import data_root
from conformance.wire.model import GC, ID, ContentAny, ContentDeleted, ContentString, Item, RootName, Skip, Update
from conformance.wire.update import encode_update
from conformance.wire.values import UNDEFINED, BigInt
from tests.conftest import write_suite

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.wire.model import Struct
    from tests.conftest import Kit

T = RootName("t")
ABC = Item.of(ID(1, 0), ContentString("abc"), parent=T)
D = Item.of(ID(1, 3), ContentString("d"), origin=ID(1, 2))


def update(*structs: Struct, deletes: Mapping[int, tuple[tuple[int, int], ...]] | None = None) -> Update:
    return Update({1: structs} if structs else {}, deletes or {})


def cells(*updates: Update, have: Mapping[int, int] | None = None) -> set[str]:
    """The cells of the last of some updates, which were seen in this order."""
    history = History()
    found: set[str] = set()
    for one in updates:
        found = set(history.cells(one, "v1", have))
    return found


def situations(*updates: Update, have: Mapping[int, int] | None = None) -> set[str]:
    return {name.removeprefix("content/") for name in cells(*updates, have=have) if name.startswith("content/")}


# --- one update ----------------------------------------------------------------------------------------------


def test_a_struct_by_itself_is_plain() -> None:
    assert situations(update(ABC)) == {"String.v1/plain"}


def test_a_struct_that_begins_inside_an_earlier_one_is_split() -> None:
    rest = Item.of(ID(1, 1), ContentString("bc"), origin=ID(1, 0))
    assert situations(update(ABC), update(rest)) == {"String.v1/split"}


def test_one_that_goes_on_where_another_ended_is_not() -> None:
    assert situations(update(ABC), update(D)) == {"String.v1/plain"}


def test_content_that_the_delete_set_names() -> None:
    assert situations(update(ABC, deletes={1: ((1, 1),)})) == {"String.v1/deleted"}
    assert situations(update(ABC, deletes={1: ((3, 1),)})) == {"String.v1/plain"}


@pytest.mark.parametrize("left", [GC(ID(1, 0), 3), Item.of(ID(1, 0), ContentDeleted(3), parent=T)])
def test_content_that_is_collected_later(left: Struct) -> None:
    assert "String.v1/gc" in situations(update(ABC), update(left))
    assert "String.v1/gc" not in situations(update(left))


def test_what_stands_behind_a_skip() -> None:
    skipped = update(Skip(ID(1, 0), 3), D)
    assert situations(skipped) == {"Skip.v1/plain", "String.v1/after-skip"}
    assert situations(skipped, have={}) == {"Skip.v1/plain", "String.v1/after-skip", "String.v1/pending"}
    assert situations(skipped, have={1: 3}) == {"Skip.v1/plain", "String.v1/after-skip"}


def test_a_struct_waits_for_what_is_before_it_its_origins_and_its_parent() -> None:
    assert waiting_structs(update(D), {}) == {D.id}
    assert waiting_structs(update(D), {1: 3}) == frozenset()
    child = Item.of(ID(1, 0), ContentString("x"), parent=ID(2, 0))
    right = Item.of(ID(1, 0), ContentString("x"), right_origin=ID(2, 4))
    assert waiting_structs(update(child), {}) == {child.id}
    assert waiting_structs(update(right), {2: 4}) == {right.id}
    assert waiting_structs(update(right), {2: 5}) == frozenset()


def test_two_clients_of_one_update_may_need_each_other() -> None:
    one = Item.of(ID(1, 0), ContentString("x"), origin=ID(2, 0))
    first, second = (
        Item.of(ID(2, 0), ContentString("y"), parent=T),
        Item.of(ID(2, 1), ContentString("z"), origin=ID(1, 0)),
    )
    assert waiting_structs(Update({1: (one,), 2: (first, second)}, {}), {}) == frozenset()


def test_info_bits_and_parents() -> None:
    assert {"info/none/root-name.v1", "parent/root-name/v1"} <= cells(update(ABC))
    assert {"info/origin/inferred.v1", "parent/of-origin/v1"} <= cells(update(D))
    child = Item.of(ID(1, 0), ContentAny((1,)), parent=ID(2, 0), parent_sub="k")
    assert {"info/key/id.v1", "parent/id/v1"} <= cells(update(child))
    right = Item.of(ID(1, 0), ContentAny((1,)), right_origin=ID(2, 0))
    assert {"info/right/inferred.v1", "parent/of-right/v1"} <= cells(update(right))


@pytest.mark.parametrize(
    ("ranges", "rows"),
    [
        ({}, {"empty"}),
        ({1: ((0, 1),)}, {"one-range"}),
        ({1: ((0, 1), (1, 1))}, {"several-ranges", "adjacent"}),
        ({1: ((0, 2), (1, 1))}, {"several-ranges", "overlapping"}),
        ({1: ((2, 1), (0, 1))}, {"several-ranges", "unsorted"}),
        ({1: ((0, 0),), 2: ((0, 1),)}, {"one-range", "no-length", "several-clients"}),
        ({1: ((2, 5),)}, {"one-range", "unknown-elements"}),
    ],
)
def test_delete_sets(ranges: dict[int, tuple[tuple[int, int], ...]], rows: set[str]) -> None:
    found = cells(update(ABC, deletes=ranges))
    assert {name.split("/")[1] for name in found if name.startswith("deletes/")} == rows


def test_kinds_of_values() -> None:
    value: Any = {"a": [1, 0.5, 0.1, BigInt(1), None, True, False, "x", b"x", UNDEFINED]}
    assert list(kinds(value)) == [
        "object", "array", "integer", "float32", "float64", "bigint", "null", "true", "false", "string", "bytes",
        "undefined",
    ]  # fmt: skip


def test_state_vectors_and_sizes_of_numbers() -> None:
    assert set(vector_cells({}, "given")) == {"vector/empty/given"}
    assert "vector/client-53-bits/given" in set(vector_cells({2**53 - 1: 1, 1: 0}, "given"))
    assert [width(n) for n in (127, 128, 2**31 - 1, 2**31, 2**32)] == [
        "7-bits", "14-bits", "31-bits", "32-bits", "53-bits",
    ]  # fmt: skip


# --- steps ---------------------------------------------------------------------------------------------------


def case(**others: Any) -> Case:
    fields: dict[str, Any] = {
        "id": "x/y", "title": "", "reason": "", "level": "required", "verdict": "valid", "flags": (), "links": (),
        "roots": {"t": "text"}, "peers": {"a": {"client": 1}}, "steps": (), "expect": {}, "file": Path(),
    }  # fmt: skip
    return Case(**{**fields, **others})


def test_a_step_covers_its_op_its_keys_and_its_values() -> None:
    step = {"op": "text.insert", "peer": "a", "path": ["t"], "index": 0, "text": "x", "attributes": {"b": True}}
    found = set(step_cells(case(), {**step, "as": "u", "format": "v2"}))
    assert {
        "edit/text.insert/used", "edit/text.insert/emit.v2", "key/text.insert.attributes/used",
        "value/boolean/text.attribute", "feature/emit.v2/used", "feature/text.insert.attributes/used",
    } <= found  # fmt: skip


def test_a_value_covers_what_is_in_it() -> None:
    step = {"op": "map.set", "peer": "a", "path": ["m"], "key": "k", "value": {"$array": [{"$number": "-0"}]}}
    found = set(step_cells(case(roots={"m": "map"}), step))
    assert {"value/$array/map.set", "value/-0/map.set", "feature/value.array/used"} <= found


def test_ops_within_a_transaction_count() -> None:
    inner = {"op": "map.clear", "peer": "a", "path": ["m"]}
    found = set(step_cells(case(roots={"m": "map"}), {"op": "transact", "peer": "a", "steps": [inner]}))
    assert {"edit/transact/used", "edit/map.clear/used"} <= found


def test_a_case_covers_its_castings() -> None:
    assert {"casting/solo/1", "casting/cross/1"} <= set(case_cells(case()))
    assert "casting/cross/1" not in set(case_cells(case(verdict="invalid")))


# --- the tables ----------------------------------------------------------------------------------------------


def test_every_op_of_the_schema_has_cells() -> None:
    schema = validator("suite").schema
    assert isinstance(schema, dict)
    rows = {row for table in tables(schema, ()) if table.name in ("edit", "op") for row in table.rows}
    assert rows == set(schema["$defs"]["step"]["properties"]["op"]["enum"])


def test_every_feature_of_the_protocol_has_a_cell() -> None:
    text = (data_root() / "runners" / "PROTOCOL.md").read_text()
    section = text.partition("## Features")[2].partition("A runner may answer")[0]
    named = {name for name in re.findall(r"`([a-z0-9.-]+)`", section) if "." in name or name in FEATURES}
    with_v2 = {name for name in named if name.endswith(".v2") and name not in FEATURES}
    assert named - with_v2 == set(FEATURES)


def test_the_shipped_list_fits_the_cells() -> None:
    known = [name for table in all_tables() for name in table.cells()]
    entries = read(data_root() / "vectors" / "coverage.toml")
    assert list(stale(entries, known, ())) == []
    assert set(reasons(entries, known)) < set(known)


# --- what is impossible --------------------------------------------------------------------------------------


def test_a_list_goes_stale_both_ways() -> None:
    entries = (Impossible(("a/b/*", "a/x/*"), "Since."),)
    assert reasons(entries, ("a/b/c", "a/c/c")) == {"a/b/c": "Since."}
    assert list(stale(entries, ("a/b/c", "a/c/c"), {"a/b/c"})) == [
        "a/x/* is listed as impossible, but there is no such cell",
        "a/b/c is listed as impossible, but it is covered",
    ]


@pytest.mark.parametrize("text", ["[[impossible]]\ncells = []\nreason = 'x'", "[[impossible]]\ncells = ['x']", "x"])
def test_a_bad_list_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "coverage.toml"
    file.write_text(text)
    with pytest.raises(UsageError):
        read(file)


# --- the command ---------------------------------------------------------------------------------------------


def _suite() -> dict[str, Any]:
    def apply(structs: tuple[Struct, ...]) -> dict[str, Any]:
        data = base64.b64encode(encode_update(Update({1: structs}, {}))).decode()
        return {"op": "apply", "peer": "a", "update": {"base64": data}}

    return {
        "suite": "demo",
        "title": "One that waits",
        "cases": [
            {
                "id": "demo/waits",
                "title": "The second comes first",
                "reason": "What is missing comes with the second update.",
                "level": "required",
                "roots": {"t": "text"},
                "peers": {"a": {"client": 9}},
                "steps": [apply((D,)), apply((ABC, D))],
                "expect": {"converged": {"state": {"t": {"$text": "abcd"}}}},
            }
        ],
    }


def test_the_command_measures_what_a_peer_waited_for(kit: Kit, tmp_path: Path) -> None:
    vectors = write_suite(tmp_path / "own", _suite())
    said = kit("vectors", "coverage", "--vectors", vectors, "--json")
    assert said.code == 1
    found = said.json["cells"]
    assert found["content/String.v1/pending"]["cases"] == ["demo/waits"]
    assert found["content/String.v2/pending"]["cases"] == []
    assert found["op/encode/v2"]["cases"] == []
    assert "content/String.v2/pending" in said.json["empty"]
    assert found["content/Skip.v1/gc"]["impossible"]
    assert said.json["performed"] == 2


def test_the_command_names_the_first_case_of_a_cell(kit: Kit, tmp_path: Path) -> None:
    vectors = write_suite(tmp_path / "own", _suite())
    said = kit("vectors", "coverage", "--vectors", vectors, "--cells", "content/String.v1/*")
    assert re.search(r"^content/String\.v1/pending +1 +demo/waits$", said.out, re.MULTILINE)
    assert re.search(r"^content/String\.v1/split +! +no case$", said.out, re.MULTILINE)


def test_tables_are_plain_where_there_is_no_terminal(kit: Kit, tmp_path: Path) -> None:
    vectors = write_suite(tmp_path / "own", _suite())
    said = kit("vectors", "coverage", "--vectors", vectors)
    assert "\x1b" not in said.out
    assert re.search(r"^Skip\.v1 +! +! +! +- +- +!$", said.out, re.MULTILINE)
