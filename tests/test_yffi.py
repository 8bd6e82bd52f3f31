"""The C interface of Yrs, called by the Python runner: what the provider builds, spoken to by the protocol."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from conformance.model.manifest import load_manifests
from conformance.model.spec import parse_spec
from conformance.provision import provide
from conformance.resources import data_root

if TYPE_CHECKING:
    from collections.abc import Iterator

MANIFEST = load_manifests(data_root())["yffi"]


class Runner:
    """A runner process. `play` performs steps of the peers a and b."""

    def __init__(self) -> None:
        launch = provide(parse_spec("yffi"), MANIFEST, lambda _line: None)
        self.process = subprocess.Popen(
            launch.argv, env={**os.environ, **launch.env}, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def ask(self, **request: Any) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"seq": 1, **request}).encode() + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        return json.loads(line) if line else None

    def play(self, *steps: dict[str, Any], **session: Any) -> Any:
        roots = {"t": "text", "l": "array", "m": "map", "x": "xml"}
        peers = {"a": {"client": 1}, "b": {"client": 2}}
        whole = [{"peer": "a", **step} for step in steps]
        part = {"session": 1, "roots": roots, "peers": peers, "steps": whole, "end": True, **session}
        answer = self.ask(run=[part])
        return None if answer is None else answer["run"][0]["answers"]


@pytest.fixture
def runner() -> Iterator[Runner]:
    started = Runner()
    yield started
    started.process.communicate(timeout=60)


def insert(text: str, **more: Any) -> dict[str, Any]:
    return {"op": "text.insert", "path": ["t"], "index": 0, "text": text, **more}


STATE = {"op": "state"}


def test_hello_tells_the_release_that_was_built(runner: Runner) -> None:
    hello = runner.ask(hello={"protocol": 1})["hello"]
    assert (hello["name"], hello["version"], hello["language"]) == ("yffi", MANIFEST.version, "python")
    assert {"text.insert", "undo", "position", "xml.set.any"} <= set(hello["features"])
    assert not {"merge", "apply.v2", "observe"} & set(hello["features"])


def test_values_of_every_kind_come_back(runner: Runner) -> None:
    values = [
        None,
        True,
        1,
        0.5,
        "two",
        {"$bytes": "AP8="},
        {"$undefined": True},
        {"$number": "-0"},
        [1, {"k": [None]}],
    ]
    shared = [
        {"$text": [{"insert": "b", "attributes": {"bold": True}}, {"insert": {"$embed": {"e": 1}}}]},
        {"$array": [1, {"$map": {"k": {"$text": "in"}}}]},
        {"$element": "p", "attributes": {"id": 1}, "children": [{"$xmltext": "hi"}]},
        {"$doc": "guid"},
    ]
    answers = runner.play({"op": "array.insert", "path": ["l"], "index": 0, "values": [*values, *shared]}, STATE)
    assert answers[1]["ok"]["l"] == {"$array": [*values, *shared]}


def test_offsets_are_utf_16_units_and_a_local_op_emits(runner: Runner) -> None:
    emoji = {"op": "text.insert", "path": ["t"], "index": 2, "text": "!", "as": "u"}
    answers = runner.play(insert("\U0001f600x"), emoji, STATE)
    assert answers[1]["ok"] == "AQEBA8QBAQECASEA"
    assert answers[2]["ok"]["t"] == {"$text": "\U0001f600!x"}


def test_an_error_code_is_a_refusal(runner: Runner) -> None:
    answers = runner.play({"op": "apply", "update": {"base64": "AQEB"}}, STATE)
    assert answers[0]["error"] == {"kind": "refused", "message": "YffiError: error 3: the end of the bytes"}
    assert answers[1]["ok"]["t"] == {"$text": ""}


def test_undo_leaves_alone_what_others_wrote(runner: Runner) -> None:
    answers = runner.play(
        {"op": "undo.track", "paths": [["t"]]},
        insert("mine "),
        insert("theirs", peer="b", **{"as": "u"}),
        {"op": "apply", "update": "u"},
        {"op": "undo"},
        {"op": "undo.can"},
        STATE,
    )
    assert answers[-3:-1] == [{"ok": True}, {"ok": [False, True]}]
    assert answers[-1]["ok"]["t"] == {"$text": "theirs"}


def test_a_string_of_c_ends_at_a_nul(runner: Runner) -> None:
    assert runner.play(insert("a\0b"))[0] == {"unsupported": "text.nul"}


def test_a_panic_ends_the_process(runner: Runner) -> None:
    beyond = {"op": "array.insert", "path": ["l"], "index": 5, "values": [1]}
    assert runner.play(beyond) is None
    assert runner.process.wait(timeout=60) != 0
