"""Comparing updates by meaning, and telling the kinds of roots."""

from __future__ import annotations

import math

from conformance.wire.diff import diff_updates
from conformance.wire.model import (
    GC,
    ID,
    XML_ELEMENT,
    Content,
    ContentAny,
    ContentBinary,
    ContentDeleted,
    ContentDoc,
    ContentEmbed,
    ContentFormat,
    ContentString,
    ContentType,
    Item,
    RootName,
    Skip,
    Struct,
    Update,
)
from conformance.wire.normalize import canonical, normalize, normalize_deletes
from conformance.wire.roots import root_evidence, root_kinds
from conformance.wire.values import UNDEFINED, BigInt, Value


def update(*structs: Struct, **deletes: tuple[tuple[int, int], ...]) -> Update:
    """`_5=((0, 1),)` deletes clock 0 of client 5."""
    by_client: dict[int, tuple[Struct, ...]] = {}
    for struct in structs:
        by_client[struct.id.client] = (*by_client.get(struct.id.client, ()), struct)
    return Update(by_client, {int(client[1:]): ranges for client, ranges in deletes.items()})


def first(content: Content, root: str = "t", key: str | None = None, client: int = 1) -> Item:
    return Item.of(ID(client, 0), content, parent=RootName(root), parent_sub=key)


def after(clock: int, content: Content, client: int = 1) -> Item:
    return Item.of(ID(client, clock), content, origin=ID(client, clock - 1))


class TestEqual:
    def test_a_run_however_it_is_cut(self) -> None:
        whole = update(first(ContentString("h😀llo")))
        cut = update(first(ContentString("h")), after(1, ContentString("😀l")), after(4, ContentString("lo")))
        assert diff_updates(whole, cut) == []
        assert len(normalize(cut).units[1]) == 1

    def test_a_run_that_one_side_cuts_and_both_continue(self) -> None:
        a = update(first(ContentAny((1, 2))), after(2, ContentString("x")))
        b = update(first(ContentAny((1.0,))), after(1, ContentAny((2,))), after(2, ContentString("x")))
        assert diff_updates(a, b) == []

    def test_deleted_and_collected_runs(self) -> None:
        a = update(GC(ID(1, 0), 3), after(3, ContentDeleted(2)))
        b = update(GC(ID(1, 0), 1), GC(ID(1, 1), 2), after(3, ContentDeleted(1)), after(4, ContentDeleted(1)))
        assert diff_updates(a, b) == []

    def test_skips_say_nothing(self) -> None:
        assert diff_updates(update(Skip(ID(1, 0), 4), GC(ID(1, 4), 1)), update(GC(ID(1, 4), 1))) == []

    def test_the_order_of_deletes(self) -> None:
        assert diff_updates(update(_1=((4, 1), (0, 2), (2, 1))), update(_1=((0, 3), (4, 1)))) == []
        assert normalize_deletes({1: ((0, 0),)}) == {}

    def test_the_bit_beside_an_origin(self) -> None:
        plain = after(1, ContentAny((1,)))
        flagged = Item(plain.id, plain.origin, None, None, None, plain.content, plain.info | 0x20)
        assert plain != flagged
        assert diff_updates(update(plain), update(flagged)) == []

    def test_bytes_and_subdocument_options(self) -> None:
        assert diff_updates(update(first(ContentBinary(b"x"))), update(first(ContentAny((b"x",))))) == []
        full = ContentDoc("g", {"gc": True, "encoding": 0, "autoLoad": False, "shouldLoad": True})
        assert diff_updates(update(first(full)), update(first(ContentDoc("g", {})))) == []


class TestDifferent:
    def test_content_is_shown_where_it_differs(self) -> None:
        assert diff_updates(update(first(ContentString("abc"))), update(first(ContentString("abd")))) == [
            "client 1, clock 0+3: String 'abc' in a, String 'abd' in b"
        ]

    def test_only_the_missing_part_of_a_run_is_named(self) -> None:
        assert diff_updates(update(first(ContentString("abc"))), update(first(ContentString("ab")))) == [
            "client 1, clock 2+1: only in a: String 'c' after 1:1"
        ]

    def test_place(self) -> None:
        a = Item.of(ID(1, 0), ContentString("x"), origin=ID(2, 0), right_origin=ID(2, 1))
        b = Item.of(ID(1, 0), ContentString("x"), origin=ID(2, 1))
        assert diff_updates(update(a), update(b)) == [
            "client 1, clock 0+1: origin 2:0 in a, 2:1 in b; right origin 2:1 in a, none in b"
        ]

    def test_parent_and_key(self) -> None:
        a, b = first(ContentAny((1,)), key="k"), first(ContentAny((1,)), root="u")
        assert diff_updates(update(a), update(b)) == [
            "client 1, clock 0+1: parent root 't' in a, root 'u' in b; key 'k' in a, None in b"
        ]

    def test_deletes(self) -> None:
        assert diff_updates(update(_7=((0, 9),)), update(_7=((2, 3), (8, 4)))) == [
            "client 7: deleted only in a: 0+2, 5+3",
            "client 7: deleted only in b: 9+3",
        ]

    def test_a_client(self) -> None:
        assert diff_updates(update(), update(first(ContentEmbed({"a": [None]})))) == [
            "client 1, clock 0+1: only in b: Embed {'a': [null]} in root 't'"
        ]


def test_values_are_equal_by_value_and_by_nothing_else() -> None:
    assert canonical(1) == canonical(1.0)
    assert canonical({"a": 1, "b": 2}) == canonical({"b": 2.0, "a": 1})
    assert canonical(math.nan) == canonical(float("nan"))
    distinct: list[Value] = [0, -0.0, False, None, UNDEFINED, BigInt(0), "", b"", [], {}, "0", [0], {"0": 0}]
    assert len({canonical(value) for value in distinct}) == len(distinct)


class TestRoots:
    def test_each_kind(self) -> None:
        structs = [
            first(ContentString("x"), "text", client=1),
            first(ContentFormat("b", True), "marked", client=2),
            first(ContentAny((1,)), "map", "key", client=3),
            first(ContentType(XML_ELEMENT, "p"), "xml", client=4),
            first(ContentAny((1,)), "array", client=5),
            first(ContentDeleted(3), "gone", client=6),
            first(ContentDeleted(1), "gone map", "key", client=7),
        ]
        assert root_kinds([update(*structs)]) == {
            "text": "text",
            "marked": "text",
            "map": "map",
            "xml": "xml",
            "array": "array",
            "gone": "text",
            "gone map": "map",
        }

    def test_the_parent_is_that_of_the_origin_even_in_another_update(self) -> None:
        earlier = update(first(ContentDeleted(1), "a"))
        later = update(Item.of(ID(2, 0), ContentAny((1,)), right_origin=ID(1, 0)))
        assert root_kinds([later, earlier]) == {"a": "array"}
        assert root_kinds([later]) == {}

    def test_a_long_chain_of_origins(self) -> None:
        chain = [first(ContentAny((0,)), "a"), *[after(clock, ContentAny((0,))) for clock in range(1, 20_000)]]
        assert (
            str(root_evidence([Update({1: tuple(reversed(chain))}, {})])["a"])
            == "array: 20000 for array (first Any 1:0)"
        )

    def test_origins_in_a_circle_end(self) -> None:
        a = Item.of(ID(1, 0), ContentString("a"), origin=ID(2, 0))
        b = Item.of(ID(2, 0), ContentString("b"), origin=ID(1, 0))
        assert root_kinds([update(a, b)]) == {}

    def test_what_is_in_a_nested_type_says_nothing_about_a_root(self) -> None:
        nested = Item.of(ID(1, 1), ContentString("x"), parent=ID(1, 0))
        assert root_kinds([update(first(ContentType(2), "a"), nested)]) == {"a": "array"}

    def test_ambiguous(self) -> None:
        evidence = root_evidence(
            [update(first(ContentString("x")), first(ContentAny((1,)), key="attribute", client=2))]
        )
        assert evidence["t"].ambiguous
        assert (
            str(evidence["t"]) == "text: 1 for text (first String 1:0), 1 for map (first Any 2:0 under key 'attribute')"
        )

    def test_an_item_that_a_later_update_deleted_still_tells(self) -> None:
        gone = update(first(ContentDeleted(2), "a"))
        assert root_kinds([gone, update(first(ContentAny((1, 2)), "a"))]) == {"a": "array"}
