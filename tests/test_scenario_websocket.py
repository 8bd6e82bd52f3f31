"""Layer 5: who meets whom on a WebSocket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support import perform_layer

if TYPE_CHECKING:
    from pathlib import Path

PLAYERS = "y-websocket-server,y-websocket,hocuspocus-server,hocuspocus,pycrdt"


def test_hocuspocus_meets_its_own_provider_and_libraries_and_nobody_else(tmp_path: Path) -> None:
    case = "websocket/first-sync"
    code, results = perform_layer(tmp_path, "websocket", "--impls", PLAYERS, "--filter", case, "--castings", "all")
    assert code == 0
    casts = {tuple(record["cast"]) for record in results.all}
    assert len(casts) == 2 * 2 * 2
    assert all(("hocuspocus" in cast) <= ("hocuspocus-server" in cast) for cast in casts)
    assert results.verdict(case, "hocuspocus-server", "hocuspocus", "pycrdt") == "pass"
