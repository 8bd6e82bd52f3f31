"""`feed`: one suspect update, and what every implementation makes of it."""

from __future__ import annotations

import base64
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from conformance.given import read_update
from tests.support import MINIATURE, conformance, one_line, real

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Said

BOTH = ("--impls", "pycrdt,yjs")
ABC = "AQEBAAQBAXQDYWJjAA=="  # client 1 inserts abc into the text t
ABC_V2 = "AAABAQAAAQQHBHRhYmMBAwEBAAABAQAA"
AND_D = "AQEBA4QBAgFkAA=="  # and then d, after c: it waits for what is missing
BIGINT = "AQEFAAgBAWEBehAAAAAAAAAAAA=="  # an array with a bigint
JSON_ITEM = "AQEHAAIBAWwFATEDImEiBG51bGwMeyJrIjpbdHJ1ZV19CXVuZGVmaW5lZAA="  # the old ContentJSON, with undefined

KEYS = {
    "impl", "version", "outcome", "message", "state", "state_vector", "update", "pending",
    "resynced_state", "resynced_state_vector",
}  # fmt: skip


def feed(*arguments: object) -> Said:
    return conformance("feed", *arguments)


def fed(*arguments: object) -> dict[str, dict[str, Any]]:
    """Implementation -> what `feed --json` says of it."""
    return {entry["impl"]: entry for entry in feed(*arguments, "--json").json}


def test_those_that_agree_are_one_cluster() -> None:
    said = feed(ABC, *BOTH)
    assert said.code == 0
    assert "roots: t (text)" in said.out
    assert '{"t":{"$text":"abc"}}' in said.out
    assert said.out.splitlines()[-1] == "all agree"


def test_those_that_do_not_are_clusters_of_their_own() -> None:
    said = feed(JSON_ITEM, *BOTH, "--root", "l=array")
    assert said.code == 1
    assert said.out.splitlines()[-1] == "2 different answers"
    entries = fed(JSON_ITEM, *BOTH, "--root", "l=array")
    assert entries["yjs"]["outcome"] == "ok"
    assert entries["yjs"]["state"] == {"l": {"$array": [1, "a", None, {"k": [True]}, {"$undefined": True}]}}
    assert entries["pycrdt"]["outcome"] == "error"
    assert entries["pycrdt"]["message"]


def test_what_is_encoded_otherwise_is_shown_though_the_states_agree() -> None:
    entries = fed(BIGINT, *BOTH, "--root", "a=array")
    assert (
        entries["pycrdt"]["state"] == entries["yjs"]["state"] == {"a": {"$array": [{"$bigint": "1152921504606846976"}]}}
    )
    assert entries["yjs"]["update"] == BIGINT != entries["pycrdt"]["update"]
    out = feed(BIGINT, *BOTH, "--root", "a=array").out
    assert f"{BIGINT} (yjs)" in out and f"{entries['pycrdt']['update']} (pycrdt)" in out


def test_json_has_these_keys() -> None:
    said = feed(ABC, *BOTH, "--json")
    assert said.code == 0
    assert [entry["impl"] for entry in said.json] == ["pycrdt", "yjs"]
    for entry in said.json:
        assert entry.keys() == KEYS
        assert (entry["outcome"], entry["message"], entry["update"]) == ("ok", "", ABC)
        assert entry["state_vector"] == entry["resynced_state_vector"] == {"1": 3}


def test_an_update_that_waits_is_integrated_once_what_was_missing_comes() -> None:
    waiting = fed(AND_D, *BOTH, "--root", "t=text")
    for entry in waiting.values():
        assert (entry["outcome"], entry["state"], entry["state_vector"]) == ("ok", {"t": {"$text": ""}}, {})
    assert waiting["yjs"]["pending"] is True

    for order in ("1,2", "2,1"):
        for entry in fed(ABC, AND_D, *BOTH, "--order", order).values():
            assert entry["state"] == entry["resynced_state"] == {"t": {"$text": "abcd"}}
            assert entry["state_vector"] == entry["resynced_state_vector"] == {"1": 4}
            assert not entry["pending"]


def test_updates_in_v2() -> None:
    entries = fed(ABC_V2, *BOTH, "--v2")
    assert (entries["yjs"]["state"], entries["yjs"]["update"]) == ({"t": {"$text": "abc"}}, ABC_V2)
    assert entries["pycrdt"]["outcome"] == "error"
    assert entries["pycrdt"]["message"] == "unsupported: apply.v2"


def test_an_update_is_hexadecimal_or_base64_or_in_a_file(tmp_path: Path) -> None:
    data = base64.b64decode(ABC)
    (tmp_path / "raw").write_bytes(data)
    (tmp_path / "hex").write_text(data.hex() + "\n")
    texts = [ABC, ABC.rstrip("="), data.hex(), data.hex(" "), f"0x{data.hex()}", data.hex().upper()]
    files = [f"{at}{tmp_path / name}" for at in ("@", "") for name in ("raw", "hex")]
    assert {read_update(text) for text in [*texts, *files]} == {data}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["zz"], "'zz' is neither hexadecimal (an even number of digits) nor base64"),
        (["01010"], "'01010' is neither hexadecimal (an even number of digits) nor base64"),
        (["@/nowhere"], "cannot read /nowhere: No such file or directory"),
        ([ABC, "--order", "2"], "--order 2: name each of the updates 1 to 1 once, for example 1"),
        ([ABC, ABC, "--order", "1,1"], "--order 1,1: name each of the updates 1 to 2 once, for example 2,1"),
        ([ABC, "--root", "t=tree"], "--root t=tree: write NAME=KIND, with a kind of text, array, map, xml"),
        ([], "the following arguments are required: HEX"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_fed_is_one_clear_line(arguments: list[str], says: str) -> None:
    said = feed(*arguments, "--impls", "pycrdt")
    assert said.code == 2
    assert says in one_line(said)


DIES = """\
import os, sys
sys.path.insert(0, {folder!r})
from miniature import Miniature, steps

class DiesOfUpdates(Miniature):
    def before(self, request):
        if any(step["op"] == "apply" for step in steps(request)):
            sys.stderr.write("assertion failed: clock\\n")
            sys.stderr.flush()
            os.abort()

DiesOfUpdates(sys.argv[1:]).serve()
"""


def test_one_that_crashes_does_not_take_the_others_with_it(tmp_path: Path) -> None:
    (tmp_path / "dies.py").write_text(DIES.format(folder=str(MINIATURE.parent)))
    argv = [sys.executable, str(tmp_path / "dies.py"), *real("yjs").argv]
    (tmp_path / "dies.toml").write_text(
        'name = "dies"\ntitle = "Dies"\nhomepage = "https://example.org"\nlanguage = "python"\n'
        f'provider = "command"\nargv = {json.dumps(argv)}\n'
    )
    arguments = (ABC, "--runner", tmp_path / "dies.toml", "--impls", "dies,yjs,pycrdt")
    assert feed(*arguments).code == 1
    entries = fed(*arguments)
    assert entries["dies"]["outcome"] == "crash"
    assert entries["dies"]["message"] == "ended with SIGABRT: assertion failed: clock"
    assert entries["dies"]["state"] is None
    assert entries["yjs"]["state"] == entries["pycrdt"]["state"] == {"t": {"$text": "abc"}}
