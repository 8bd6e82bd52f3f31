"""Updates rewritten by meaning: elements that never were, other clients, other names."""

from __future__ import annotations

from typing import Any, TypeAlias

import pycrdt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.wire.model import ID, ContentDeleted, ContentString, ContentType, Item, RootName, Update
from conformance.wire.order import Order
from conformance.wire.rewrite import less, names_in, of_clients, with_names
from conformance.wire.roots import Places
from conformance.wire.update import decode_update, encode_update
from conformance.wire.whole import is_whole
from conformance.wire.without import without

inserts = st.lists(st.tuples(st.integers(0, 99), st.text("abcdefgh", min_size=1, max_size=4)), min_size=1, max_size=12)


def a_log(edits: list[tuple[int, str]]) -> tuple[list[Update], list[tuple[int, str]]]:
    """The updates of one client that inserted into a text, and what became of it: clock and character, in order."""
    log: list[bytes] = []
    doc: pycrdt.Doc[Any] = pycrdt.Doc(client_id=1)
    doc["t"] = text = pycrdt.Text()
    subscription = doc.observe(lambda event: log.append(event.update))
    shown: list[tuple[int, str]] = []
    for index, inserted in edits:
        start, place = len(shown), index % (len(shown) + 1)
        shown[place:place] = [(start + number, char) for number, char in enumerate(inserted)]
        text.insert(place, inserted)
    doc.unobserve(subscription)
    return [decode_update(update) for update in log], shown


def shown_by_pycrdt(updates: list[Update]) -> str:
    doc: pycrdt.Doc[Any] = pycrdt.Doc(client_id=9)
    doc["t"] = text = pycrdt.Text()
    for update in updates:
        doc.apply_update(encode_update(update))
    return str(text)


@settings(max_examples=50)
@given(inserts, st.sets(st.integers(0, 40)))
def test_what_is_left_is_the_document_without_what_never_was(edits: list[tuple[int, str]], gone: set[int]) -> None:
    updates, shown = a_log(edits)
    rewritten = without(updates, {1: [(clock, clock + 1) for clock in gone]})
    assert shown_by_pycrdt(rewritten) == "".join(char for clock, char in shown if clock not in gone)
    assert is_whole(*rewritten)


Acts: TypeAlias = list[tuple[str, int, int]]
acts = st.lists(st.tuples(st.sampled_from("isi"), st.integers(0, 2), st.integers(0, 99)), min_size=1, max_size=30)


def concurrent(acts: Acts) -> tuple[list[Update], str]:
    """What three clients write, each character once, and hear of each other; and the text in the end."""
    docs: list[pycrdt.Doc[Any]] = [pycrdt.Doc(client_id=number) for number in (5, 3, 9)]
    for doc in docs:
        doc["t"] = pycrdt.Text()
    for place, (act, who, number) in enumerate(acts):
        doc, other = docs[who], docs[number % 3]
        if act == "i":
            doc["t"].insert(number % (len(str(doc["t"])) + 1), chr(0x41 + place))
        elif doc is not other:
            doc.apply_update(other.get_update(doc.get_state()))
    for other in docs[1:]:
        docs[0].apply_update(other.get_update(docs[0].get_state()))
    return [decode_update(docs[0].get_update())], str(docs[0]["t"])


def in_order(updates: list[Update]) -> list[tuple[ID, str]]:
    places = Places(updates)
    chars = {
        ID(item.id.client, item.id.clock + number): char
        for item in places.items()
        if isinstance(item.content, ContentString)
        for number, char in enumerate(item.content.text)
    }
    return [(id, chars[id]) for id in Order(places).listed(RootName("t"))]


@settings(max_examples=200)
@given(acts)
def test_the_order_is_that_of_a_library(acts: Acts) -> None:
    updates, text = concurrent(acts)
    assert "".join(char for _, char in in_order(updates)) == text


@settings(max_examples=200)
@given(acts, st.sets(st.tuples(st.sampled_from((5, 3, 9)), st.integers(0, 12)), max_size=12))
def test_what_is_left_of_concurrent_edits_is_a_document(acts: Acts, gone: set[tuple[int, int]]) -> None:
    updates, _ = concurrent(acts)
    ranges: dict[int, list[tuple[int, int]]] = {}
    for client, clock in gone:
        ranges.setdefault(client, []).append((clock, clock + 1))
    kept = [char for id, char in in_order(updates) if id not in gone]
    left = without(updates, ranges)
    assert sorted(shown_by_pycrdt(left)) == sorted(kept)
    assert "".join(char for _, char in in_order(left)) == shown_by_pycrdt(left)
    assert is_whole(*left)


def test_what_is_in_a_type_goes_with_it() -> None:
    doc: pycrdt.Doc[Any] = pycrdt.Doc(client_id=1)
    doc["m"] = pycrdt.Map({"k": pycrdt.Map({"inner": 1.0}), "l": 2.0})
    (rewritten,) = without([decode_update(doc.get_update())], {1: [(0, 1)]})
    (kept,) = (struct for structs in rewritten.structs.values() for struct in structs)
    assert isinstance(kept, Item) and kept.id == ID(1, 0)
    assert (kept.parent, kept.parent_sub) in ((RootName("m"), "l"), (RootName("m"), "k"))


def test_deletes_of_what_never_was_go_too() -> None:
    update = Update({1: (Item.of(ID(1, 0), ContentString("abcd"), parent=RootName("t")),)}, {1: ((1, 2),)})
    (rewritten,) = without([update], {1: [(0, 2)]})
    assert rewritten.delete_set == {1: ((0, 1),)}
    assert rewritten.structs[1] == (Item.of(ID(1, 0), ContentString("cd"), parent=RootName("t")),)


def test_origins_that_go_round_in_a_ring_are_refused() -> None:
    ring = tuple(Item.of(ID(1, clock), ContentString("a"), origin=ID(1, 1 - clock)) for clock in (0, 1))
    last = Item.of(ID(1, 2), ContentString("b"), origin=ID(1, 1))
    with pytest.raises(ValueError, match="no update says where"):
        without([Update({1: (*ring, last)}, {})], {1: [(0, 2)]})


def test_a_run_that_claims_too_many_elements_is_refused() -> None:
    claimed = Item.of(ID(1, 0), ContentDeleted(2**31), parent=RootName("t"))
    with pytest.raises(ValueError, match="too many to be put in order"):
        without([Update({1: (claimed,)}, {})], {1: [(0, 1)]})


def test_a_struct_that_one_update_lacks_leaves_a_gap() -> None:
    parts = tuple(Item.of(ID(1, clock), ContentString("a"), parent=RootName("t")) for clock in range(3))
    update = Update({1: parts}, {})
    assert [type(struct).__name__ for struct in less(update, 1, 1).structs[1]] == ["Item", "Skip", "Item"]
    assert not is_whole(less(update, 1, 1))
    assert less(update, 1, 0).structs[1] == parts[1:]


def test_clients_are_renamed_wherever_they_stand() -> None:
    item = Item.of(ID(7, 0), ContentString("a"), origin=ID(5, 3), right_origin=ID(7, 1))
    renamed = of_clients(Update({7: (item,)}, {5: ((0, 1),)}), {5: 1, 7: 2})
    assert renamed.structs[2] == (Item.of(ID(2, 0), ContentString("a"), origin=ID(1, 3), right_origin=ID(2, 1)),)
    assert renamed.delete_set == {1: ((0, 1),)}


def test_names_are_those_of_roots_keys_and_nodes() -> None:
    item = Item.of(ID(1, 0), ContentType(3, "paragraph"), parent=RootName("doc"), parent_sub="key")
    assert names_in(Update({1: (item,)}, {})) == ({"doc"}, {"key", "paragraph"})
    renamed = with_names(Update({1: (item,)}, {}), {"doc": "d"}, {"key": "k", "paragraph": "p"})
    assert names_in(renamed) == ({"d"}, {"k", "p"})
