"""Layer 5: a real server passes its scenarios, one that is wrong in one way fails the scenario that is about it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.miniatures.server import FAULTS
from tests.support import Results, a_manifest, perform_layer, real

SERVER = "y-websocket-server"
CLIENTS = "yjs,yrs,pycrdt"
MINIATURE = Path(__file__).parent / "miniatures" / "server.py"


def _run(folder: Path, *arguments: object) -> tuple[int, Results]:
    return perform_layer(folder, "websocket", "--castings", "once", *arguments)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """The scenarios of FAULTS, by the server itself."""
    filters = [part for _, case in FAULTS.values() for part in ("--filter", case)]
    code, results = _run(tmp_path_factory.mktemp("sound"), "--impls", f"{SERVER},{CLIENTS}", *filters)
    assert code == 0
    return results


@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_server_is_caught(tmp_path: Path, sound: Results, fault: str) -> None:
    argv = [sys.executable, MINIATURE, fault, *real(SERVER).argv]
    manifest = a_manifest(tmp_path, "wrong-server", argv, ["server"])
    case = FAULTS[fault][1]
    code, results = _run(
        tmp_path, "--runner", manifest, "--impls", f"wrong-server,{CLIENTS}", "--filter", case, "--fail-fast"
    )
    assert code == 1
    assert "fail" in {record["verdict"] for record in results.all if record["case"] == case}
    assert sound.verdict(case) == "pass"
