"""`known`: what is known is listed, and an entry's signatures are taken from results."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import pytest

from conformance.jsonio import dumps
from conformance.judge.judge import Failure
from conformance.judge.known import load_known
from conformance.knownfile import gather, rewritten
from conformance.resources import data_root

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Kit

VERSIONS = {"yjs": "13.6.33", "yrs": "0.28.1", "ypy": "0.6.2"}


def entry(name: str, *cases: str, **others: Any) -> str:
    fields = {
        "id": name,
        "cases": list(cases),
        "versions": "*",
        "signatures": [],
        "reason": "It is known.",
        "links": ["https://example.org/1"],
        **others,
    }
    return "[[divergence]]\n" + "".join(f"{key} = {dumps(value).decode()}\n" for key, value in fields.items())


def failed(case: str, cast: list[str], *wrong: tuple[str, str, Any], update_format: str = "v1") -> dict[str, Any]:
    """A result in which `wrong` failed: check, implementation that gave the answer, answer."""
    parts = {Failure(0, "", check, "", 0, None, observed).signature for check, _, observed in wrong}
    failures = [{"check": check, "implementation": who, "observed": observed} for check, who, observed in wrong]
    result = {"type": "result", "case": case, "cast": cast, "format": update_format, "verdict": "fail"}
    return {**result, "signature": "+".join(sorted(parts)), "failures": failures}


def passed(case: str, cast: list[str]) -> dict[str, Any]:
    return {"type": "result", "case": case, "cast": cast, "format": "v1", "verdict": "pass"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a test writes its files of known divergences."""
    path = tmp_path / "known"
    path.mkdir()
    return path


def results(folder: Path, *records: dict[str, Any]) -> Path:
    implementations = [{"label": name, "name": name, "version": version} for name, version in VERSIONS.items()]
    path = folder / "results.ndjson"
    run = {"type": "run", "implementations": implementations}
    path.write_bytes(b"".join(dumps(record) + b"\n" for record in (run, *records)))
    return path


def part(check: str, observed: Any) -> str:
    return Failure(0, "", check, "", 0, None, observed).signature


STATE, OTHER = ("state", "ypy", {"t": 1}), ("state", "yjs", {"t": 2})


def test_an_update_takes_the_signatures_and_leaves_all_else(kit: Kit, folder: Path, tmp_path: Path) -> None:
    text = "# What a person wrote.\n\n" + entry("one", "a/*", role="reader").replace(
        'reason = "It', '# Why, at length.\nreason = "It'
    )
    (folder / "ypy.toml").write_text(text)
    path = results(tmp_path, failed("a/x", ["yjs", "ypy"], STATE))
    assert kit("known", "--folder", folder, "--update", path).code == 0
    new = (folder / "ypy.toml").read_text()
    assert new == text.replace("signatures = []", f'signatures = ["{part("state", {"t": 1})}"]')
    assert load_known(folder)[0].explains(part("state", {"t": 1}))


def test_a_second_update_changes_nothing(kit: Kit, folder: Path, tmp_path: Path) -> None:
    (folder / "ypy.toml").write_text(entry("one", "a/*"))
    path = results(tmp_path, failed("a/x", ["ypy"], STATE, ("refused", "ypy", {"op": "apply"})))
    kit("known", "--folder", folder, "--update", path)
    first = (folder / "ypy.toml").read_text()
    assert "updated" not in kit("known", "--folder", folder, "--update", path).err
    assert (folder / "ypy.toml").read_text() == first


def test_what_no_entry_covers_is_shown_by_case(kit: Kit, folder: Path, tmp_path: Path) -> None:
    (folder / "ypy.toml").write_text(entry("one", "a/x", formats=["v1"], castings="cross", role="writer"))
    records = [
        failed("a/x", ["ypy", "yjs"], STATE),
        failed("a/x", ["yjs", "ypy"], STATE),
        failed("a/x", ["ypy", "yjs"], STATE, update_format="v2"),
        failed("b/y", ["yjs", "yjs"], OTHER),
    ]
    said = kit("known", "--folder", folder, "--update", results(tmp_path, *records))
    assert said.code == 1
    assert said.out.splitlines() == [
        "a/x",
        f"  fail  {part('state', {'t': 1})}",
        "    yjs > ypy v1, ypy > yjs v2",
        "",
        "b/y",
        f"  fail  {part('state', {'t': 2})}",
        "    yjs v1",
        "",
        "3 failures in 2 cases that no divergence covers",
    ]


def test_an_entry_without_a_failure_is_said(kit: Kit, folder: Path, tmp_path: Path) -> None:
    (folder / "ypy.toml").write_text(entry("healed", "a/x") + entry("older", "a/x", versions="<0.6"))
    said = kit("known", "--folder", folder, "--update", results(tmp_path, passed("a/x", ["ypy"])))
    assert said.code == 1
    assert "healed: no failing result" in said.out
    assert "older" not in said.out


def test_a_failure_of_two_goes_to_the_one_that_does_not_explain_it_yet(folder: Path, tmp_path: Path) -> None:
    """A writer's own wrong answer is known from its run alone; what is left is the reader's."""
    (folder / "ypy.toml").write_text(entry("writers", "a/x"))
    (folder / "yjs.toml").write_text(entry("readers", "a/x", castings="cross", role="reader"))
    records = [failed("a/x", ["ypy", "yjs"], STATE, OTHER), failed("a/x", ["ypy"], STATE)]
    evidence = gather(load_known(folder), [results(tmp_path, *records)])
    assert evidence.signatures == {"writers": {part("state", {"t": 1})}, "readers": {part("state", {"t": 2})}}


def test_a_dead_process_is_its_culprits(folder: Path, tmp_path: Path) -> None:
    for name in ("ypy", "yjs"):
        (folder / f"{name}.toml").write_text(entry(f"of-{name}", "a/x", castings="cross"))
    crash = {**failed("a/x", ["yjs", "ypy"]), "verdict": "crash", "signature": "crash", "culprit": "ypy"}
    evidence = gather(load_known(folder), [results(tmp_path, crash)])
    assert evidence.signatures == {"of-ypy": {"crash"}, "of-yjs": set()}


def test_others_are_those_who_may_play_the_other_parts(folder: Path, tmp_path: Path) -> None:
    (folder / "ypy.toml").write_text(entry("one", "a/x", castings="cross", others=["yjs"]))
    records = [failed("a/x", ["yjs", "ypy"], STATE), failed("a/x", ["yrs", "ypy"], STATE)]
    evidence = gather(load_known(folder), [results(tmp_path, *records)])
    assert [record["cast"] for record in evidence.uncovered] == [["yrs", "ypy"]]


def test_others_may_be_meant_from_a_version_on(folder: Path, tmp_path: Path) -> None:
    (folder / "ypy.toml").write_text(entry("one", "a/x", castings="cross", others=["yjs>=13.6.33", "yrs<0.28"]))
    records = [failed("a/x", ["yjs", "ypy"], STATE), failed("a/x", ["yrs", "ypy"], STATE)]
    evidence = gather(load_known(folder), [results(tmp_path, *records)])
    assert [record["cast"] for record in evidence.uncovered] == [["yrs", "ypy"]]


def test_a_glob_stays_while_something_matches_it() -> None:
    text = entry("one", "a/x", signatures=["panic:*", "value:*", "state:00000000"])
    new = rewritten(text, {"one": {"panic:apply", "state:12345678"}})
    assert 'signatures = ["panic:*", "state:12345678"]' in new


def test_the_list_names_where_why_and_the_link(kit: Kit, folder: Path) -> None:
    (folder / "ypy.toml").write_text(entry("one", "a/x", castings="cross", role="reader", others=["yjs"]))
    said = kit("known", "--folder", folder)
    assert said.out.splitlines() == [
        "one  (ypy *; cross; reader; with yjs)",
        "  cases   a/x",
        "  reason  It is known.",
        "  link    https://example.org/1",
        "",
        "1 in all",
    ]
    (listed,) = kit("known", "--folder", folder, "--json").json
    assert (listed["id"], listed["implementation"], listed["others"]) == ("one", "ypy", ["yjs"])


def test_every_entry_of_the_kit_has_a_case_a_reason_and_a_link() -> None:
    from conformance.model.layers import UPPER
    from conformance.model.vector import load_cases
    from conformance.scenario.model import FOLDER, load_scenarios

    cases = [case.id for case in load_cases([data_root() / "vectors"])]
    cases += [scenario.id for scenario in load_scenarios([data_root() / "vectors" / FOLDER], tuple(UPPER))]
    for divergence in load_known(data_root() / "runners" / "known"):
        assert divergence.id.startswith(f"{divergence.implementation}-")
        assert divergence.signatures and divergence.links, divergence.id
        assert divergence.reason.strip().endswith("."), divergence.id
        for glob in divergence.cases:
            assert any(fnmatchcase(case, glob.removeprefix("!")) for case in cases), (divergence.id, glob)
