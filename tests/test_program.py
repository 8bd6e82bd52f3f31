"""Programs: what is sent to whom, and which bytes travel between the runners of a casting."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from conformance.model.implementation import SPEAKS_V2
from conformance.model.vector import Case, load_cases
from conformance.plan.casting import castings, perform
from conformance.plan.program import Program, compile_case, fill
from conformance.plan.script import parts
from conformance.resources import data_root
from tests.support import ABC, INSERT, Step, a_case, read_cases

if TYPE_CHECKING:
    from pathlib import Path

TWO_PEERS = {"a": {"client": 1}, "b": {"client": 2}}
EXCHANGE = [INSERT, {"op": "encode", "peer": "a", "as": "u"}, {"op": "apply", "peer": "b", "update": "u"}]


def two_peers(folder: Path) -> Case:
    (case,) = read_cases(folder, a_case("exchange", EXCHANGE, {"converged": ABC}, peers=TWO_PEERS))
    return case


def sessions(program: Program) -> list[tuple[int, dict[str, Any]]]:
    """Turn after turn: the actor, and the request that it gets, with the name of a slot where its bytes will be."""
    slots = {name: f"bytes of {name}".encode() for name in program.exported.values()}
    return [(chunk.actor, json.loads(b"{" + b"".join(fill(chunk, slots)))) for chunk in program.turns]


def test_alone_one_request_says_everything(tmp_path: Path) -> None:
    program = compile_case(two_peers(tmp_path), (0, 0), "v1")
    ((actor, request),) = sessions(program)
    assert actor == 0
    assert request["peers"].keys() == {"a", "b", "@relay"}
    assert request["end"] is True
    assert not program.exported


def test_in_a_cross_casting_the_updates_and_state_vectors_of_each_peer_travel(tmp_path: Path) -> None:
    program = compile_case(two_peers(tmp_path), (0, 1), "v1")
    travelling = {"u", "@a>b.since", "@a>b", "@b>a.since", "@b>a", "@relay.update"}
    assert set(program.exported.values()) == travelling

    (_, first), (_, second), *later = sessions(program)
    assert first["peers"].keys() == {"a", "@relay"}, "the relay is played by the first part"
    assert second["peers"].keys() == {"b"}
    assert second["steps"][0] == {"op": "apply", "peer": "b", "update": {"base64": "bytes of u"}}

    assert not [request for _, request in later if "peers" in request or "roots" in request]
    ends = [actor for actor, request in sessions(program) if request["end"]]
    assert sorted(ends) == [0, 1]


def test_in_its_turn_an_actor_performs_all_that_needs_no_bytes_to_come(tmp_path: Path) -> None:
    peers = {name: {"client": client} for client, name in enumerate("abc", 1)}
    made: list[Step] = [{**INSERT, "peer": peer, "as": f"u{peer}"} for peer in "abc"]
    taken: list[Step] = [{"op": "apply", "peer": to, "update": f"u{of}"} for to, of in ("ca", "ab", "ac", "cb")]
    (case,) = read_cases(tmp_path, a_case("three", [*made, *taken], {"agree": True}, peers=peers))
    turns = sessions(compile_case(case, (0, 1, 2), "v1"))
    assert [actor for actor, _ in turns[:6]] == [0, 1, 2, 0, 1, 2]
    assert {len(request["steps"]) for _, request in turns[:3]} == {1}, "what needs nobody is a turn of its own"
    for _, request in (turns[3], turns[5]):
        assert [step["op"] for step in request["steps"][:2]] == ["apply", "apply"], "of both others at once"


def test_one_peer_is_cast_with_the_relay_as_its_reader(tmp_path: Path) -> None:
    (case,) = read_cases(tmp_path, a_case("one", [INSERT], {"converged": ABC}))
    assert parts(case) == ("a", "@relay")
    program = compile_case(case, (0, 1), "v1")
    assert set(program.exported.values()) == {"@relay.update"}
    (writer, sent), (reader, relayed) = sessions(program)
    assert (writer, [*sent["peers"]]) == (0, ["a"])
    assert (reader, [*relayed["peers"]]) == (1, ["@relay"])
    assert relayed["steps"][0]["update"] == {"base64": "bytes of @relay.update"}


def test_no_turn_needs_bytes_that_are_not_made_before_it() -> None:
    for case in load_cases([data_root() / "vectors"]):
        size = len(parts(case))
        program = compile_case(case, tuple(range(size)), "v1")
        made: set[str] = set()
        for chunk in program.turns:
            assert set(chunk.needs) <= made, case.id
            made |= {slot for position, slot in program.exported.items() if position in chunk.positions}
        sent = [position for chunk in program.turns for position in chunk.positions]
        assert sorted(sent) == list(range(len(program.steps))), case.id


def test_bytes_of_the_vector_and_what_is_made_of_them_keep_their_format(tmp_path: Path) -> None:
    raw = {"op": "apply", "peer": "a", "update": {"base64": "AAA="}}
    steps: list[Step] = [
        raw,
        {"op": "merge", "peer": "a", "updates": [{"base64": "AAA="}, {"base64": "AAA="}], "as": "m"},
        {"op": "apply", "peer": "a", "update": "m"},
        {"op": "encode", "peer": "a", "format": "v1", "as": "u"},
        {"op": "apply", "peer": "a", "update": "u"},
        {"op": "encode", "peer": "a", "as": "w"},
        {"op": "apply", "peer": "a", "update": "w"},
    ]
    (case,) = read_cases(tmp_path, a_case("raw", steps, {"converged": {"state": {"t": {"$text": ""}}}}))
    program = compile_case(case, (0, 0), "v2")
    assert [step.get("format", "v1") for step in program.steps[:7]] == ["v1", "v1", "v1", "v1", "v1", "v2", "v2"]
    relay = [step for step in program.steps if step.get("as") == "@relay.update"]
    assert [step["format"] for step in relay] == ["v2"]


def test_a_case_that_must_be_refused_has_no_finale_and_is_performed_alone(tmp_path: Path) -> None:
    steps = [{"op": "apply", "peer": "a", "update": {"base64": "AQ=="}, "as": "x"}]
    expect = {"observations": {"x": {"refused": True}}}
    cases = read_cases(tmp_path, a_case("refused", steps, expect, verdict="invalid"))
    performances = list(perform(cases, "pairs", [SPEAKS_V2, SPEAKS_V2]))
    assert [performance.cast for performance in performances] == [(0,), (1,)]
    assert performances[0].program.steps == tuple(cases[0].steps)


# --- castings ---


def test_pairs_are_every_writer_with_every_reader() -> None:
    pairs = list(castings("pairs", 3, 2))
    assert sorted(pairs) == [(writer, reader) for writer in range(3) for reader in range(3)]
    assert pairs[:3] == [(0, 0), (1, 1), (2, 2)]
    assert set(castings("pairs", 2, 3)) == {(0, 0, 0), (1, 1, 1), (0, 1, 1), (1, 0, 0)}


def test_all_is_every_assignment_and_solo_each_alone() -> None:
    assert len(set(castings("all", 3, 3))) == 27
    assert list(castings("solo", 3, 2)) == [(0, 0), (1, 1), (2, 2)]


def test_v2_is_performed_where_all_that_are_cast_speak_it(tmp_path: Path) -> None:
    performances = list(perform([two_peers(tmp_path)], "pairs", [SPEAKS_V2, frozenset(), SPEAKS_V2]))
    in_v2 = {performance.cast for performance in performances if performance.program.format == "v2"}
    assert in_v2 == {(0, 0), (2, 2), (0, 2), (2, 0)}
    assert len(performances) == 9 + 4
