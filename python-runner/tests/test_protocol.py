"""The protocol, spoken with the real process."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

from conftest import MODULES, RUNNER, Process

if TYPE_CHECKING:
    from pathlib import Path

INSERT = {"op": "text.insert", "peer": "a", "path": ["t"], "index": 0, "text": "hi"}
STATE = {"op": "state", "peer": "a", "as": "s"}


def test_hello_names_the_loaded_library(runner: Process, impl: str) -> None:
    hello = runner.ask(hello={"protocol": 1})["hello"]
    assert hello["protocol"] == 1
    assert hello["name"] == impl
    assert hello["language"] == "python"
    assert hello["version"][0].isdigit()
    assert {"text.insert", "apply", "encode", "state", "root.text", "emit"} <= set(hello["features"])
    assert len(hello["features"]) == len(set(hello["features"]))
    assert "undefined" in hello["lossy"]


def test_a_session_observes_its_state(runner: Process) -> None:
    state = {"t": {"$text": "hi"}, "l": {"$array": []}, "m": {"$map": {}}}
    assert runner.play(INSERT, STATE) == [None, {"ok": state}]


def test_steps_in_a_row_that_observe_nothing_are_told_as_their_number(runner: Process) -> None:
    part = {"session": 9, "roots": {"t": "text"}, "peers": {"a": {"client": 1}}, "end": True}
    (told,) = runner.ask(run=[{**part, "steps": [INSERT, INSERT, STATE, INSERT]}])["run"]
    assert told["answers"] == [2, {"ok": {"t": {"$text": "hihi"}}}, 1]


def test_a_part_is_like_another_one_of_its_request(runner: Process) -> None:
    part = {"roots": {"t": "text"}, "peers": {"a": {"client": 1}}, "steps": [INSERT]}
    runner.ask(run=[{"session": 1, **part}, {"session": 2, "like": 0}])
    go_on = [{"session": 1, "steps": [INSERT, STATE], "end": True}, {"session": 2, "steps": [STATE], "end": True}]
    first, second = runner.ask(run=go_on)["run"]
    assert first["answers"] == [1, {"ok": {"t": {"$text": "hihi"}}}]
    assert second == {"session": 2, "answers": [{"ok": {"t": {"$text": "hi"}}}]}


def test_a_session_goes_on_in_the_next_request_and_is_then_forgotten(runner: Process) -> None:
    roots, peers = {"t": "text"}, {"a": {"client": 1}}
    first = {"session": 9, "roots": roots, "peers": peers, "steps": [{**INSERT, "as": "u"}]}
    (answer,) = runner.ask(run=[first])["run"][0]["answers"]
    assert answer["ok"] == "AQEBAAQBAXQCaGkA"
    second = {"session": 9, "steps": [STATE], "end": True}
    assert runner.ask(run=[second])["run"] == [{"session": 9, "answers": [{"ok": {"t": {"$text": "hi"}}}]}]
    (again,) = runner.ask(run=[second])["run"][0]["answers"]
    assert again["error"]["kind"] == "runner"


def test_what_is_read_while_wrapping_does_not_hide_the_emitted_update(runner: Process) -> None:
    element = {"op": "array.insert", "peer": "a", "path": ["l"], "index": 0, "values": [0]}
    nowhere = {"op": "map.set", "peer": "a", "path": ["l", 7, "k"], "key": "k", "value": 0}
    transaction = {"op": "transact", "peer": "a", "steps": [nowhere, INSERT], "as": "u"}
    emitted = runner.play(element, transaction, wrap=True)[1]
    assert emitted == {"ok": "AQEBAQQBAXQCaGkA"}


def test_an_emitted_update_is_applied_by_another_peer(runner: Process) -> None:
    answers = runner.play(
        {**INSERT, "as": "u"},
        {"op": "apply", "peer": "b", "update": "u"},
        {"op": "state_vector", "peer": "b", "as": "v"},
    )
    assert answers[2] == {"ok": "AQEC"}


def test_a_transaction_that_changes_nothing_emits_nothing(runner: Process) -> None:
    delete = {"op": "map.delete", "peer": "a", "path": ["m"], "key": "none"}
    assert runner.play({"op": "transact", "peer": "a", "steps": [delete], "as": "u"}) == [None]


def test_offsets_are_utf16_units(runner: Process) -> None:
    answers = runner.play(
        {**INSERT, "text": "é😀z"},
        {**INSERT, "index": 3, "text": "|"},
        {"op": "text.delete", "peer": "a", "path": ["t"], "index": 1, "length": 2},
        STATE,
    )
    assert answers[3]["ok"]["t"] == {"$text": "é|z"}


def test_numbers_keep_their_value_and_tags(runner: Process) -> None:
    values = [1, -3, 0.5, 2**53, 1e300, {"$number": "NaN"}, {"$number": "-Infinity"}, {"$number": "-0"}]
    insert = {"op": "array.insert", "peer": "a", "path": ["l"], "index": 0, "values": values}
    assert runner.play(insert, STATE)[1]["ok"]["l"] == {"$array": values}


def test_nested_types_are_typed(runner: Process) -> None:
    value = {"$map": {"t": {"$text": "x"}, "l": {"$array": [{"$map": {}}]}, "j": {"a": [1]}}}
    answers = runner.play(
        {"op": "map.set", "peer": "a", "path": ["m"], "key": "k", "value": value},
        {"op": "text.insert", "peer": "a", "path": ["m", "k", "t"], "index": 1, "text": "y"},
        STATE,
    )
    value["$map"]["t"] = {"$text": "xy"}
    assert answers[2]["ok"]["m"] == {"$map": {"k": value}}


def test_an_unknown_op_is_unsupported_and_ends_the_session(runner: Process) -> None:
    assert runner.play({"op": "text.fancy", "peer": "a"}, STATE) == [{"unsupported": "text.fancy"}]


def test_an_unfilled_slot_fails_one_step(runner: Process) -> None:
    answers = runner.play({"op": "apply", "peer": "a", "update": "nothing"}, STATE)
    assert answers[0]["error"]["kind"] == "slot"
    assert "ok" in answers[1]


def test_a_malformed_step_is_the_callers_fault(runner: Process) -> None:
    (answer,) = runner.play({"op": "text.insert", "peer": "a", "path": ["t"]}, STATE)
    assert answer["error"] == {"kind": "runner", "message": "text.insert needs index"}


def test_a_malformed_update_is_refused_or_breaks_the_library_and_the_process_lives(runner: Process) -> None:
    answers = runner.play({"op": "apply", "peer": "a", "update": {"base64": "//8="}})
    assert answers[0]["error"]["kind"] in ("refused", "panic")
    assert runner.play(INSERT) == [None]


def test_a_panic_ends_its_session_only(runner: Process) -> None:
    outside = {"op": "array.delete", "peer": "a", "path": ["l"], "index": 5, "length": 2}
    part = {"session": 70, "roots": {"l": "array"}, "peers": {"a": {"client": 1}}, "steps": [outside, STATE]}
    (answer,) = runner.ask(run=[part])["run"][0]["answers"]
    assert answer["error"]["kind"] == "panic"
    assert runner.ask(run=[{"session": 70, "steps": [STATE], "end": True}])["run"][0]["answers"] == []
    assert runner.play(INSERT) == [None]


def test_lone_surrogates_are_unsupported(runner: Process) -> None:
    assert runner.play({**INSERT, "text": "\ud83d"}) == [{"unsupported": "text.lone-surrogate"}]


def test_a_line_of_several_megabytes_passes_both_ways(runner: Process) -> None:
    text = "long " * 1_000_000
    answers = runner.play({**INSERT, "text": text}, STATE, {"op": "encode", "peer": "a", "as": "u"})
    assert answers[1]["ok"]["t"] == {"$text": text}
    assert len(answers[2]["ok"]) > len(text)


def test_stray_prints_stay_off_standard_output(impl: str, site: str, tmp_path: Path) -> None:
    module = MODULES[impl][0]
    (tmp_path / f"{module}.py").write_text(
        "import importlib, os, subprocess, sys\n"
        "print('stray')\n"
        "os.write(1, b'stray\\n')\n"
        "subprocess.run([sys.executable, '-c', 'print(1)'])\n"
        f"sys.path[:] = [path for path in sys.path if path != {str(tmp_path)!r}]\n"
        f"sys.path.insert(0, {site!r})\n"
        f"del sys.modules[{module!r}]\n"
        f"importlib.import_module({module!r})\n"
    )
    process = Process(impl, str(tmp_path))
    assert process.ask(hello={"protocol": 1})["hello"]["name"] == impl
    assert process.close() == (b"", 0)


def test_a_missing_library_has_its_exit_code(impl: str, tmp_path: Path) -> None:
    command: list[Any] = [sys.executable, "-S", "-s", RUNNER / "main.py", "--impl", impl, "--site", tmp_path]
    for arguments in ([], [RUNNER.parent / "vectors"]):
        ended = subprocess.run(command + arguments, input=b"", capture_output=True, check=False)
        assert ended.returncode == 3
        assert ended.stdout == b""
        assert b"cannot load" in ended.stderr
