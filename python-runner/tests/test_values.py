"""Values and their comparison, without a library."""

from __future__ import annotations

from typing import Any

import pytest

from runner.compare import project, read_awareness, read_state_vector, same
from runner.errors import StepError, Unsupported
from runner.values import Reader, Writer, text_chunks, utf16_length

NOTHING: frozenset[str] = frozenset()


def test_chunks_with_equal_attributes_are_joined() -> None:
    bold = {"b": True}
    assert text_chunks([("a", {}), ("b", {})]) == "ab"
    assert text_chunks([]) == ""
    assert text_chunks([("a", bold), ("b", bold), ("c", {})]) == [
        {"insert": "ab", "attributes": bold},
        {"insert": "c"},
    ]
    assert text_chunks([({"$embed": 1}, {})]) == [{"insert": {"$embed": 1}}]


def test_numbers_compare_by_value_and_are_no_booleans() -> None:
    assert same(1, 1.0)
    assert not same(1, True)
    assert not same({"$number": "-0"}, 0)
    assert same({"a": [1, {"b": None}]}, {"a": [1.0, {"b": None}]})
    assert not same(["1"], [1])


@pytest.mark.parametrize(
    ("lossy", "expected", "projected"),
    [
        ("undefined", [{"$undefined": True}], [None]),
        ("bigint", {"k": {"$bigint": "7"}}, {"k": 7}),
        ("map.undefined", {"$map": {"k": {"$undefined": True}, "l": 1}}, {"$map": {"l": 1}}),
        ("text.attributes", {"$text": [{"insert": "a", "attributes": {"b": 1}}, {"insert": "b"}]}, {"$text": "ab"}),
        ("text.embeds", {"$text": [{"insert": "a"}, {"insert": {"$embed": 1}}]}, {"$text": "a"}),
        (
            "xml.attributes.any",
            {"$element": "p", "attributes": {"n": 5, "t": True}},
            {"$element": "p", "attributes": {"n": "5", "t": "true"}},
        ),
    ],
)
def test_a_loss_is_projected(lossy: str, expected: Any, projected: Any) -> None:
    assert project(expected, frozenset([lossy])) == projected
    assert project(expected, NOTHING) == expected


def test_an_int_that_is_a_bigint_is_tagged() -> None:
    assert Reader(int_is_bigint=True).plain([1.0, 1]) == [1, {"$bigint": "1"}]
    assert Reader(int_is_bigint=False).plain([1.0, 1]) == [1, 1]
    assert Reader(int_is_bigint=False).plain({"$k": b"\x00"}) == {"$object": {"$k": {"$bytes": "AA=="}}}


def test_what_cannot_be_written_is_unsupported() -> None:
    writer = Writer(lambda number: number > 2**53, frozenset(["value.bigint"]))
    assert writer.plain({"$bigint": str(2**60)}) == 2**60
    assert type(writer.plain(2**60)) is float
    for value, feature in (
        ({"$bigint": "1"}, "value.bigint.range"),
        ({"$bytes": "AA=="}, "value.bytes"),
        ({"$undefined": True}, "value.undefined"),
        (["\udc00"], "text.lone-surrogate"),
    ):
        with pytest.raises(Unsupported) as raised:
            writer.plain(value)
        assert raised.value.feature == feature


def test_state_vectors_are_read() -> None:
    assert read_state_vector(b"\x02\x01\x03\xac\x02\x05") == {"1": 3, "300": 5}
    assert read_state_vector(b"\x00") == {}


def test_utf16_length() -> None:
    assert [utf16_length(text) for text in ("ab", "é", "😀")] == [2, 1, 2]


def test_a_value_of_an_unknown_kind_is_the_runners_fault() -> None:
    with pytest.raises(StepError) as raised:
        Reader(int_is_bigint=False).plain(object())
    assert raised.value.kind == "runner"


def test_awareness_updates_are_read() -> None:
    assert read_awareness(b"\x02\x01\x03\x02{}\xac\x02\x00\x04null") == {
        "1": {"clock": 3, "state": {}},
        "300": {"clock": 0, "state": None},
    }
