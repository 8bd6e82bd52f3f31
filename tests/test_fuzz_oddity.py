"""What is odd about hostile bytes, in the words of the format."""

from __future__ import annotations

import pytest

from conformance.fuzz.chance import Chance
from conformance.fuzz.demands import demands
from conformance.fuzz.drafting import draft
from conformance.fuzz.oddity import oddities
from conformance.fuzz.telling import telling
from conformance.wire.model import (
    GC,
    ID,
    TEXT,
    XML_ELEMENT,
    XML_FRAGMENT,
    XML_TEXT,
    ContentAny,
    ContentBinary,
    ContentDeleted,
    ContentDoc,
    ContentEmbed,
    ContentFormat,
    ContentJSON,
    ContentMove,
    ContentString,
    ContentType,
    Item,
    RootName,
    Skip,
    Struct,
    Update,
)
from conformance.wire.update import encode_update

T, L, M, X = map(RootName, "tlmx")
A = Item.of(ID(1, 0), ContentString("a"), parent=T)
B = Item.of(ID(1, 1), ContentString("b"), origin=ID(1, 0))
NESTED = Item.of(ID(1, 0), ContentType(TEXT), parent=L)


def odd(*structs: Struct, deletes: tuple[tuple[int, int], ...] = ()) -> tuple[str, ...]:
    """The oddities of an update of client 1."""
    return oddities(encode_update(Update({1: structs}, {1: deletes} if deletes else {})), "v1")


def of(
    content: ContentString | ContentAny | ContentFormat | ContentType | ContentMove, clock: int = 1, **place: object
) -> Item:
    return Item.of(ID(1, clock), content, **place)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("structs", "expected"),
    [
        ((A, B), "sound"),
        ((A, of(ContentString("b"), origin=ID(1, 1))), "origin-to-come"),
        ((A, of(ContentString("b"), right_origin=ID(1, 7))), "right-origin-to-come"),
        ((A, of(ContentString("b"), parent=ID(1, 3))), "parent-to-come"),
        ((A, of(ContentString("b"), origin=ID(2, 0))), "origin-missing"),
        ((A, of(ContentString("b"), parent=ID(1, 0))), "parent-no-type"),
        ((NESTED, of(ContentString("b"), parent=ID(1, 0))), "sound"),
        ((GC(ID(1, 0), 1), B), "origin-collected"),
        ((A, of(ContentAny((1,)), parent=L), of(ContentString("c"), 2, origin=ID(1, 0), right_origin=ID(1, 1))),
         "neighbours-in-two-places"),
        ((of(ContentString("ab"), 0, parent=T), of(ContentString("c"), 2, origin=ID(1, 1), right_origin=ID(1, 1))),
         "neighbours-swapped"),
        ((of(ContentString("ab"), 0, parent=T), of(ContentString("c"), 2, origin=ID(1, 0), right_origin=ID(1, 1))),
         "sound"),
        ((of(ContentString("a"), 0, parent=M, parent_sub="k"), of(ContentFormat("b", 1), origin=ID(1, 0))),
         "format-under-a-key"),
        ((of(ContentAny((1,)), 0, parent=T, parent_sub="k"),), "key-in-text"),
        ((of(ContentAny((1,)), 0, parent=T),), "value-in-text"),
        ((of(ContentType(TEXT), 0, parent=X),), "type-in-xml"),
        ((of(ContentType(XML_ELEMENT, "p"), 0, parent=X),), "sound"),
        ((of(ContentType(XML_ELEMENT, "p"), 0, parent=X), of(ContentType(TEXT), parent=ID(1, 0), parent_sub="k")),
         "type-as-attribute"),
        ((of(ContentType(XML_ELEMENT, "p"), 0, parent=X), of(ContentAny((1,)), parent=ID(1, 0), parent_sub="k")),
         "sound"),
        ((of(ContentAny((1,)), 0, parent=M),), "value-without-key"),
        ((of(ContentType(9), 0, parent=L),), "type-9"),
        ((of(ContentString("a\0"), 0, parent=T),), "nul"),
        ((of(ContentAny(({"k": ["a\0"]},)), 0, parent=L),), "nul"),
        ((of(ContentAny((1,)), 0, parent=M, parent_sub="a\0"),), "nul"),
        ((of(ContentAny((1,)), 0, parent=RootName("\0")),), "nul"),
        ((of(ContentAny((1,)), 0, parent=M, parent_sub="k"), of(ContentAny((2,)), parent=M, parent_sub="k")),
         "set-at-once"),
        ((of(ContentAny((1,)), 0, parent=M, parent_sub="k"), of(ContentAny((2,)), right_origin=ID(1, 0))),
         "set-at-once"),
        ((of(ContentAny((1,)), 0, parent=M, parent_sub="k"), of(ContentAny((2,)), origin=ID(1, 0))), "sound"),
        ((A, of(ContentString("b"), parent=T)), "inserted-at-once"),
        ((of(ContentString("ab"), 0, parent=T), of(ContentString("c"), 2, origin=ID(1, 0))), "inserted-at-once"),
        ((of(ContentString("ab"), 0, parent=T), of(ContentString("c"), 2, right_origin=ID(1, 1))), "inserted-at-once"),
        ((A, of(ContentString("b"), right_origin=ID(1, 0)), of(ContentString("c"), 2, right_origin=ID(1, 1))), "sound"),
        ((A, B, of(ContentString("c"), 2, origin=ID(1, 0), right_origin=ID(1, 1)),
          of(ContentString("d"), 3, origin=ID(1, 0), right_origin=ID(1, 2))), "sound"),
        ((of(ContentType(XML_TEXT), 0, parent=X), of(ContentFormat("b", 1), parent=ID(1, 0))), "format-in-xml-text"),
        ((NESTED, of(ContentFormat("b", 1), parent=ID(1, 0))), "sound"),
        ((of(ContentType(XML_FRAGMENT), 0, parent=M, parent_sub="k"),), "nested-fragment"),
        ((A, Item.of(ID(1, 1), ContentDeleted(2**32 - 1), origin=ID(1, 0))), "beyond-32-bits"),
        ((Skip(ID(1, 0), 1), B), "gap"),
        ((of(ContentType(TEXT), 0, parent=L), of(ContentString("b"), parent=L),
          of(ContentFormat("b", 1), 2, origin=ID(1, 1))), "string-in-array"),
        ((of(ContentMove(ID(1, 0), ID(1, 0), 1), 0, parent=L),), "move"),
    ],
)  # fmt: skip
def test_the_most_telling_oddity_comes_first(structs: tuple[Struct, ...], expected: str) -> None:
    assert odd(*structs)[0] == expected


def test_what_has_lost_its_place_is_collected_and_so_is_what_stands_beside_it() -> None:
    lost = of(ContentString("b"), parent=ID(1, 0))
    assert odd(A, lost) == ("parent-no-type",)
    assert "origin-collected" in odd(A, lost, of(ContentString("c"), 2, origin=ID(1, 1)))
    assert "right-origin-collected" in odd(A, lost, of(ContentString("c"), 2, right_origin=ID(1, 1)))
    nested = of(ContentType(TEXT), parent=ID(1, 0))
    assert "parent-collected" in odd(A, nested, of(ContentString("c"), 2, parent=ID(1, 1)))
    assert not any(
        flag.endswith("-collected") for flag in odd(NESTED, lost, of(ContentString("c"), 2, origin=ID(1, 1)))
    )


def test_a_drafted_document_is_as_one_peer_after_the_other_would_write_it() -> None:
    for seed in range(200):
        chance = Chance(f"draft {seed}")
        flags = oddities(encode_update(draft(chance, 4 + chance.below(12))), "v1")
        assert flags in (("sound",), ("format-in-xml-text",))


def test_delete_ranges_are_looked_at_too() -> None:
    assert odd(A, B, deletes=((0, 2**32),)) == ("delete-beyond-32-bits",)
    assert odd(GC(ID(1, 0), 1), of(ContentString("b"), parent=T), deletes=((0, 2),)) == ("delete-from-a-gc",)
    assert odd(GC(ID(1, 0), 1), of(ContentString("b"), parent=T), deletes=((1, 1),)) == ("sound",)
    assert odd(A, B, deletes=((1, 1), (0, 1), (1, 7))) == ("deletes-ahead", "deletes-overlap")


def test_what_cannot_be_read_is_named_by_the_reason_without_its_numbers() -> None:
    assert oddities(bytes.fromhex("010101000d"), "v1") == ("unreadable-unknown-content-ref",)
    cut = bytes.fromhex("01010100040101")
    assert oddities(cut, "v1") == ("unreadable-unexpected-end-wanted-a-string-of-bytes-from-byte",)


def test_where_a_type_is_unknown_what_follows_it_says_nothing() -> None:
    link = bytes.fromhex("010201000701016c07000100ff")
    assert oddities(link, "v1")[0] == "type-7"


def test_a_type_whose_own_fields_cannot_be_read_is_odd_too() -> None:
    unreadable = "unreadable-unexpected-end-wanted-a-string-of-bytes-from-byte"
    assert oddities(bytes.fromhex("01010100070101780505"), "v1") == ("xml-hook", unreadable)
    assert oddities(bytes.fromhex("01010100070101780705"), "v1")[0] == "type-7"
    assert oddities(bytes.fromhex("01010100070101780305"), "v1") == (unreadable,)


def test_what_stands_behind_a_gc_of_length_0_is_looked_at() -> None:
    assert odd(GC(ID(1, 0), 0), of(ContentString("a"), 0, parent=T)) == ("empty-gc-or-skip",)
    assert odd(GC(ID(1, 0), 0), of(ContentType(9), 0, parent=L)) == ("type-9", "empty-gc-or-skip")


def test_bytes_behind_an_update_are_odd() -> None:
    assert oddities(encode_update(Update({1: (A,)}, {})) + b"\0", "v1") == ("bytes-behind",)


def test_structs_before_what_cannot_be_read_are_looked_at_too() -> None:
    whole = encode_update(Update({1: (A, of(ContentString("b"), parent=M), of(ContentString("c"), 2, parent=T))}, {}))
    assert oddities(whole[:-3], "v1")[0].startswith("unreadable-")
    assert "string-without-key" in oddities(whole[:-3], "v1")


def test_who_passes_over_a_byte_of_the_feature_flag_reads_another_update() -> None:
    sound = encode_update(Update({1: (A,)}, {}), "v2")
    for rest in (sound[1:], sound[1:-4]):
        assert oddities(b"\x80\x00" + rest, "v2")[0] == "feature-flag-overlong"


def test_all_but_one_is_an_id_to_readers_of_a_parent() -> None:
    assert oddities(bytes.fromhex("010101000405010001610000"), "v1")[0] == "parent-to-come"
    v2 = encode_update(Update({1: (NESTED, of(ContentString("b"), parent=ID(1, 0)))}, {}), "v2")
    infos = bytes.fromhex("03010000")  # of the two parents, one behind the other: a root, and an id
    assert v2.count(infos) == 1
    assert oddities(v2.replace(infos, bytes.fromhex("03010005")), "v2") == oddities(v2, "v2")


def test_a_number_in_more_bytes_than_it_needs_is_odd() -> None:
    whole = encode_update(Update({1: (NESTED,)}, {}), "v1")
    assert oddities(whole, "v1") == ("sound",)
    type_ref = len(whole) - 2  # before the count of the delete set
    longer = whole[:type_ref] + bytes([whole[type_ref] | 0x80, 0]) + whole[type_ref + 1 :]
    assert oddities(longer, "v1") == ("not-shortest",)


def test_a_section_of_no_structs_is_odd() -> None:
    assert oddities(encode_update(Update({2: (), 1: (A,)}, {})), "v1") == ("empty-section",)


AB = Item.of(ID(1, 0), ContentString("ab"), parent=T)
V = Item.of(ID(1, 0), ContentAny(("v",)), parent=M, parent_sub="k")


@pytest.mark.parametrize(
    ("update", "expected"),
    [
        (Update({1: (A, B)}, {1: ((0, 1),)}), set()),
        (Update({1: (AB,)}, {1: ((0, 1),)}), {"cut-by-a-delete"}),
        (Update({1: (AB,)}, {1: ((1, 1),)}), {"cut-by-a-delete"}),
        (Update({1: (AB,)}, {1: ((0, 2),)}), set()),
        (Update({2: (Item.of(ID(2, 0), ContentString("b"), origin=ID(1, 0)),), 1: (A,)}, {}), {"later-struct"}),
        (Update({1: (A,), 2: (Item.of(ID(2, 0), ContentString("b"), origin=ID(1, 0)),)}, {}), set()),
        (Update({1: (GC(ID(1, 0), 1),)}, {}), {"gc"}),
        (Update({1: (A, Skip(ID(1, 1), 1))}, {}), {"skip"}),
        (Update({1: (A, Item.of(ID(1, 1), ContentString("b"), right_origin=ID(1, 0)))}, {}), {"insert-before"}),
        (Update({1: (V, Item.of(ID(1, 1), ContentAny(("w",)), origin=ID(1, 0)))}, {}), {"key-of-a-neighbour"}),
        (Update({1: (Item.of(ID(1, 0), ContentAny(("v",)), parent=M, parent_sub=""),)}, {}), {"empty-key"}),
        (Update({1: (Item.of(ID(1, 0), ContentEmbed({}), parent=T),)}, {}), {"embed"}),
        (Update({1: (Item.of(ID(1, 0), ContentBinary(b""), parent=L),)}, {}), {"bytes"}),
        (Update({1: (Item.of(ID(1, 0), ContentJSON((1,)), parent=L),)}, {}), {"json"}),
        (Update({1: (Item.of(ID(1, 0), ContentDoc("guid", {}), parent=L),)}, {}), {"doc"}),
    ],
)
def test_what_an_update_demands_of_its_reader(update: Update, expected: set[str]) -> None:
    for format in ("v1", "v2"):
        assert demands(encode_update(update, format), format) == tuple(sorted(f"with-{each}" for each in expected))


def test_content_that_cannot_be_read_is_demanded_too() -> None:
    embed = encode_update(Update({1: (Item.of(ID(1, 0), ContentEmbed({"k": 1}), parent=T),)}, {}))
    assert demands(embed[:-3], "v1") == ("with-embed",)
    assert demands(embed[:5], "v1") == ()


def test_what_is_demanded_names_no_finding() -> None:
    for symptom in ("agree:same-state", "agree:same-apply", "panic:apply"):
        assert telling(symptom, ("sound", "with-embed")) == "sound"
        assert telling(symptom, ("bytes-behind", "with-embed")) == "bytes-behind"
