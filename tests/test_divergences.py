"""The document of known divergences is made of the entries and of recorded examples, without any library."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

import pytest

from conformance.divergences.document import Sources, document
from conformance.divergences.examples import load_examples
from conformance.divergences.groups import groups, threads, what_happens
from conformance.errors import UsageError
from conformance.judge.known import Divergence, load_known
from conformance.model.manifest import load_manifests
from conformance.model.vector import load_cases
from conformance.resources import data_root

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Kit

KNOWN = data_root() / "runners" / "known"


def divergence(name: str, reason: str, *links: str) -> Divergence:
    return Divergence(name, "yrs", ("a/*",), "*", "any", "any", ("v1", "v2"), ("state:*",), reason, links)


@pytest.fixture(scope="module")
def sources() -> Sources:
    cases = {case.id: case for case in load_cases([data_root() / "vectors"])}
    return Sources(load_known(KNOWN), load_examples(KNOWN), cases, load_manifests(data_root()))


def test_entries_that_are_the_same_are_one_group() -> None:
    root = divergence("yrs-cut", "Ids have 53 bits. They are cut to 32.", "https://github.com/y-crdt/y-crdt/issues/221")
    same = divergence("pycrdt-cut", "The same as yrs-cut: ids are cut.", "https://github.com/y-crdt/y-crdt/pull/604")
    (group,) = groups([same, root])
    assert group.root is root
    assert group.members == (same, root)
    assert list(threads(group)) == ["y-crdt#604", "y-crdt#221"]


def test_what_happens_is_told_behind_the_rule() -> None:
    assert what_happens(divergence("x", "Ids have 53 bits. They are cut to 32. Not found reported.")) == (
        "They are cut to 32."
    )
    assert what_happens(divergence("x", "The same as yrs-cut: ids are cut. Not found reported.")) == "ids are cut."


def test_the_document_has_every_divergence_once_and_is_the_same_each_time(sources: Sources) -> None:
    made = document(sources)
    assert made == document(sources)
    text = "".join(made.pages.values())
    for each in sources.known:
        assert text.count(f"## {each.id}\n") + text.count(f"**{each.id}**\n") == 1
    assert max(map(len, [made.table, *made.pages.values()])) < 500_000  # what hosts of repositories still show


def test_every_line_of_the_table_leads_to_a_heading_of_a_page(sources: Sources) -> None:
    made = document(sources)
    links = re.findall(r"\(divergences/([\w-]+)\.md#([\w-]+)\)", made.table)
    assert len(links) == len(groups(sources.known))
    assert all(f"\n## {heading}\n" in made.pages[name] for name, heading in links)


def test_an_example_of_a_corrected_case_has_to_be_seen_again(sources: Sources) -> None:
    name, example = next(iter(sources.examples.items()))
    outdated = dataclasses.replace(sources, examples={name: dataclasses.replace(example, digest="0")})
    with pytest.raises(UsageError, match="known --examples"):
        document(outdated)


def test_a_document_that_is_out_of_date_has_exit_code_1(kit: Kit, tmp_path: Path) -> None:
    target = tmp_path / "divergences.md"
    assert kit("known", "--document", "--output", target).code == 0
    assert kit("known", "--document", "--check", "--output", target).code == 0
    for path in (target, tmp_path / "divergences" / "yrs.md", tmp_path / "divergences" / "gone.md"):
        path.write_text((path.read_text() if path.exists() else "") + "more\n")
        said = kit("known", "--document", "--check", "--output", target)
        assert said.code == 1
        assert f"{path}: out of date" in said.out
        assert kit("known", "--document", "--output", target).code == 0
