"""Undo scopes, snapshots, positions, subdocuments, awareness and sync, spoken with the real process."""

from __future__ import annotations

from binascii import a2b_base64
from typing import Any

import pytest
from conftest import Process, site_of

from runner.compare import read_awareness


@pytest.fixture
def pycrdt() -> Any:
    process = Process("pycrdt", site_of("pycrdt"))
    yield process
    assert process.close() == (b"", 0)


def insert(text: str, **keys: Any) -> dict[str, Any]:
    return {"op": "text.insert", "peer": "a", "path": ["t"], "index": 0, "text": text, **keys}


def step(op: str, peer: str = "a", **keys: Any) -> dict[str, Any]:
    return {"op": op, "peer": peer, **keys}


def values(answers: list[Any]) -> list[Any]:
    """What the steps observed; a step that failed fails the test."""
    return [None if answer is None else answer["ok"] for answer in answers]


def test_what_a_library_lacks_is_unsupported_by_the_name_of_the_op() -> None:
    process = Process("ypy", site_of("ypy"))
    for op in ("snapshot", "position", "undo.track", "subdocs.observe", "awareness.set", "sync.step1", "map.clear"):
        assert process.play(step(op, path=["m"], index=0, paths=[["t"]], state={})) == [{"unsupported": op}]
    assert process.play(step("state", doc=["m", "d"])) == [{"unsupported": "doc"}]
    assert process.play(insert("a", origin="o")) == [{"unsupported": "origin"}]
    process.close()


def test_a_map_is_cleared(pycrdt: Process) -> None:
    steps = [step("map.set", path=["m"], key=key, value=1) for key in "kl"]
    answers = pycrdt.play(*steps, step("map.clear", path=["m"]), step("state"))
    assert values(answers)[3]["m"] == {"$map": {}}


def test_an_undo_manager_follows_its_origins(pycrdt: Process) -> None:
    answers = pycrdt.play(
        step("undo.track", paths=[["t"]]),
        step("undo.track", paths=[["t"]], origins=["mine"], manager="second"),
        insert("a"),
        insert("b", origin="mine"),
        insert("c", origin="other"),
        step("undo", manager="second"),
        step("undo.can", manager="second"),
        step("undo"),
        step("undo.clear"),
        step("undo.can"),
        step("state"),
    )
    assert values(answers)[5:10] == [True, [False, True], True, None, [False, False]]
    assert values(answers)[10]["t"] == {"$text": "c"}


def test_edits_within_the_timeout_are_undone_together(pycrdt: Process) -> None:
    track = step("undo.track", paths=[["t"]], timeout=60_000)
    answers = pycrdt.play(track, insert("a"), insert("b"), step("undo"), step("state"))
    assert values(answers)[4]["t"] == {"$text": ""}


def test_an_element_cannot_be_tracked(pycrdt: Process) -> None:
    made = step("xml.insert", path=["x"], index=0, nodes=[{"$element": "p"}])
    answers = pycrdt.play(made, step("undo.track", paths=[["x", 0]]), roots={"x": "xml"})
    assert answers[1] == {"unsupported": "undo.track.xml"}


def test_an_undo_manager_has_to_be_there(pycrdt: Process) -> None:
    assert pycrdt.play(step("undo"))[0]["error"]["kind"] == "runner"


def test_a_snapshot_gives_the_document_as_it_was(pycrdt: Process) -> None:
    answers = pycrdt.play(
        insert("abc"),
        step("snapshot", **{"as": "s"}),
        insert("|", index=1),
        step("snapshot.restore", snapshot="s", **{"as": "u"}),
        step("apply", "b", update="u"),
        step("state", "b"),
        peers={"a": {"client": 1, "gc": False}, "b": {"client": 2}},
    )
    assert values(answers)[5]["t"] == {"$text": "abc"}


def test_a_position_stays_with_its_letter(pycrdt: Process) -> None:
    answers = pycrdt.play(
        insert("abc"),
        step("position", path=["t"], index=1, **{"as": "p"}),
        insert("😀"),
        step("position.resolve", position="p"),
        step("position.json", position="p"),
        step("position.parse", json={"item": {"client": 1, "clock": 1}, "assoc": 0}),
    )
    assert values(answers)[3:] == [3, {"item": {"client": 1, "clock": 1}, "assoc": 0}, "AAEBAA=="]


def test_steps_are_performed_within_a_subdocument(pycrdt: Process) -> None:
    answers = pycrdt.play(
        step("subdocs.observe"),
        step("map.set", path=["m"], key="d", value={"$doc": "inner"}),
        insert("x", doc=["m", "d"], **{"as": "u"}),
        step("state", doc=["m", "d"]),
        step("state_vector", doc=["m", "d"]),
        step("subdocs.events"),
        step("state"),
    )
    state = {"t": {"$text": "x"}, "l": {"$array": []}, "m": {"$map": {}}}
    events = [{"added": ["inner"], "removed": [], "loaded": ["inner"]}]
    assert values(answers)[3:6] == [state, "AQEB", events]
    assert values(answers)[6]["m"] == {"$map": {"d": {"$doc": "inner"}}}


def test_a_subdocument_that_came_with_an_update_has_the_peers_client(pycrdt: Process) -> None:
    answers = pycrdt.play(
        step("map.set", path=["m"], key="d", value={"$doc": "inner"}, **{"as": "u"}),
        step("apply", "b", update="u"),
        insert("x", peer="b", doc=["m", "d"]),
        step("state_vector", "b", doc=["m", "d"]),
    )
    assert values(answers)[3] == "AQIB"


def test_a_subdocument_cannot_be_loaded_before_an_observer(pycrdt: Process) -> None:
    answers = pycrdt.play(
        step("map.set", path=["m"], key="d", value={"$doc": "inner"}, **{"as": "u"}),
        step("subdocs.observe", "b"),
        step("apply", "b", update="u"),
        step("state", "b", doc=["m", "d"]),
    )
    assert answers[3] == {"unsupported": "doc.load"}


def test_no_subdocument_is_refused(pycrdt: Process) -> None:
    assert pycrdt.play(step("state", doc=["m", "none"]))[0]["error"]["kind"] == "refused"


def test_awareness_passes_between_peers(pycrdt: Process) -> None:
    answers = pycrdt.play(
        step("awareness.set", state={"name": "é"}),
        step("awareness.encode", clients=[1], **{"as": "w"}),
        step("awareness.apply", "b", update="w"),
        step("awareness.states", "b"),
        step("awareness.remove", "b", clients=[1]),
        step("awareness.events", "b"),
    )
    assert read_awareness(a2b_base64(values(answers)[1])) == {"1": {"clock": 1, "state": {"name": "é"}}}
    assert values(answers)[3] == {"1": {"name": "é"}, "2": {}}
    assert values(answers)[5] == [
        {"added": [1], "updated": [], "removed": []},
        {"added": [], "updated": [], "removed": [1]},
    ]


def test_a_silent_client_is_forgotten_in_time(pycrdt: Process) -> None:
    answers = pycrdt.play(
        step("awareness.set", state={"on": True}),
        step("awareness.encode", **{"as": "w"}),
        step("awareness.apply", "b", update="w"),
        step("awareness.advance", "b", milliseconds=27_000),
        step("awareness.states", "b"),
        step("awareness.advance", "b", milliseconds=3_000),
        step("awareness.states", "b"),
    )
    assert values(answers)[4] == {"1": {"on": True}, "2": {}}
    assert values(answers)[6] == {"2": {}}


def test_a_handshake_brings_two_peers_together(pycrdt: Process) -> None:
    answers = pycrdt.play(
        insert("abc"),
        step("sync.step1", "b", **{"as": "question"}),
        step("sync.read", message="question", **{"as": "reply"}),
        step("sync.read", "b", message="reply"),
        insert("x", **{"as": "u"}),
        step("sync.update", update="u", **{"as": "update"}),
        step("sync.read", "b", message="update"),
        step("sync.step2", "b"),
        step("state", "b"),
    )
    assert values(answers)[1] == "AAEA"
    assert values(answers)[3] is None
    assert a2b_base64(values(answers)[7])[:1] == b"\x01"
    assert values(answers)[8]["t"] == {"$text": "xabc"}
