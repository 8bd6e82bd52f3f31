"""The doctor: the kit can fail."""

from __future__ import annotations

import pytest

from conformance.doctor import faults, table
from conformance.model.layers import UPPER
from conformance.scenario import checkup
from tests.support import conformance, one_line


def test_every_miniature_is_caught() -> None:
    said = conformance("doctor", "--impls", "pycrdt")
    assert said.code == 0, said.out
    _, *lines, conclusion = said.out.splitlines()
    names = [*faults(), "healed-divergence", *table("BY_CHANCE")]
    assert [line.split()[:2] for line in lines] == [["caught", name] for name in names]
    assert conclusion == "every miniature was caught"


@pytest.mark.parametrize("layer", UPPER)
def test_scenarios_catch_who_is_wrong_and_spare_who_is_not(layer: str) -> None:
    said = conformance("doctor", "--layers", layer)
    assert said.code == 0, said.out
    _, *lines, _ = said.out.splitlines()
    assert [line.split()[:2] for line in lines] == [["caught", name] for name in checkup.faults(layer)]


def test_a_runner_that_does_not_exist_cannot_be_broken() -> None:
    said = conformance("doctor", "--impls", "loro")
    assert said.code == 2
    assert "no implementation is called 'loro'" in one_line(said)


def test_a_miniature_of_a_scenario_says_what_it_is_of() -> None:
    said = conformance("doctor", "--layers", "4", "--impls", "pycrdt")
    assert said.code == 2
    assert "--impls is for the layers 0 to 3" in one_line(said)
