"""Layer 5: a real server passes its scenarios, one that is wrong in one way fails the scenario that is about it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.miniatures.server import FAULTS
from tests.support import Results, conformance, read, real

SERVER = "y-websocket-server"
CLIENTS = "yjs,yrs,pycrdt"
MINIATURE = Path(__file__).parent / "miniatures" / "server.py"


def _run(folder: Path, *arguments: object) -> tuple[int, Results]:
    file = folder / "results.ndjson"
    said = conformance("--layers", "websocket", "--castings", "once", "--results", file, *arguments)
    assert said.code in (0, 1), said.err
    return said.code, read(file)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """The scenarios of FAULTS, by the server itself."""
    filters = [part for _, case in FAULTS.values() for part in ("--filter", case)]
    code, results = _run(tmp_path_factory.mktemp("sound"), "--impls", f"{SERVER},{CLIENTS}", *filters)
    assert code == 0
    return results


@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_server_is_caught(tmp_path: Path, sound: Results, fault: str) -> None:
    launch = real(SERVER)
    argv = [sys.executable, str(MINIATURE), fault, *launch.argv]
    manifest = tmp_path / "wrong-server.toml"
    manifest.write_text(
        'name = "wrong-server"\ntitle = "Wrong"\nhomepage = "https://example.org"\nlanguage = "python"\n'
        f'roles = ["server"]\nprovider = "command"\nargv = {json.dumps(argv)}\n'
    )
    case = FAULTS[fault][1]
    code, results = _run(
        tmp_path, "--runner", manifest, "--impls", f"wrong-server,{CLIENTS}", "--filter", case, "--fail-fast"
    )
    assert code == 1
    assert "fail" in {record["verdict"] for record in results.all if record["case"] == case}
    assert sound.verdict(case) == "pass"
