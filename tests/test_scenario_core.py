"""Scenarios: what a step can demand, who is cast, what passes by, and what a broken file is told."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.errors import UsageError
from conformance.model.implementation import Hello, Implementation
from conformance.model.layers import DOCUMENTS, parse_layers
from conformance.model.manifest import load_manifests
from conformance.provision import Launch
from conformance.resources import data_root
from conformance.scenario.agreement import Sight, parted
from conformance.scenario.casting import CONVERSES, casts, choices
from conformance.scenario.frames import BINARY, Message, Watcher
from conformance.scenario.model import Role, Scenario, load_scenarios
from conformance.scenario.participant import Fault
from conformance.scenario.predicate import meets
from conformance.scenario.verdict import DIFFERS, REFUSED, SPLIT, UNDELIVERED, WAITED, Failure, Outcome

HEAD = b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"


@pytest.mark.parametrize(
    ("text", "layers"),
    [
        ("0-3", (DOCUMENTS,)),
        ("4-7", ("store", "websocket", "ydoc", "collaboration")),
        ("5", ("websocket",)),
        ("ydoc,store", ("store", "ydoc")),
    ],
)
def test_layers_have_names_and_numbers(text: str, layers: tuple[str, ...]) -> None:
    assert parse_layers(text) == layers


@pytest.mark.parametrize("text", ["0-7", "2", "8", "store-7", "", "sore"])
def test_other_layers_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--layers"):
        parse_layers(text)


@pytest.mark.parametrize(
    ("demand", "answer", "met"),
    [
        ({"is": {"a": 1}}, {"ok": {"a": 1.0}}, True),
        ({"is": {"a": 1}}, {"ok": {"a": 1, "b": 2}}, False),
        ({"like": {"a": 1}}, {"ok": {"a": 1, "b": 2}}, True),
        ({"like": [{"a": 1}]}, {"ok": [{"a": 1}, {"a": 2}]}, False),
        ({"contains": "ell"}, {"ok": "hello"}, True),
        ({"contains": {"id": 2}}, {"ok": [{"id": 1}, {"id": 2, "x": 3}]}, True),
        ({"size": 0}, {"ok": []}, True),
        ({"error": "refused"}, {"error": {"kind": "refused", "message": ""}}, True),
        ({"error": "any"}, {"ok": None}, False),
        ({"not": {"is": 1}}, {"ok": 2}, True),
        ({"any": [{"is": 1}, {"is": 2}]}, {"ok": 2}, True),
        ({"contains": "a", "not": {"contains": "b"}}, {"ok": "ab"}, False),
        ({"is": 1}, {"error": {"kind": "refused", "message": ""}}, False),
    ],
)
def test_demands(demand: dict[str, Any], answer: dict[str, Any], met: bool) -> None:
    assert meets(demand, answer) is met


def test_documents_with_equal_vectors_must_show_the_same() -> None:
    one, other = Sight("a", {1: 2}, {"t": {"$text": "ab"}}), Sight("b", {1: 2}, {"t": {"$text": "ba"}})
    late = Sight("c", {1: 1}, {"t": {"$text": "a"}})
    assert parted([one, one], ()) == ""
    assert parted([one, other], ()) == "content"
    assert parted([one, late], ()) == "vectors"


@pytest.mark.parametrize(
    ("casting", "expected"),
    [
        ("once", [(0, 2, 3), (1, 3, 4)]),
        ("rotate", [(0, 2, 3), (0, 3, 4), (0, 4, 2), (1, 2, 3), (1, 3, 4), (1, 4, 2)]),
    ],
)
def test_each_server_is_cast_with_clients_in_turn(casting: str, expected: list[tuple[int, ...]]) -> None:
    scenario = _scenario()
    assert list(casts(scenario, [[0, 1], [2, 3, 4], [2, 3, 4]], casting)) == expected
    assert len(list(casts(scenario, [[0, 1], [2, 3, 4], [2, 3, 4]], "all"))) == 2 * 3 * 3
    assert list(casts(scenario, [[0, 1], [], [2]], casting)) == []


def test_pairs_lets_every_two_meet_in_few_casts() -> None:
    found = list(casts(_scenario(), [[0, 1], [2, 3, 4], [2, 3, 4]], "pairs"))
    assert len(found) == len(set(found)) == 3 * 3
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert len({(cast[one], cast[other]) for cast in found}) == (9 if one else 6)
    assert list(casts(_scenario("server"), [[5, 6]], "pairs")) == [(5,), (6,)]


def test_only_those_meet_that_speak_the_same() -> None:
    """A library without a network of its own meets everybody, since the kit carries its messages."""
    names = ("hocuspocus", "hocuspocus-server", "y-websocket", "y-websocket-server", "yjs")
    manifests = load_manifests(data_root())
    players = [
        Implementation(name, name, Launch((), {}, None), Hello(name, "1", "", "", CONVERSES, ())) for name in names
    ]
    steps = ({"by": "a", "op": "connect", "to": "server", "room": "r"},)
    roles = (Role("server", "server", (), "", {}), Role("a", "client", (), "", {}))
    scenario = replace(_scenario(), roles=roles, steps=steps)
    met = [
        tuple(names[player] for player in cast)
        for chosen in choices(scenario, players, manifests)
        for cast in casts(scenario, chosen, "all")
    ]
    assert met == [
        ("y-websocket-server", "y-websocket"),
        ("y-websocket-server", "yjs"),
        ("hocuspocus-server", "hocuspocus"),
        ("hocuspocus-server", "yjs"),
    ]


def _scenario(*names: str) -> Scenario:
    """Of these roles; a server and two clients when none are named."""
    roles = tuple(Role(name, "client", (), "", {}) for name in names or ("server", "a", "b"))
    return Scenario("websocket/x", "", "", "required", "websocket", (), (), {}, roles, "rotate", 1.0, (), Path())


def _frame(payload: bytes, *, final: bool = True, opcode: int = BINARY, mask: bytes = b"") -> bytes:
    size = len(payload)
    length = bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2, "big")
    if mask:
        length = bytes([length[0] | 0x80]) + length[1:]
        payload = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
    return bytes([0x80 * final | opcode]) + length + mask + payload


@given(
    st.lists(st.tuples(st.binary(max_size=300), st.booleans(), st.integers(0, 300)), max_size=5),
    st.lists(st.integers(1, 200), max_size=20),
)
def test_messages_are_seen_however_they_are_cut(messages: list[tuple[bytes, bool, int]], cuts: list[int]) -> None:
    stream = HEAD
    for payload, masked, at in messages:
        mask = b"\x01\x02\x03\x04" if masked else b""
        first, rest = payload[:at], payload[at:]
        stream += _frame(first, final=not rest, mask=mask) + (_frame(rest, opcode=0, mask=mask) if rest else b"")
    watcher = Watcher()
    seen: list[Message] = []
    for cut in cuts:
        seen += watcher.feed(stream[:cut])
        stream = stream[cut:]
    seen += watcher.feed(stream)
    assert seen == [Message(BINARY, payload) for payload, _, _ in messages]


def _written(folder: Path, **changes: Any) -> Path:
    case: dict[str, Any] = {
        "id": "websocket/own",
        "title": "own",
        "reason": "The test says why it is so.",
        "links": [],
        "level": "required",
        "roles": {"server": {"plays": "server"}, "a": {"plays": "client", "client": 1}},
        "steps": [{"by": "a", "op": "connect", "to": "server", "room": "r"}],
    }
    file = folder / "own.json"
    file.write_text(json.dumps({"layer": "websocket", "title": "own", "cases": [{**case, **changes}]}))
    return file


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"steps": [{"by": "b", "op": "state"}]}, r"step 1 \(state\): no role b: name one of server, a"),
        ({"steps": [{"op": "state"}]}, "'by' is a required property"),
        ({"steps": [{"by": "a", "op": "apply", "update": "u"}]}, "nothing filled the slot u"),
        ({"id": "store/own"}, "its id must begin with the layer, websocket/"),
        ({"roles": {"s": {"plays": "store"}}, "steps": [{"by": "s", "op": "x"}]}, "s plays 'store'"),
        ({"roles": {"n": {"plays": "network"}}, "steps": [{"by": "n", "op": "heal"}]}, "no implementation plays"),
    ],
)
def test_a_broken_scenario_is_told_what_and_where(tmp_path: Path, changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        load_scenarios([_written(tmp_path, **changes)], ["websocket", "store"])


def test_the_shipped_scenarios_are_valid() -> None:
    assert load_scenarios([data_root() / "vectors" / "scenarios"], parse_layers("4-7"))


@pytest.mark.parametrize(
    ("checks", "again"),
    [((WAITED,), True), ((UNDELIVERED,), True), ((SPLIT,), False), ((DIFFERS, WAITED), False), ((REFUSED,), False)],
)
def test_only_a_wait_in_vain_may_be_the_machines(checks: tuple[str, ...], again: bool) -> None:
    failures = tuple(Failure(0, check, {"op": "state"}, "a", {}, {"ok": 1}) for check in checks)
    assert Outcome(_scenario(), (0,), failures).waited_in_vain is again


@pytest.mark.parametrize(("kind", "again"), [("timeout", True), ("crash", False), ("protocol", False)])
def test_nor_is_a_crash_the_machines(kind: str, again: bool) -> None:
    assert Outcome(_scenario(), (0,), fault=Fault("a", kind, "")).waited_in_vain is again
