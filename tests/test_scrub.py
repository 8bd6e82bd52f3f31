"""`scrub`: neutral content of the same shape, the same failure, and nothing of the original."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pycrdt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.scrub.alphabet import Alphabet, alphabets, widths
from conformance.scrub.document import originals, scrub
from conformance.scrub.neutral import Neutral
from conformance.scrub.tokens import can_be_exchanged
from conformance.wire.lib0 import Writer, utf16_length
from conformance.wire.model import ID, ContentString, Format, Item, RootName, Update
from conformance.wire.update import decode_update, encode_update
from conformance.wire.values import write_any
from tests.support import conformance, one_line
from tests.test_wire_properties import anys, updates

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.wire.values import Value


def clients_of(update: Update) -> dict[int, int]:
    return {client: client for client in (*update.structs, *update.delete_set)}


def scrubbed(update: Update, update_format: Format, alphabet: Alphabet) -> Update:
    given = encode_update(update, update_format)
    found = scrub([given], [update], {}, update_format, alphabet, clients_of(update))
    return decode_update(found.updates[0], update_format)


# --- shape ---------------------------------------------------------------------------------------------------------


@given(st.text(), st.integers(0, 9), st.integers(0, 5000), st.sampled_from(list(alphabets())))
def test_a_text_keeps_the_widths_of_its_characters(text: str, client: int, clock: int, alphabet: Alphabet) -> None:
    neutral = Neutral(alphabet).text(text, client, clock)
    assert widths(neutral) == widths(text)
    assert utf16_length(neutral) == utf16_length(text)


@given(st.text(min_size=2), st.data())
def test_a_text_may_be_cut_anywhere(text: str, data: st.DataObject) -> None:
    """The same units come from two updates, of which one holds the second half alone."""
    cut = data.draw(st.integers(1, len(text) - 1))
    neutral = Neutral(Alphabet())
    start = utf16_length(text[:cut])
    assert neutral.text(text, 1, 0) == neutral.text(text[:cut], 1, 0) + neutral.text(text[cut:], 1, start)


def test_neighbours_stay_different() -> None:
    assert len(set(Neutral(Alphabet()).text("aaaa", 0, 0))) == 4


@given(st.lists(st.text(max_size=3), unique=True))
def test_names_stay_different_and_equal_ones_equal(names: list[str]) -> None:
    neutral = Neutral(Alphabet())
    found = [neutral.name(name) for name in names]
    assert len(set(found)) == len(names)
    assert [neutral.name(name) for name in names] == found


def size(value: Value) -> int:
    writer = Writer()
    write_any(writer, value)
    return len(writer.data)


@given(anys)
def test_a_value_keeps_its_size(value: Value) -> None:
    assert size(Neutral(Alphabet()).value(value)) == size(value)


@given(updates(), st.sampled_from(("v1", "v2")))
def test_an_update_keeps_its_structs(update: Update, update_format: Format) -> None:
    neutral = scrubbed(update, update_format, Alphabet())
    assert neutral.delete_set == update.delete_set
    for client, structs in update.structs.items():
        for old, new in zip(structs, neutral.structs[client], strict=True):
            assert (type(old), old.id, old.length) == (type(new), new.id, new.length)
            if isinstance(old, Item) and isinstance(new, Item):
                kept = replace(new, parent=old.parent, parent_sub=old.parent_sub, content=old.content)
                assert kept == old
                assert type(new.content) is type(old.content)


@given(updates())
def test_token_by_token_is_the_same_as_by_meaning(update: Update) -> None:
    """What the kit itself wrote comes out alike in v1, which is rewritten token by token, and in v2, by meaning."""
    if can_be_exchanged(update):
        assert scrubbed(update, "v1", Alphabet()) == scrubbed(update, "v2", Alphabet())


def test_what_an_encoder_chose_is_kept() -> None:
    """A client that stands twice in the delete set, which a decoder joins."""
    data = base64.b64decode("AAIHAQABBwEDAg==")
    (found,) = scrub([data], [decode_update(data)], {}, "v1", Alphabet(), {7: 1}).updates
    assert found == bytes.fromhex("00020101000101010302")


def test_the_originals_are_texts_words_and_bytes() -> None:
    item = Item.of(ID(1, 0), ContentString("To Jane, OK?"), parent=RootName("notes"))
    assert originals([Update({1: (item,)}, {})], {"notes": "text"}) == {"To Jane, OK?", "To", "Jane", "OK", "notes"}


# --- the whole -----------------------------------------------------------------------------------------------------

WORDS = ("The", "merger", "with", "Acme", "für", "12", "Millionen", "漢字", "is", "secret", "🙂", "until", "Friday")
CLIENT = 3141592653


def private_log(folder: Path) -> list[Path]:
    """A document's log, whose last update names a client twice in its delete set: Yrs forgets the first."""
    log: list[bytes] = []
    doc: pycrdt.Doc[Any] = pycrdt.Doc(client_id=CLIENT)
    doc["secret-report"] = text = pycrdt.Text()
    people: pycrdt.Map[Any] = pycrdt.Map()
    doc["people"] = people
    subscription = doc.observe(lambda event: log.append(event.update))
    for place, word in enumerate(WORDS):
        text.insert(0, f"{word} ")
        if place % 3 == 0:
            people[f"person-{place}"] = {"name": "Jane Doe", "salary": 123456.75, "tags": ["boss"]}
    doc.unobserve(subscription)
    writer = Writer()
    for number in (0, 2, CLIENT, 1, 2, 3, CLIENT, 1, 20, 5):
        writer.varuint(number)
    files = []
    for place, update in enumerate([*log, bytes(writer.data)]):
        files.append(folder / f"{place:03}.bin")
        files[-1].write_bytes(update)
    return files


def test_a_private_log_becomes_a_small_vector_without_a_private_word(tmp_path: Path) -> None:
    files = private_log(tmp_path)
    said = conformance("scrub", *files, "--impls", "yjs,pycrdt")
    assert said.code == 0, said.err
    before, now = re.findall(r"(?:failed before|fails now): `(.*)`", said.out)
    assert before == "relay:state[map,text]:pycrdt|yjs+resynced:state[map,text]:pycrdt|yjs"
    assert now == "relay:state[text]:pycrdt|yjs+resynced:state[text]:pycrdt|yjs"
    updates = [base64.b64decode(text) for text in re.findall(r'"base64": "(.*?)"', said.out)]
    assert len(updates) == 2
    for word in [*WORDS, "secret", "report", "people", "person", "Jane", "boss", "salary"]:
        if len(word) > 2:
            assert word not in said.out
            assert not any(word.encode() in update for update in updates)


def test_a_failure_that_is_in_the_content_is_not_shown(tmp_path: Path) -> None:
    """Y.js loses the key __proto__, and no other."""
    file = tmp_path / "proto.bin"
    writer = Writer()
    writer.take(bytes.fromhex("01010700080101720176010 9".replace(" ", "")) + b"__proto__" + bytes.fromhex("7d0100"))
    file.write_bytes(bytes(writer.data))
    said = conformance("scrub", file, "--impls", "yjs,pycrdt")
    assert said.code == 5
    assert "the failure is in the content itself" in one_line(said)
    assert said.out == ""


def test_an_agreement_has_exit_code_1(tmp_path: Path) -> None:
    file = tmp_path / "abc.hex"
    file.write_text("01010100040101740361626300")
    said = conformance("scrub", file, "--impls", "yjs,pycrdt")
    assert said.code == 1
    assert "there is nothing to minimise" in one_line(said)


@pytest.mark.parametrize("content", [b"\xff\xff", b"nothing"])
def test_what_is_no_update_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "broken.bin"
    file.write_bytes(content)
    said = conformance("scrub", file, "--impls", "yjs,pycrdt")
    assert said.code == 2
    assert "what cannot be read cannot be scrubbed" in one_line(said)
