"""Bytes that the released libraries wrote, read by the independent decoder.

Each fixture is named after what wrote it; the comment above it says how.
"""

from __future__ import annotations

import pytest

from conformance.wire.diff import diff_updates
from conformance.wire.lib0 import WireError
from conformance.wire.model import (
    GC,
    ID,
    MAP,
    WEAK,
    XML_HOOK,
    ContentAny,
    ContentBinary,
    ContentDoc,
    ContentEmbed,
    ContentFormat,
    ContentMove,
    ContentString,
    ContentType,
    Item,
    RootName,
    Skip,
    Update,
)
from conformance.wire.roots import root_kinds
from conformance.wire.state_vector import decode_state_vector, encode_state_vector
from conformance.wire.update import decode_update, encode_update
from conformance.wire.values import UNDEFINED, BigInt

FIXTURES = {
    # yjs 13.6.33, client 5: a formatted text with an embed, a map with every kind of value, bytes, an XML element,
    # an array with a map and a subdocument with meta data.
    "yjs.rich.v1": (
        "01140500010101740184050002c3a984050104f09f988041050001c6050105020162046e756c6cc105000501"
        "01c5050605010e7b2265223a5b312c6e756c6c5d7dc605070501016204747275652101016d016b01a8050901"
        "750b7d017d427c3f0000007d407e7f787a000000000000000a7701787401017601017a7c501502f92301016d"
        "01750109070101780301702800050c0171017701720700050c060400050e017908010161017d018105100188"
        "0511017d038705120189051301677601046d657461760101767d0101050500010401060109011101"
    ),
    "yjs.rich.v2": (
        "00030003000245120d000200420c020406000500030105000442010025010084014100c600c100c500c60021"
        "00a80023000700280007000400080081008800870089191374c3a9f09f988062626d6b6d7578707179616741"
        "0002410a050103000201030306010241070114007e7601016575027d017e78750b7d017d427c3f0000007d40"
        "7e7f787a000000000000000a7701787401017601017a7c501502f901097701727d017d037601046d65746176"
        "0101767d0101050500000300010002000700"
    ),
    # yjs 13.6.33, client 1: mergeUpdates of the first and the third of three insertions.
    "yjs.skip.v1": ("010301000401017401610a01840101016300"),
    "yjs.skip.v2": ("00000241000102000504000a008406037461634101010100000103000100"),
    # yjs 13.6.33, client 1: a text, and an array whose only map, with a key, was deleted.
    "yjs.gc.v1": ("010301000401017403616263010101610100010101010302"),
    "yjs.gc.v2": ("000001010000050400010000090574616263610103010101000241000103000101010301"),
    # yjs 13.6.33, clients 2 and 2^32 + 7: both edit one text.
    "yjs.two.v1": ("0201878080801000c40200020101580202000101017401810200010102010002"),
    "yjs.two.v2": ("00000787808080204202020100010205c40001008105025874410001010002410002010002000102010001"),
    # ywasm 0.18.3, client 6: text, map, fragment, array; a quote of the text and a link to a key in the map.
    "ywasm.v1": (
        "010e0600010101740184060006c3a9f09f988084060200c60600060101620474727565c4060406010171c606"
        "0506010162046e756c6c2101016d016b01a806070175077d017d427c3f0000007e787701787601017a7d8090"
        "dfc04a0701017803017008010161017d0181060a0188060b017d032701016d046c696e6b0705060006022701"
        "016d02776c07040608010603000107010b01"
    ),
    "ywasm.v2": (
        "000300030002460a080004440802040602030201001701008401c600c400c6002100a8000700080081008800"
        "27201774c3a9f09f98806271626d6b7870616d6c696e6b6d776c010300410704010201010303470002410401"
        "0e00787e75077d017d427c3f0000007e787701787601017a7d8090dfc04a7d017d0305060006020406080106"
        "03000006000300"
    ),
    # ywasm 0.18.3: yjs.rich.v1 applied and encoded again.
    "ywasm.relay.v1": (
        "01140500010101740184050002c3a984050104f09f988041050001c6050105020162046e756c6cc105000501"
        "01c505060501107b2265223a5b312e302c6e756c6c5d7dc605070501016204747275652101016d016b01a805"
        "0901750b7d017d427c3f0000007d007e7f787a000000000000000a7701787401017601017a7d8090dfc04a23"
        "01016d01750109070101780301702800050c0171017701720700050c060400050e017908010161017d018105"
        "1001880511017d0387051201890513016776040a73686f756c644c6f61647908656e636f64696e677a000000"
        "000000000102676378086175746f4c6f61647901050500010401060109011101"
    ),
    "ywasm.relay.v2": (
        "00030003000245120d000200420c020406000500030105000442010025010084014100c600c100c500c60021"
        "00a80023000700280007000400080081008800870089191374c3a9f09f988062626d6b6d7578707179616741"
        "0002410a050103000201030306010241070114007e7601016575027d017e78750b7d017d427c3f0000007d00"
        "7e7f787a000000000000000a7701787401017601017a7d8090dfc04a0101097701727d017d0376040a73686f"
        "756c644c6f616479086175746f4c6f6164790267637808656e636f64696e677a000000000000000101050500"
        "000300010002000700"
    ),
    # yjs 13.6.33, client 5: an XmlHook in an XmlElement.
    "yjs.hook.v1": ("0102050007010178030170070005000502686b00"),
    "yjs.hook.v2": ("00020002024500010000010708047870686b410002030100000203050001020000"),
    # y-py 0.6.2, client 7: text, map, array; move_to and move_range_to in the array.
    "y_py.v1": (
        "010c0700010101740184070006c3a9f09f9880c60700070101620474727565c4070407010171c60705070101"
        "62046e756c6c2101016d016b01a807070175077d017d427c3f0000007e787701787601017a7d8090dfc04a08"
        "010161017d01880709027d027d0388070b017d04cb070b070c830107098b070c8201070a070b010702000107"
        "01"
    ),
    # pycrdt 0.14.13, client 8: text, map with an integer of 41 bits and bytes, fragment, array with a subdocument.
    "pycrdt.v1": (
        "01110800010101740184080006c3a9f09f9880c60800080101620474727565c4080408010171c60805080101"
        "62046e756c6c2101016d016b01a808070175077c3f8000007cc00000007c3f0000007e787701787601017a7c"
        "501502f92801016d03626967017c538000002801016d01750174020102070101780301702800080b01710177"
        "01720700080b060400080d017908010161017c3f80000081080f01880810017c404000008908112439366166"
        "333231652d356130612d343166632d386634662d3366646561623735636231317604086175746f4c6f616479"
        "08656e636f64696e677d010a73686f756c644c6f61647802676378010803000107011001"
    ),
}
REFUSED = {"ywasm.relay.v2"}
READABLE = [name for name in FIXTURES if name not in REFUSED]
BOTH_FORMATS = ["yjs.rich", "yjs.skip", "yjs.gc", "yjs.two", "yjs.hook", "ywasm"]


def read(name: str) -> Update:
    return decode_update(data_of(name), "v2" if name.endswith("v2") else "v1")


def data_of(name: str) -> bytes:
    return bytes.fromhex(FIXTURES[name])


def items(update: Update) -> list[Item]:
    return [struct for structs in update.structs.values() for struct in structs if isinstance(struct, Item)]


@pytest.mark.parametrize("name", [name for name in READABLE if name.startswith("yjs")])
def test_what_yjs_wrote_comes_back_byte_for_byte(name: str) -> None:
    assert encode_update(read(name), "v2" if name.endswith("v2") else "v1") == data_of(name)


@pytest.mark.parametrize("name", READABLE)
def test_what_others_wrote_comes_back_by_meaning(name: str) -> None:
    """Rust chooses its own forms of numbers, and its own order of keys."""
    update = read(name)
    assert update.trailing == 0
    for format in ("v1", "v2"):
        again = decode_update(encode_update(update, format), format)
        assert diff_updates(update, again) == []


@pytest.mark.parametrize("name", BOTH_FORMATS)
def test_v1_and_v2_of_a_document_say_the_same(name: str) -> None:
    assert read(f"{name}.v1") == read(f"{name}.v2")


@pytest.mark.parametrize("name", READABLE)
def test_a_cut_update_is_refused_at_every_length(name: str) -> None:
    data = data_of(name)
    for length in range(len(data)):
        with pytest.raises(WireError) as caught:
            decode_update(data[:length], "v2" if name.endswith("v2") else "v1")
        assert 0 <= caught.value.offset <= length


def test_structs_know_their_byte_offset_in_v1() -> None:
    update = read("yjs.skip.v1")
    assert [(type(struct).__name__, struct.offset) for struct in update.structs[1]] == [
        ("Item", 4),
        ("Skip", 10),
        ("Item", 12),
    ]
    assert data_of("yjs.skip.v1")[10] == 10


def test_structs() -> None:
    assert read("yjs.skip.v2").structs[1][1] == Skip(ID(1, 1), 1)
    # The map is deleted content, what was in it is gone together with its place.
    assert read("yjs.gc.v1").structs[1][-1] == GC(ID(1, 4), 1)
    assert read("yjs.two.v1").structs[2**32 + 7][0] == Item.of(
        ID(2**32 + 7, 0), ContentString("X"), origin=ID(2, 0), right_origin=ID(2, 1)
    )


def test_contents() -> None:
    found = [item.content for item in items(read("yjs.rich.v1"))]
    assert ContentFormat("b", True) in found
    assert ContentFormat("b", None) in found
    assert ContentEmbed({"e": [1, None]}) in found
    assert ContentBinary(b"\t") in found
    assert ContentDoc("g", {"meta": {"v": 1}}) in found
    assert ContentType(MAP) in found
    every = next(c.values[0] for c in found if isinstance(c, ContentAny) and isinstance(c.values[0], list))
    assert every == [1, -2, 0.5, -0.0, None, UNDEFINED, True, BigInt(10), "x", b"\x01", {"z": 1e10}]


def test_extensions_of_yrs() -> None:
    links = [i.content.link for i in items(read("ywasm.v1")) if isinstance(i.content, ContentType) and i.content.link]
    assert len(links) == 2
    assert ContentType(WEAK, link=links[0]) in [item.content for item in items(read("ywasm.v2"))]
    moves = [item.content for item in items(read("y_py.v1")) if isinstance(item.content, ContentMove)]
    assert [move.start.client for move in moves] == [7] * len(moves) != []


def test_a_hook_has_a_name() -> None:
    """yrs neither writes nor reads it, and loses its place in the bytes after one."""
    assert ContentType(XML_HOOK, "hk") in [item.content for item in items(read("yjs.hook.v2"))]


def test_binary_content_in_v2_of_yrs_carries_its_length_twice() -> None:
    """`EncoderV2::write_all` writes a length of its own; neither Yjs nor yrs can read that."""
    with pytest.raises(WireError, match="unknown tag 9 of an any"):
        read("ywasm.relay.v2")


def test_what_a_relay_through_yrs_loses() -> None:
    """Minus zero, and what a subdocument carries beside its guid."""
    number, subdocument = diff_updates(read("yjs.rich.v1"), read("ywasm.relay.v1"))
    assert number.startswith("client 5, clock 10+1: Any [1, -2, 0.5, -0, null, ")
    assert " in a, Any [1, -2, 0.5, 0, null, " in number
    assert subdocument == "client 5, clock 20+1: Doc 'g' {'meta': {'v': 1}} in a, Doc 'g' {} in b"


def test_roots() -> None:
    assert root_kinds([read("pycrdt.v1")]) == {"t": "text", "m": "map", "x": "xml", "a": "array"}
    assert RootName("t") == items(read("y_py.v1"))[0].parent


def test_state_vector() -> None:
    assert decode_state_vector(bytes.fromhex("010515")) == {5: 21}
    assert encode_state_vector({5: 21}) == bytes.fromhex("010515")
