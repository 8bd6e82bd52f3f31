"""Layer 7: a real server and a real client pass; one of the two, wrong in one way, fails what is about it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support import Results, a_manifest, perform_layer, real

SERVER, CLIENT = "jupyter-collaboration", "jupyter-ydoc-client"
MINIATURE = Path(__file__).parent / "miniatures" / "jupyter.py"
FAULTS = {
    "saves-in-an-hour": ("jupyter", "collaboration/open-edit-save", "waited:disk.file.read"),
    "forgets-its-store": ("jupyter", "collaboration/offline-edit-after-restart", "split:agree"),
    "acknowledges-saves": ("lab", "collaboration/acknowledged-save-is-on-disk", "differs:disk.file.read"),
    "shows-another-document": ("lab", "collaboration/open-edit-save", "split:agree"),
}
"""A fault of tests/miniatures/jupyter.py -> the role that has it, the scenario that it must fail, and how."""


def _run(folder: Path, *arguments: object) -> tuple[int, Results]:
    return perform_layer(folder, "collaboration", *arguments)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """The scenarios of FAULTS, by the server and the client themselves."""
    filters = [part for _, case, _ in FAULTS.values() for part in ("--filter", case)]
    code, results = _run(tmp_path_factory.mktemp("sound"), "--impls", f"{SERVER},{CLIENT}", *filters)
    assert code == 0
    return results


@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_server_or_client_is_caught(tmp_path: Path, sound: Results, fault: str) -> None:
    role, case, signature = FAULTS[fault]
    wronged, other = (SERVER, CLIENT) if role == "jupyter" else (CLIENT, SERVER)
    manifest = a_manifest(tmp_path, "wrong", [sys.executable, MINIATURE, fault, *real(wronged).argv], [role])
    code, results = _run(tmp_path, "--runner", manifest, "--impls", f"wrong,{other}", "--filter", case)
    assert code == 1
    assert results.verdict(case) == "fail"
    assert signature in results.of(case)["signature"]
    assert sound.verdict(case) == "pass"
