"""Hocuspocus' envelope, there and back, and in words for the timeline."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.model.layers import HOCUSPOCUS
from conformance.scenario.dialect import DIALECT
from conformance.scenario.frames import BINARY, Message
from conformance.scenario.messages import in_words
from conformance.wire.hocuspocus import (
    Closed,
    Denied,
    Envelope,
    Granted,
    Heartbeat,
    Stateless,
    SyncReply,
    SyncStatus,
    Token,
    TokenAsked,
    decode_frame,
    encode_frame,
)
from conformance.wire.lib0 import WireError
from conformance.wire.sync import AwarenessMessage, QueryAwareness, SyncStep1, SyncStep2, encode_message
from tests.test_wire_others import buffers, syncs
from tests.test_wire_properties import texts

messages = st.one_of(
    syncs,
    st.builds(SyncReply, syncs),
    st.builds(AwarenessMessage, buffers),
    st.just(QueryAwareness()),
    st.builds(Token, texts, texts),
    st.just(TokenAsked()),
    st.builds(Denied, texts),
    st.builds(Granted, texts),
    st.builds(Stateless, texts, st.booleans()),
    st.builds(Closed, texts),
    st.builds(SyncStatus, st.booleans()),
)
frames = st.one_of(st.builds(Envelope, texts, messages), st.builds(Heartbeat, st.booleans()))


@given(frames)
def test_what_is_encoded_comes_back(frame: Envelope | Heartbeat) -> None:
    assert decode_frame(encode_frame(frame)) == frame


@given(st.binary(max_size=40))
def test_any_bytes_decode_or_raise_wire_error(data: bytes) -> None:
    try:
        decode_frame(data)
    except WireError as error:
        assert 0 <= error.offset <= len(data)


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        # Captured between the provider and the server, both 4.7.0, of the document `r`.
        ("01720200 00 05342e372e30", "r: token, of version 4.7.0"),
        ("0172 02 02 0a726561642d7772697465", "r: access granted: read-write"),
        ("0172 00 00 01 00", "r: sync step 1, {}"),
        ("0172 08 01", "r: applied"),
        ("0172 07 10526573657420436f6e6e656374696f6e", "r: left Reset Connection"),
        ("0172 07", "r: left"),
        ("09", "ping of its own"),
        ("0172 0b", "3 bytes that are no message: byte 2: message type 11, wanted 0 to 8"),
    ],
)
def test_in_words(frame: str, words: str) -> None:
    assert in_words(Message(BINARY, bytes.fromhex(frame)), HOCUSPOCUS) == words


def test_what_the_kit_reads_of_a_room() -> None:
    dialect = DIALECT[HOCUSPOCUS]
    step_2 = encode_message(SyncStep2(b"\0\0"))
    reply = encode_frame(Envelope("r", SyncReply(SyncStep1(b"\0"))))
    assert dialect.message("r", dialect.frame("r", step_2)) == step_2
    assert dialect.message("other", dialect.frame("r", step_2)) is None
    assert dialect.message("r", reply) == encode_message(SyncStep1(b"\0"))
    assert dialect.message("r", encode_frame(Envelope("r", SyncStatus(applied=True)))) is None
    assert dialect.message("r", encode_frame(Envelope("r", Denied("no")))) == Closed("no")
    assert dialect.message("r", encode_frame(Heartbeat(answers=False))) is None
