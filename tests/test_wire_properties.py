"""Properties of the wire decoder: what is encoded comes back, and no bytes break it in another way than WireError."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.wire.delete_set import decode_delete_set, encode_delete_set
from conformance.wire.diff import diff_updates
from conformance.wire.lib0 import MAX_SAFE_INTEGER, Reader, WireError, Writer
from conformance.wire.model import (
    GC,
    ID,
    WEAK,
    Content,
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
    Format,
    Item,
    RootName,
    Skip,
    Struct,
    Update,
    WeakLink,
)
from conformance.wire.normalize import canonical, normalize
from conformance.wire.roots import root_kinds
from conformance.wire.skim import skim
from conformance.wire.state_vector import decode_state_vector, encode_state_vector
from conformance.wire.update import decode_update, encode_update
from conformance.wire.values import UNDEFINED, BigInt, Value, format_json, parse_json, read_any, write_any

if TYPE_CHECKING:
    from collections.abc import Callable

uints = st.integers(0, MAX_SAFE_INTEGER)
clients = st.one_of(st.integers(0, 200), st.integers(0, 2**53 - 1))
clocks = st.integers(0, 5000)
ids = st.builds(ID, clients, clocks)
texts = st.text(max_size=8)
formats: st.SearchStrategy[Format] = st.sampled_from(("v1", "v2"))

# One NaN, as the decoder gives; containers then compare equal.
doubles = st.floats().map(lambda number: number if number == number else math.nan)
bigints = st.integers(-(2**63), 2**63 - 1).map(BigInt)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    doubles,
    bigints,
    texts,
    st.binary(max_size=5),
    st.just(UNDEFINED),
)


def nested(leaves: st.SearchStrategy[Value]) -> st.SearchStrategy[Value]:
    def around(inner: st.SearchStrategy[Value]) -> st.SearchStrategy[Value]:
        return st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3))

    return st.recursive(leaves, around, max_leaves=6)


anys = nested(scalars)
# JSON has no minus zero to write, as JSON.stringify(-0) is "0".
finite = st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: number != 0)
jsons = nested(st.one_of(st.none(), st.booleans(), st.integers(-(2**53) + 1, 2**53 - 1), finite, texts))

bounds = st.one_of(st.builds(RootName, texts), ids)


@st.composite
def links(draw: st.DrawFn) -> WeakLink:
    start, end = draw(bounds), draw(bounds)
    flags = draw(st.integers(0, 3)) << 1
    if isinstance(start, RootName) or isinstance(end, RootName):
        flags |= 0x20
    flags |= 0x08 if isinstance(start, RootName) else 0
    flags |= 0x10 if isinstance(end, RootName) else 0
    if draw(st.booleans()):
        flags |= 0x01
    elif not isinstance(end, RootName):
        end = start if isinstance(start, ID) else end
        flags |= 0x01 if isinstance(start, RootName) else 0
    return WeakLink(flags, start, end)


@st.composite
def moves(draw: st.DrawFn) -> ContentMove:
    start, end = draw(ids), draw(ids)
    collapsed = draw(st.booleans())
    flags = draw(st.integers(-2, 3)) << 6 | draw(st.integers(0, 3)) << 1 | collapsed
    return ContentMove(start, start if collapsed else end, flags)


contents: st.SearchStrategy[Content] = st.one_of(
    st.builds(ContentDeleted, st.integers(1, 2000)),
    st.builds(ContentJSON, st.lists(st.one_of(jsons, st.just(UNDEFINED)), min_size=1, max_size=3).map(tuple)),
    st.builds(ContentBinary, st.binary(max_size=9)),
    st.builds(ContentString, st.text(min_size=1, max_size=12)),
    st.builds(ContentEmbed, jsons),
    st.builds(ContentFormat, texts, jsons),
    st.builds(ContentType, st.sampled_from((0, 1, 2, 4, 6, 9, 15))),
    st.builds(ContentType, st.sampled_from((3, 5)), texts),
    st.builds(ContentType, st.just(WEAK), st.none(), links()),
    st.builds(ContentAny, st.lists(anys, min_size=1, max_size=3).map(tuple)),
    st.builds(ContentDoc, texts, anys),
    moves(),
)


@st.composite
def structs(draw: st.DrawFn, client: int, clock: int) -> Struct:
    id = ID(client, clock)
    shape = draw(st.integers(0, 9))
    if shape == 0:
        return GC(id, draw(st.integers(1, 300)))
    if shape == 1:
        return Skip(id, draw(st.integers(1, 300)))
    content = draw(contents)
    if shape < 5:
        sub = draw(st.one_of(st.none(), texts))
        return Item.of(id, content, parent=draw(st.one_of(st.builds(RootName, texts), ids)), parent_sub=sub)
    origin = draw(st.one_of(ids, st.just(ID(client, max(0, clock - 1)))))
    item = Item.of(id, content, origin=origin, right_origin=draw(st.one_of(st.none(), ids)))
    return Item(id, item.origin, item.right_origin, None, None, content, item.info | draw(st.sampled_from((0, 0x20))))


@st.composite
def delete_sets(draw: st.DrawFn) -> dict[int, tuple[tuple[int, int], ...]]:
    deletes = {}
    for client in draw(st.lists(clients, max_size=3, unique=True)):
        end, ranges = 0, []
        for gap, length in draw(st.lists(st.tuples(clocks, st.integers(1, 99)), max_size=4)):
            ranges.append((end + gap, length))
            end += gap + length
        deletes[client] = tuple(ranges)
    return deletes


@st.composite
def updates(draw: st.DrawFn) -> Update:
    by_client: dict[int, tuple[Struct, ...]] = {}
    for client in draw(st.lists(clients, max_size=3, unique=True)):
        clock = draw(clocks)
        found: list[Struct] = []
        for _ in range(draw(st.integers(1, 6))):
            found.append(draw(structs(client, clock)))
            clock += found[-1].length
        by_client[client] = tuple(found)
    return Update(by_client, draw(delete_sets()))


@given(uints)
def test_varuint(number: int) -> None:
    writer = Writer()
    writer.varuint(number)
    assert Reader(bytes(writer.data)).varuint() == number


@given(st.booleans(), uints)
def test_varint_keeps_the_sign_of_zero(negative: bool, number: int) -> None:
    writer = Writer()
    writer.signed(negative, number)
    assert Reader(bytes(writer.data)).signed() == (negative, number)


@given(anys)
def test_any(value: Value) -> None:
    writer = Writer()
    write_any(writer, value)
    reader = Reader(bytes(writer.data))
    assert canonical(read_any(reader)) == canonical(value)
    assert reader.pos == len(writer.data)


@given(jsons)
def test_json(value: Value) -> None:
    assert canonical(parse_json(format_json(value), 0)) == canonical(value)


@given(st.dictionaries(clients, uints, max_size=5))
def test_state_vector(vector: dict[int, int]) -> None:
    assert decode_state_vector(encode_state_vector(vector)) == vector


@given(delete_sets(), formats)
def test_delete_set(deletes: dict[int, tuple[tuple[int, int], ...]], format: Format) -> None:
    assert decode_delete_set(encode_delete_set(deletes, format), format) == deletes


@given(updates(), formats)
@settings(max_examples=200, deadline=None)
def test_update(update: Update, format: Format) -> None:
    data = encode_update(update, format)
    decoded = decode_update(data, format)
    assert decoded == update
    assert decoded.trailing == 0
    assert encode_update(decoded, format) == data
    assert diff_updates(update, decoded) == []
    root_kinds([decoded])


@given(updates(), formats)
@settings(max_examples=40, deadline=None)
def test_a_cut_update_is_refused_at_every_length(update: Update, format: Format) -> None:
    data = encode_update(update, format)
    for length in range(len(data)):
        with pytest.raises(WireError) as caught:
            decode_update(data[:length], format)
        assert 0 <= caught.value.offset <= length


@given(updates(), formats, st.data())
@settings(max_examples=200, deadline=None)
def test_a_broken_update_decodes_or_raises_wire_error(update: Update, format: Format, data: st.DataObject) -> None:
    broken = bytearray(encode_update(update, format))
    for _ in range(data.draw(st.integers(1, 3))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    only_wire_errors(lambda: decode_update(bytes(broken), format))


@given(updates(), formats, st.data())
@settings(max_examples=400, deadline=None)
def test_what_is_skimmed_alike_means_the_same(update: Update, format: Format, data: st.DataObject) -> None:
    whole = encode_update(update, format)
    changed = bytearray(whole)
    if changed and data.draw(st.booleans()):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    try:
        decoded = decode_update(bytes(changed), format)
    except WireError:
        with pytest.raises(WireError):
            skim(bytes(changed), format)
        return
    if skim(bytes(changed), format) == skim(whole, format):
        assert normalize(decoded) == normalize(update)


@given(st.binary(max_size=60), formats)
def test_any_bytes_decode_or_raise_wire_error(data: bytes, format: Format) -> None:
    only_wire_errors(lambda: decode_update(data, format))
    only_wire_errors(lambda: decode_delete_set(data, format))
    only_wire_errors(lambda: decode_state_vector(data))


def only_wire_errors(decode: Callable[[], object]) -> None:
    try:
        decode()
    except WireError as error:
        assert error.offset >= 0
        assert error.what
