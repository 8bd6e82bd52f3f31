"""Layer 4: what scenarios of stores can say, and a store that is known to lose a document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.scenario.casting import casts
from conformance.scenario.model import Role, Scenario, read
from conformance.scenario.predicate import meets
from tests.support import Results, perform_layer

STORE = "pycrdt-store-sqlite"


def _run(folder: Path, *arguments: object) -> tuple[int, Results]:
    return perform_layer(folder, "store", *arguments)


def test_a_known_divergence_of_a_store_is_met(tmp_path: Path) -> None:
    code, results = _run(tmp_path, "--impls", STORE, "--filter", "store/ttl-squash")
    assert code == 0
    assert results.of("store/ttl-squash")["known"] == ["pycrdt-store-sqlite-squash-empties-the-document"]


@pytest.mark.parametrize(
    ("demand", "answer", "met"),
    [
        ({"at": ["t", "$text"], "contains": "b"}, {"t": {"$text": "abc"}}, True),
        ({"at": [1], "is": 2}, [1, 2], True),
        ({"at": [2], "is": None}, [1, 2], False),
        ({"at": ["t"], "not": {"size": 1}}, {"t": "ab"}, True),
    ],
)
def test_a_demand_can_be_about_a_part(demand: dict[str, Any], answer: Any, met: bool) -> None:
    assert meets(demand, {"ok": answer}) is met
    assert not meets(demand, {"error": {"kind": "refused", "message": ""}})


def test_a_role_is_played_by_the_same_as_another() -> None:
    roles = (
        Role("writer", "store", (), "", {}),
        Role("reader", "store", (), "writer", {}),
        Role("other", "store", (), "", {}),
    )
    scenario = Scenario("store/x", "", "", "required", "store", (), (), {}, roles, "all", 1.0, (), Path())
    assert list(casts(scenario, [[0, 1], [0, 1], [2]])) == [(0, 0, 2), (1, 1, 2)]
    assert list(casts(scenario, [[0, 1], [1], [2]])) == [(1, 1, 2)]


def test_the_scenario_files_can_be_read() -> None:
    folder = Path(__file__).parent.parent / "vectors" / "scenarios" / "store"
    assert all(list(read(file)) for file in folder.glob("*.json"))
