"""The doctor: the kit can fail."""

from __future__ import annotations

from conformance.doctor import faults, table
from tests.support import conformance, one_line


def test_every_miniature_is_caught() -> None:
    said = conformance("doctor", "--impls", "pycrdt")
    assert said.code == 0, said.out
    _, *lines, conclusion = said.out.splitlines()
    names = [*faults(), "healed-divergence", *table("BY_CHANCE")]
    assert [line.split()[:2] for line in lines] == [["caught", name] for name in names]
    assert conclusion == "every miniature was caught"


def test_a_runner_that_does_not_exist_cannot_be_broken() -> None:
    said = conformance("doctor", "--impls", "loro")
    assert said.code == 2
    assert "no implementation is called 'loro'" in one_line(said)
