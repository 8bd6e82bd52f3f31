"""What the decoder refuses, and where it says the fault is."""

from __future__ import annotations

import pytest

from conformance.wire.lib0 import Reader, WireError, Writer
from conformance.wire.model import GC, ID, ContentEmbed, ContentString, Format, Item, RootName, Update
from conformance.wire.state_vector import decode_state_vector
from conformance.wire.update import decode_update, encode_update
from conformance.wire.values import MAX_DEPTH, BigInt, parse_json, read_any

REFUSED: list[tuple[str, Format, str, int, str]] = [
    ("nothing", "v1", "", 0, "unexpected end"),
    ("a varuint that does not end", "v1", "8080808080808080808080", 0, "longer than 10 bytes"),
    ("a varuint that JavaScript cannot hold", "v1", "8080808080808010", 0, "above 2^53 - 1"),
    ("a client twice", "v1", "02 0101000001 0101000001 00", 6, "client 1 appears twice"),
    ("flags on a GC", "v1", "01 0101008001 00", 4, "flags on a GC"),
    ("a GC of nothing", "v1", "01 0101000000 00", 4, "length 0"),
    ("an unknown content", "v1", "01 0101000c01017400", 4, "unknown content ref 12"),
    ("an unknown parent", "v1", "01 010100040201740161 00", 5, "parent info 2"),
    ("an unknown type", "v1", "01 01010007010174 08 00", 8, "unknown type ref 8"),
    ("an unknown any", "v1", "01 01010008010174 01 14 00", 9, "unknown tag 20"),
    ("half a character", "v1", "01 01010004010174 03 61e282 00", 10, "not UTF-8"),
    ("a lone surrogate in UTF-8", "v1", "01 01010004010174 03 eda0bd 00", 9, "not UTF-8"),
    ("a number that is no JSON", "v1", "01 01010005010174 03 4e614e 00", 8, "NaN is not JSON"),
    ("more structs than memory", "v1", "01 ffffffff0f01000001", 1, "more than"),
    ("an update v1 taken for v2", "v2", "01 01010004010174 0161 00", 0, "feature flag 1"),
    ("columns that end too early", "v2", "00 00 05", 3, "unexpected end"),
]


@pytest.mark.parametrize(
    ("format", "data", "offset", "what"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_refused(format: Format, data: str, offset: int, what: str) -> None:
    with pytest.raises(WireError) as caught:
        decode_update(bytes.fromhex(data), format)
    assert what in caught.value.what
    assert caught.value.offset == offset
    assert str(caught.value) == f"byte {offset}: {caught.value.what}"


def test_a_string_longer_than_its_column_is_refused() -> None:
    update = Update({1: (Item.of(ID(1, 0), ContentString("abc"), parent=RootName("t")),)}, {})
    data = encode_update(update, "v2")
    longer = data.replace(bytes.fromhex("746162630103"), bytes.fromhex("746162630104"))
    assert longer != data
    with pytest.raises(WireError, match="string up to unit 5 of 4"):
        decode_update(longer, "v2")


def test_bytes_after_the_end_are_counted() -> None:
    update = decode_update(bytes.fromhex("0000 0102"))
    assert update.trailing == 2
    assert update == Update({}, {})


def test_a_state_vector_names_a_client_once() -> None:
    with pytest.raises(WireError) as caught:
        decode_state_vector(bytes.fromhex("02 0501 0502"))
    assert caught.value.offset == 3


def test_values_too_deep_for_a_stack_are_refused() -> None:
    with pytest.raises(WireError, match="nested deeper"):
        read_any(Reader(b"\x75\x01" * 5000 + b"\x7e"))
    with pytest.raises(WireError, match="nested deeper"):
        parse_json("[" * 100_000, 7)
    assert parse_json('"' + "[" * 1000 + '"', 0) == "[" * 1000
    assert parse_json("[" + "[]," * MAX_DEPTH + "0]", 0) == [*([[]] * MAX_DEPTH), 0]


def test_json_is_that_of_javascript() -> None:
    assert parse_json("12345678901234567890", 0) == 12345678901234567890.0
    assert str(parse_json("-0", 0)) == "-0.0"
    assert parse_json('"\\ud83d"', 0) == "\ud83d"


def test_a_lone_surrogate_is_written_as_textencoder_does() -> None:
    writer = Writer()
    writer.string("a\ud83d")
    assert bytes(writer.data) == b"\x04a\xef\xbf\xbd"
    writer = Writer()
    writer.string("\ud83d\ude00")
    assert bytes(writer.data) == b"\x04\xf0\x9f\x98\x80"


def test_v2_joins_the_halves_of_a_pair_that_v1_loses() -> None:
    """v2 writes all strings as one: two surrogates that meet there survive, and are cut apart again."""
    first = Item.of(ID(1, 0), ContentString("\ud83d"), origin=ID(2, 0))
    second = Item.of(ID(1, 1), ContentString("\ude00"), origin=ID(1, 0))
    update = Update({1: (first, second)}, {})
    assert decode_update(encode_update(update, "v2"), "v2") == update
    lost = decode_update(encode_update(update, "v1"), "v1").structs[1]
    assert [s.content for s in lost if isinstance(s, Item)] == [ContentString("\ufffd")] * 2


@pytest.mark.parametrize(
    ("struct", "what"),
    [
        (Item.of(ID(1, 0), ContentString("a")), "a parent"),
        (Item.of(ID(1, 0), ContentString("a"), origin=ID(1, 0), parent=RootName("t")), "a parent"),
        (Item(ID(1, 0), None, None, RootName("t"), None, ContentString("a"), 5), "contradicts"),
        (GC(ID(1, 1), 1), None),
        (GC(ID(2, 0), 1), "of client 1"),
        (Item.of(ID(1, 0), ContentEmbed(BigInt(1)), parent=RootName("t")), "JSON has no"),
        (Item.of(ID(1, 0), ContentEmbed(b"a"), parent=RootName("t")), "JSON has no"),
    ],
)
def test_what_the_format_cannot_say_is_a_value_error(struct: GC | Item, what: str | None) -> None:
    update = Update({1: (struct,)}, {})
    if what is None:
        assert encode_update(update)
        return
    with pytest.raises(ValueError, match=what):
        encode_update(update)


def test_v2_cannot_say_unsorted_deletes() -> None:
    update = Update({}, {1: ((5, 1), (0, 1))})
    assert decode_update(encode_update(update)) == update
    with pytest.raises(ValueError, match="not a varuint"):
        encode_update(update, "v2")
