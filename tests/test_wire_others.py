"""What is not an update: snapshots, relative positions, awareness updates and messages, there and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.wire.awareness import AwarenessUpdate, Presence, decode_awareness, encode_awareness
from conformance.wire.lib0 import WireError
from conformance.wire.model import GC, ID, Format, RootName, Update
from conformance.wire.position import (
    Position,
    decode_position,
    encode_position,
    parse_position,
    position_as_json,
    position_of_json,
)
from conformance.wire.snapshot import Snapshot, decode_snapshot, encode_snapshot
from conformance.wire.state_vector import decode_state_vector, encode_state_vector
from conformance.wire.sync import (
    AuthMessage,
    AwarenessMessage,
    CustomMessage,
    QueryAwareness,
    SyncStep1,
    SyncStep2,
    SyncUpdate,
    decode_message,
    decode_sync,
    encode_message,
    encode_sync,
)
from conformance.wire.update import decode_partly, decode_update, encode_update
from conformance.wire.values import format_json, parse_json
from tests.test_wire_properties import clients, delete_sets, formats, ids, jsons, texts, uints, updates

if TYPE_CHECKING:
    from collections.abc import Callable

assocs = st.one_of(st.sampled_from((0, -1)), st.integers(-(2**53) + 1, 2**53 - 1))
positions = st.one_of(
    st.builds(Position, ids, st.none(), assocs),
    st.builds(Position, st.none(), st.one_of(ids, st.builds(RootName, texts)), assocs),
)
snapshots = st.builds(Snapshot, delete_sets(), st.dictionaries(clients, uints, max_size=4))
presences = st.builds(AwarenessUpdate, st.lists(st.builds(Presence, clients, uints, jsons), max_size=4).map(tuple))
buffers = st.binary(max_size=20)
syncs = st.one_of(*[st.builds(message, buffers) for message in (SyncStep1, SyncStep2, SyncUpdate)])
messages = st.one_of(
    syncs,
    st.builds(AwarenessMessage, buffers),
    st.builds(AuthMessage, st.one_of(st.none(), texts)),
    st.just(QueryAwareness()),
    st.builds(CustomMessage, st.one_of(st.just(2), st.integers(4, 300)), st.binary(min_size=2, max_size=20)),
)

KINDS: dict[str, tuple[st.SearchStrategy[Any], Callable[[Any], bytes], Callable[[bytes], Any]]] = {
    "snapshot": (snapshots, encode_snapshot, decode_snapshot),
    "snapshot v2": (
        snapshots,
        lambda snapshot: encode_snapshot(snapshot, "v2"),
        lambda data: decode_snapshot(data, "v2"),
    ),
    "state vector": (st.dictionaries(clients, uints, max_size=4), encode_state_vector, decode_state_vector),
    "position": (positions, encode_position, decode_position),
    "awareness": (presences, encode_awareness, decode_awareness),
    "sync": (syncs, encode_sync, decode_sync),
    "message": (messages, encode_message, decode_message),
}
kinds = pytest.mark.parametrize("kind", list(KINDS))


@kinds
@given(data=st.data())
def test_what_is_encoded_comes_back(kind: str, data: st.DataObject) -> None:
    values, encode, decode = KINDS[kind]
    value = data.draw(values)
    encoded = encode(value)
    assert decode(encoded) == value
    assert encode(decode(encoded)) == encoded


@kinds
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_what_is_cut_is_refused(kind: str, data: st.DataObject) -> None:
    values, encode, decode = KINDS[kind]
    encoded = encode(data.draw(values))
    # A position may end before its association: so old versions wrote them.
    without_assoc = len(encoded) - len(assoc_of(encoded)) if kind == "position" else -1
    for length in range(len(encoded)):
        if length == without_assoc:
            assert decode(encoded[:length]).assoc == 0
            continue
        with pytest.raises(WireError) as caught:
            decode(encoded[:length])
        assert 0 <= caught.value.offset <= length


def assoc_of(encoded: bytes) -> bytes:
    """The last integer of a position."""
    position = decode_position(encoded)
    bare = encode_position(Position(position.item, position.type, 0))
    return encoded[len(bare) - 1 :]


@kinds
@given(data=st.binary(max_size=60))
def test_any_bytes_decode_or_raise_wire_error(kind: str, data: bytes) -> None:
    try:
        KINDS[kind][2](data)
    except WireError as error:
        assert 0 <= error.offset <= len(data)
        assert error.what


@kinds
@pytest.mark.parametrize("head", ["", "00", "01", "02", "0000", "0101", "010105"])
def test_a_length_bomb_is_refused_at_once(kind: str, head: str) -> None:
    """A count or a length of 2^53 - 1 behind every beginning costs nothing."""
    data = bytes.fromhex(head + "ffffffffffffff0f") + b"\x01\x01"
    try:
        KINDS[kind][2](data)
    except WireError as error:
        assert 0 <= error.offset <= len(data)


REFUSED = [
    ("position", "03 0000 00", 0, "position tag 3"),
    ("position", "01 02 c328 00", 2, "not UTF-8"),
    ("awareness", "01 05 01 02 7b7d", None, ""),
    ("awareness", "01 05 01 02 7b5d", 3, "not JSON"),
    ("awareness", "01 05 01 09 756e646566696e6564", 3, "not JSON"),
    ("sync", "03 00", 0, "sync message type 3"),
    ("message", "00 03 00", 1, "sync message type 3"),
    ("snapshot", "00 02 0501 0502", 4, "client 5 appears twice"),
]


@pytest.mark.parametrize(("kind", "data", "offset", "what"), REFUSED)
def test_refused(kind: str, data: str, offset: int | None, what: str) -> None:
    decode = KINDS[kind][2]
    if offset is None:
        decode(bytes.fromhex(data))
        return
    with pytest.raises(WireError) as caught:
        decode(bytes.fromhex(data))
    assert what in caught.value.what
    assert caught.value.offset == offset


def test_a_snapshot_is_a_delete_set_and_a_state_vector() -> None:
    """Bytes of Yjs 13.6: `abcdef` by client 1, of which 1 to 2 and 4 were deleted."""
    snapshot = Snapshot({1: ((1, 2), (4, 1))}, {1: 6})
    assert encode_snapshot(snapshot).hex() == "01010201020401010106"
    assert encode_snapshot(snapshot, "v2").hex() == "01010201010100010106"


def test_bytes_behind_the_end_are_counted() -> None:
    assert decode_snapshot(b"\x00\x00\xff").trailing == 1
    assert decode_awareness(b"\x00\xff\xff").trailing == 2
    assert decode_position(bytes.fromhex("00 0102 40 ff")) == Position(ID(1, 2), None, 0)
    assert decode_position(bytes.fromhex("00 0102 41 ff")).trailing == 1


def test_a_payload_knows_where_it_begins() -> None:
    assert [decode_sync(b"\x00\x02\x00\x00").offset, decode_message(b"\x00\x00\x02\x00\x00").offset] == [2, 3]  # type: ignore[union-attr]


def test_message_type_2_is_authentication_or_raw() -> None:
    assert decode_message(bytes.fromhex("02 00 02 6e6f")) == AuthMessage("no")
    assert decode_message(bytes.fromhex("02 01")) == AuthMessage(None)
    assert decode_message(bytes.fromhex("02 02 7b7d")) == CustomMessage(2, b"{}")
    with pytest.raises(ValueError, match="reads as another"):
        encode_message(CustomMessage(2, b"1"))


@given(positions)
def test_a_position_as_json(position: Position) -> None:
    value = position_as_json(position)
    assert position_of_json(value) == position
    assert parse_position(format_json(value)) == position


def test_a_position_in_json_may_have_an_item_and_a_type() -> None:
    both = Position(ID(1, 2), RootName("t"), -1)
    assert position_as_json(both) == {"tname": "t", "item": {"client": 1, "clock": 2}, "assoc": -1}
    assert position_of_json(position_as_json(both)) == both
    assert decode_position(encode_position(both)) == Position(ID(1, 2), None, -1)
    assert parse_position('{"tname":"t"}') == Position(None, RootName("t"))
    with pytest.raises(ValueError, match="without element and type"):
        encode_position(Position(None, None))


@pytest.mark.parametrize(
    "text",
    [
        "7",
        "{}",
        '{"tname":7}',
        '{"item":{"client":1}}',
        '{"item":[1,2]}',
        '{"item":{"client":-1,"clock":0}}',
        '{"item":{"client":true,"clock":0}}',
        '{"tname":"t","type":{"client":1,"clock":0}}',
        '{"tname":"t","assoc":0.5}',
    ],
)
def test_json_that_is_no_position(text: str) -> None:
    with pytest.raises(WireError):
        position_of_json(parse_json(text, 0))


@given(updates(), formats, st.data())
@settings(max_examples=60, deadline=None)
def test_a_broken_update_is_decoded_up_to_the_fault(update: Update, format: Format, data: st.DataObject) -> None:
    encoded = encode_update(update, format)
    whole = decode_partly(encoded, format)
    assert whole.fault is None
    assert whole.update == update
    partial = decode_partly(encoded[: data.draw(st.integers(0, len(encoded) - 1))], format)
    assert partial.fault is not None
    for client, structs in partial.update.structs.items():
        assert structs == update.structs[client][: len(structs)]
    for client, ranges in partial.update.delete_set.items():
        assert ranges == update.delete_set[client]


def test_offsets_of_v2_are_those_of_the_infos() -> None:
    update = Update({1: (GC(ID(1, 0), 2), GC(ID(1, 2), 3))}, {})
    data = encode_update(update, "v2")
    first, second = decode_update(data, "v2").structs[1]
    assert first.offset == second.offset
    assert data[first.offset : first.offset + 1] == b"\x00"
    assert data[first.offset - 1] == 1  # the length of the column of infos
