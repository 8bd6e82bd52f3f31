"""`explain`: the listing, the guesses, broken bytes, the comparison of two."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from conformance.explain.reading import KINDS, read
from conformance.wire.model import (
    GC,
    ID,
    MAP,
    WEAK,
    XML_ELEMENT,
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
    WeakLink,
)
from conformance.wire.sync import AwarenessMessage, CustomMessage, SyncStep1, SyncUpdate, encode_message, encode_sync
from conformance.wire.update import encode_update
from conformance.wire.values import UNDEFINED, BigInt

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.wire.model import Content, Format
    from tests.conftest import Kit

ABC = "AQEHAAQBAXQIYWJjZGVmZ2gA"
DELETES = "AAIHAQABBwEDAg=="


def all_contents() -> Update:
    contents: list[Content] = [
        ContentString('a"\n\U0001f600\ud83d'),
        ContentAny((1, -0.0, 1.5, "x", None, UNDEFINED, True, BigInt(7))),
        ContentAny(([1, [float("inf")]], {"a": b"\0\1", "$b": float("nan")})),
        ContentJSON((1, UNDEFINED)),
        ContentBinary(b"\1\2"),
        ContentEmbed({"image": "u"}),
        ContentFormat("bold", True),
        ContentType(MAP),
        ContentType(XML_ELEMENT, "p"),
        ContentType(WEAK, link=WeakLink(0x31, ID(1, 2), RootName("t"))),
        ContentDoc("guid", {"autoLoad": True}),
        ContentMove(ID(1, 2), ID(1, 4), 2),
        ContentDeleted(3),
    ]
    structs: list[Struct] = []
    clock = 0
    for content in contents:
        structs.append(Item.of(ID(5, clock), content, origin=ID(5, clock - 1), right_origin=ID(9, 3)) if clock else
                       Item.of(ID(5, clock), content, parent=RootName("t"), parent_sub="key"))  # fmt: skip
        clock += content.length
    keyed = Item(ID(5, clock), ID(1, 0), None, None, None, ContentBinary(b""), ContentBinary.ref | 0x80 | 0x20)
    nested = Item.of(ID(5, clock + 1), ContentString("in"), parent=ID(1, 0))
    return Update(
        {5: (*structs, keyed, nested, GC(ID(5, clock + 3), 2)), 3: (Skip(ID(3, 4), 6),)}, {5: ((1, 2), (clock, 1))}
    )


FORMATS: tuple[Format, ...] = ("v1", "v2")


def test_every_content_is_listed(kit: Kit) -> None:
    update = all_contents()
    for format in FORMATS:
        said = kit("explain", encode_update(update, format).hex())
        assert said.code == 0
        lines = said.out.splitlines()
        assert lines[0].startswith(f"update {format} (guessed: ")
        for part in (
            "client 5: 16 structs, clocks 0 to 33",
            r'String "a\"\n',
            'in root "t"  key "key"  partly deleted',
            'Any 1, -0, 1.5, "x", null, undefined, true, 7n  after 5:5  before 9:3',
            r'Any [1, [Infinity]], {"a": 2 bytes 0001, "$b": NaN}',
            "JSON 1, undefined",
            "Binary 2 bytes 0102",
            'Embed {"image": "u"}',
            'Format "bold": true',
            "Map  ",
            'XmlElement "p"',
            'WeakLink 1:2 to root "t", flags 0x31',
            'Doc "guid" {"autoLoad": true}',
            "Move 1:2 to 1:4, flags 0x2",
            "Deleted  ",
            "after 1:0  key as of its origin  deleted",
            "in 1:0",
            "GC",
            "client 3: 1 struct, clocks 4 to 9",
            "Skip",
            "  client 5: 1+2, 29+1",
            "17 structs (15 items, 1 GC, 1 skip) of 2 clients, 34 units; 3 units deleted in 2 ranges",
        ):
            assert part in said.out, part


def test_of_many_structs_that_are_alike_the_first_is_listed(kit: Kit) -> None:
    said = kit("explain", "AAAEQf7/AwAFAAP8/wMDCABBAwFsAQEBAARB/v8DAYCABAB3AXgBAQEB/v8D")
    assert [line.split() for line in said.out.splitlines()[2:5]] == [
        ["15", "1:0+1", "Any", '"x"', "in", "root", '"l"'],
        ["17", "1:1+1", "Deleted", "before", "1:0", "deleted"],
        ["and", "65534", "more", "like", "it,", "up", "to", "1:65535+1"],
    ]


def test_json_has_everything(kit: Kit) -> None:
    said = kit("explain", "--json", encode_update(all_contents()).hex())
    shown = said.json
    assert (shown["kind"], shown["format"], shown["guessed"], shown["fault"]) == ("update", "v1", True, None)
    first, second, third, *_ = shown["structs"]
    assert first["offset"] == 4
    assert (first["id"], first["parent"], first["key"]) == ({"client": 5, "clock": 0}, {"root": "t"}, "key")
    assert second["origin"] == {"client": 5, "clock": 5}
    assert second["content"]["values"][1] == {"$number": "-0"}
    assert third["content"]["values"][1] == {"$object": {"a": {"$bytes": "AAE="}, "$b": {"$number": "NaN"}}}
    assert [struct["content"]["kind"] for struct in shown["structs"]][-4:] == ["Binary", "String", "GC", "Skip"]
    assert shown["structs"][-4]["deleted"] == "all"
    assert shown["structs"][-4]["key_of_origin"] is True
    assert shown["deletes"] == {"5": [{"clock": 1, "length": 2}, {"clock": 29, "length": 1}]}


def test_offsets_are_those_of_the_bytes(kit: Kit) -> None:
    update = Update({1: (GC(ID(1, 0), 2), Item.of(ID(1, 2), ContentString("ab"), parent=RootName("t")))}, {})
    for format in FORMATS:
        data = encode_update(update, format)
        structs = kit("explain", "--json", data.hex()).json["structs"]
        assert data[structs[0]["offset"]] == 0
        assert data[structs[1]["offset"]] == ContentString.ref


@pytest.mark.parametrize(
    ("data", "format"),
    [(ABC, "v1"), (DELETES, "v1"), ("0000", "v1"), ("00000000000001000000000000", "v2")],
)
def test_the_format_is_guessed(kit: Kit, data: str, format: str) -> None:
    said = kit("explain", data)
    assert said.code == 0
    assert said.out.startswith(f"update {format} (guessed: ")
    assert "guessed" not in kit("explain", data, f"--{format}").out


@pytest.mark.parametrize("written", ["hex", "base64", "raw file", "hex file"])
def test_bytes_are_given_as_to_feed(kit: Kit, tmp_path: Path, written: str) -> None:
    data = base64.b64decode(ABC) if written != "raw file" else bytes.fromhex("0101010004010174 08 c3a9c3a9c3a9c3a9 00")
    given = {"hex": data.hex(), "base64": ABC}.get(written, f"@{tmp_path / 'it'}")
    (tmp_path / "it").write_bytes(data if written == "raw file" else data.hex().encode())
    assert kit("explain", given).code == 0


def test_what_lies_before_a_fault_is_listed(kit: Kit) -> None:
    whole = encode_update(all_contents())
    said = kit("explain", whole[:30].hex())
    assert said.code == 2
    lines = said.out.splitlines()
    assert 'key "key"' in lines[2]
    assert lines[-1].startswith("broken at byte ")
    assert said.err == ""
    shown = kit("explain", "--json", whole[:30].hex())
    assert shown.code == 2
    assert shown.json["fault"]["offset"] == 30
    assert shown.json["fault"]["reason"].startswith("unexpected end")
    assert len(shown.json["structs"]) == 1


def test_every_cut_ends_with_the_fault(kit: Kit) -> None:
    whole = encode_update(all_contents(), "v2")
    for length in range(0, len(whole), 7):
        said = kit("explain", "--v2", f"0x{whole[:length].hex()}")
        assert said.code == 2
        assert "broken at byte " in said.out


def test_other_kinds_that_fit_are_named(kit: Kit) -> None:
    message = encode_sync(SyncUpdate(base64.b64decode(ABC)))
    said = kit("explain", message.hex())
    assert said.code == 2
    assert "read to the last byte with --kind sync" in said.out


def test_bytes_left_over_are_told(kit: Kit) -> None:
    said = kit("explain", "--v1", "0000ff")
    assert said.code == 0
    assert "1 byte left over, from byte 2" in said.out


KINDS_LISTED: list[tuple[str, str, list[str]]] = [
    ("state-vector", "02 0703 0102", ["state vector, 5 bytes", "  client 7: next clock 3", "  client 1: next clock 2"]),
    (
        "snapshot",
        "01 01 02 0102 0401 01 0106",
        ["snapshot v1 (guessed: v2 fits too), 10 bytes", "  client 1: 1+2, 4+1"],
    ),
    ("snapshot", "00 00", ["snapshot v1 (guessed: v2 is the same here), 2 bytes", "  nothing", "  empty"]),
    (
        "snapshot",
        "00000000000001000000000101010000010103",
        ["snapshot v2 (guessed: behind empty columns", "  client 1: 0+1"],
    ),
    ("position", "00 01 00 41", ["relative position, 4 bytes", "  after the unit 1:0", "  assoc -1"]),
    ("position", "01 01 74 00", ['  at the end of root "t"']),
    ("position", "02 05 06 41", ["  at the beginning of the type 5:6"]),
    (
        "awareness",
        "02 01 02 02 7b7d 05 01 04 6e756c6c",
        ["   1  client 1, clock 2: {}", "   6  client 5, clock 1: gone"],
    ),
    ("sync", "00 01 00", ["sync step 1", "  state vector, 1 byte", "    empty"]),
    ("message", "02 00 02 6e6f 03", ['authentication: denied, "no"', "query awareness"]),
]


@pytest.mark.parametrize(("kind", "data", "shown"), KINDS_LISTED, ids=[f"{row[0]} {row[1]}" for row in KINDS_LISTED])
def test_other_kinds(kit: Kit, kind: str, data: str, shown: list[str]) -> None:
    said = kit("explain", "--kind", kind, data)
    assert said.code == 0
    for line in shown:
        assert any(there.startswith(line) for there in said.out.splitlines()), said.out
    assert kit("explain", "--json", "--kind", kind, data).json["kind"] == kind


def test_a_payload_is_listed_with_the_offsets_of_its_message(kit: Kit) -> None:
    abc = base64.b64decode(ABC)
    packet = b"".join(
        encode_message(each)
        for each in (SyncStep1(b"\0"), SyncUpdate(abc), AwarenessMessage(b"\1\1\1\2{}"), CustomMessage(9, b"xy"))
    )
    said = kit("explain", "--kind", "message", packet.hex())
    assert said.code == 0
    assert "custom message 9: 2 bytes 7879" in said.out
    messages: list[dict[str, Any]] = kit("explain", "--kind", "message", "--json", packet.hex()).json["messages"]
    (struct,) = messages[1]["payload"]["structs"]
    assert packet[struct["offset"]] == ContentString.ref
    broken = encode_sync(SyncUpdate(abc[:10]))
    said = kit("explain", "--kind", "sync", broken.hex())
    assert said.code == 2
    assert f"broken at byte {len(broken)}" in said.out


def test_two_updates_are_compared(kit: Kit) -> None:
    v2 = encode_update(read_update(ABC), "v2").hex()
    same = kit("explain", ABC, v2)
    assert (same.code, same.out.splitlines()[-1]) == (0, "both say the same")
    different = kit("explain", ABC, DELETES)
    assert different.code == 1
    assert different.out.splitlines()[-1] == "2 differences"
    assert "client 7: deleted only in b: 0+1, 3+2" in different.out
    assert kit("explain", "--json", ABC, v2).json == {"same": True, "differences": []}
    assert len(kit("explain", "--json", ABC, DELETES).json["differences"]) == 2


def read_update(text: str) -> Update:
    value = read(base64.b64decode(text)).value
    assert isinstance(value, Update)
    return value


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "the following arguments are required: HEX"),
        (["zz"], "'zz' is neither hexadecimal (an even number of digits) nor base64"),
        (["é"], "'é' is neither hexadecimal (an even number of digits) nor base64"),
        (["@/nowhere"], "cannot read /nowhere: No such file or directory"),
        ([ABC, ABC, ABC], "explain takes one or two updates, not 3"),
        (["00", "00", "--kind", "snapshot"], "two updates can be compared, but not two of --kind snapshot"),
        ([ABC, "0101"], "b is no sound update v1: byte 2: unexpected end"),
        ([ABC, "--v1", "--v2"], "not allowed with argument"),
        ([ABC, "--kind", "doc"], "invalid choice: 'doc'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_usage_is_one_clear_line(kit: Kit, arguments: list[str], says: str) -> None:
    said = kit("explain", *arguments)
    assert said.code == 2
    assert says in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_no_traceback(kit: Kit, kind: str) -> None:
    assert kit("explain", "--kind", kind, "").code == 2
