"""Relayed structs: what a peer may leave out of the update that it was given, and what it may not."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest

from conformance.wire.model import (
    ARRAY,
    GC,
    ID,
    ContentAny,
    ContentDeleted,
    ContentFormat,
    ContentString,
    ContentType,
    Item,
    RootName,
    Struct,
    Update,
)
from conformance.wire.relayed import relayed_differences
from conformance.wire.skim import skim
from conformance.wire.update import encode_update
from conformance.wire.whole import is_whole


def text(clock: int, content: str, origin: ID | None = None, right: ID | None = None) -> Item:
    parent = None if origin or right else RootName("t")
    return Item.of(ID(1, clock), ContentString(content), origin=origin, right_origin=right, parent=parent)


def update(*structs: Struct, deleted: tuple[tuple[int, int], ...] = ()) -> bytes:
    return encode_update(Update({1: structs}, {1: deleted} if deleted else {}))


ABC = update(text(0, "abc"))


def test_a_run_may_be_cut_elsewhere() -> None:
    assert relayed_differences(ABC, update(text(0, "a"), text(1, "bc", ID(1, 0)))) == []


def test_the_content_of_what_is_deleted_may_be_gone() -> None:
    kept = update(text(0, "abc"), deleted=((1, 1),))
    gone = Item.of(ID(1, 1), ContentDeleted(1), origin=ID(1, 0))
    assert relayed_differences(kept, update(text(0, "a"), gone, text(2, "c", ID(1, 1)), deleted=((1, 1),))) == []
    collected = update(text(0, "a"), GC(ID(1, 1), 1), text(2, "c", ID(1, 1)), deleted=((1, 1),))
    assert relayed_differences(kept, collected) == []


def test_a_redundant_mark_may_be_deleted_by_one_side() -> None:
    mark = Item.of(ID(1, 3), ContentFormat("b", True), origin=ID(1, 2))
    assert relayed_differences(update(text(0, "abc"), mark), update(text(0, "abc"), mark, deleted=((3, 1),))) == []


def test_a_lost_struct_a_lost_delete_and_a_moved_origin_are_differences() -> None:
    assert relayed_differences(ABC, b"\0\0") == ["client 1, clock 0+3: only in a: String 'abc' in root 't'"]
    assert relayed_differences(update(text(0, "abc"), deleted=((0, 1),)), ABC) != []
    two = update(text(0, "ab"), text(2, "X", ID(1, 0), ID(1, 1)))
    assert relayed_differences(two, update(text(0, "ab"), text(2, "X", ID(1, 1)))) == [
        "client 1, clock 2+1: origin 1:0 in a, 1:1 in b; right origin 1:1 in a, none in b"
    ]


def test_what_waits_is_not_compared() -> None:
    waiting = Update({1: (text(5, "x", ID(1, 4)),)}, {})
    assert not is_whole(waiting)
    assert relayed_differences(encode_update(waiting), b"\0\0") == []


def test_numbers_and_the_order_of_deletes_may_be_written_otherwise() -> None:
    number = Item.of(ID(1, 0), ContentAny((1,)), parent=RootName("l"))
    whole = Update({1: (number,), 2: ()}, {1: ((0, 1),), 2: ((3, 1), (0, 3))})
    other = Update({1: (Item.of(ID(1, 0), ContentAny((1.0,)), parent=RootName("l")),)}, {2: ((0, 4),), 1: ((0, 1),)})
    assert skim(encode_update(replace(whole, structs={1: (number,)}))) == skim(encode_update(other))
    assert relayed_differences(encode_update(whole), encode_update(other)) == []


def one_struct(info: int, *rest: int) -> bytes:
    return bytes((1, 1, 7, 0, info, *rest, 0))


AFTER_9_4 = (9, 4)
DOUBLE = (1, 123)
MINUS_ZERO = (0x80, 0, 0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        pytest.param((0x84, *AFTER_9_4, 1, 97), (0xA4, *AFTER_9_4, 1, 97), True, id="behind an origin, a key or none"),
        pytest.param((0x04, 1, 1, 114, 1, 97), (0x24, 1, 1, 114, 1, 107, 1, 97), False, id="a key of a root"),
        pytest.param((0x88, *AFTER_9_4, 1, 125, 3), (0x88, *AFTER_9_4, *DOUBLE, *struct.pack(">d", 3)), True, id="3"),
        pytest.param((0x88, *AFTER_9_4, 1, 125, 0), (0x88, *AFTER_9_4, *DOUBLE, *MINUS_ZERO), False, id="-0"),
        pytest.param((0x88, *AFTER_9_4, 1, 121), (0x88, *AFTER_9_4, 1, 125, 0), False, id="false and 0"),
        pytest.param((0x84, *AFTER_9_4, 1, 97), (0x44, *AFTER_9_4, 1, 97), False, id="left and right"),
    ],
)
def test_structs_are_alike_that_say_the_same(one: tuple[int, ...], other: tuple[int, ...], alike: bool) -> None:
    assert (skim(one_struct(*one)) == skim(one_struct(*other))) is alike


def test_a_parent_is_no_origin_however_alike_they_look() -> None:
    within, after = (
        Item.of(ID(1, 0), ContentString("x"), parent=ID(2, 0)),
        Item.of(ID(1, 0), ContentString("x"), origin=ID(2, 0)),
    )
    assert skim(update(within)) != skim(update(after))


def test_many_structs_of_another_kind_are_looked_at_once() -> None:
    """A second look at all that follows each of them would take minutes."""
    first = Item.of(ID(1, 0), ContentType(ARRAY), parent=RootName("l"))
    types = [Item.of(ID(1, clock), ContentType(ARRAY), origin=ID(1, clock - 1)) for clock in range(1, 1 << 15)]
    whole = update(first, *types)
    assert len(skim(whole).structs[1][1]) == 1 << 15
    assert relayed_differences(whole, update(first, *types, deleted=((0, 1),))) != []
