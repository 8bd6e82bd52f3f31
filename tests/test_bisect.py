"""`bisect`, `matrix` and `known --bisect`: the release that changed a case, found and shown."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.bisect.bench import RELEASE, Answer, Bench, Cast, Key, Seen
from conformance.bisect.company import Company
from conformance.bisect.entries import casts_of
from conformance.bisect.find import Change, NoChangeError, find
from conformance.bisect.matrix import lines
from conformance.bisect.ranges import findings, is_right, range_of
from conformance.bisect.releases import choose, newest_patches
from conformance.bisect.search import boundary, lowest_useful
from conformance.bisect.vectors import ALONE, FORMATS, Vectors
from conformance.cli import options
from conformance.execute.limits import Limits
from conformance.judge.known import Divergence
from conformance.knownfile import with_versions
from conformance.model.manifest import load_manifests
from conformance.model.spec import parse_range, parse_spec
from conformance.model.vector import load_cases
from conformance.provision.engine import bundled
from conformance.resources import data_root
from tests.support import conformance, one_line

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Kit

MANIFESTS = load_manifests(data_root())
CASES = {case.id: case for case in load_cases([data_root() / "vectors"])}
CASE = "text/insert-into-empty"
SCENARIO, STORE = "store/ttl-squash", "pycrdt-store-sqlite"


@given(st.integers(1, 60), st.data())
def test_the_search_finds_the_change_and_looks_at_few_places(length: int, data: st.DataObject) -> None:
    change = data.draw(st.integers(1, length))
    looked: list[int] = []

    def is_low(place: int) -> bool:
        looked.append(place)
        return place < change

    assert boundary(0, length, is_low) == (change - 1, change)
    assert len(looked) <= length.bit_length()


@given(st.integers(1, 40), st.data())
def test_places_that_are_no_use_are_passed_over(length: int, data: st.DataObject) -> None:
    change = data.draw(st.integers(1, length))
    useless = data.draw(st.sets(st.integers(1, max(1, length - 1))))
    low, high = boundary(0, length, lambda place: None if place in useless else place < change)
    assert low < change <= high
    assert all(place in useless for place in range(low + 1, high))


def test_the_first_useful_place_when_old_releases_lack_the_feature() -> None:
    assert lowest_useful(0, 9, lambda place: place >= 7) == 7
    assert lowest_useful(0, 9, lambda _: True) == 0


def test_which_releases_take_part() -> None:
    listed = ["13.5.0", "13.6.0-2", "13.6.0", "13.10.0", "12.0.0", "13.0.0-1", "14.0.0-16", "next"]
    yjs = MANIFESTS["yjs"]
    assert choose(listed, yjs, parse_range("yjs"), []) == ("13.5.0", "13.6.0", "13.10.0")
    assert choose(listed, yjs, parse_range("yjs@13.6"), []) == ("13.6.0",)
    assert choose(listed, yjs, parse_range("yjs"), ["13.6.0-2"]) == ("13.5.0", "13.6.0-2", "13.6.0", "13.10.0")
    early = ["14.0.0-16", "14.0.0-rc.7", "14.0.0-rc.10"]
    assert choose(early, MANIFESTS["yjs14"], parse_range("yjs14"), []) == tuple(early)


def test_the_newest_of_each_minor() -> None:
    assert newest_patches(["0.8.1", "0.8.31", "0.9.0", "0.9.1-rc.1", "0.10.0"]) == ("0.8.31", "0.9.0", "0.10.0")
    assert newest_patches(["14.0.0-16", "14.0.0-rc.7"]) == ("14.0.0-16", "14.0.0-rc.7")


Row = dict[str, str | None]
"""Version -> `pass`, a signature, `lacks X`, or None where it cannot be installed."""


def bench_of(row: Row, *cases: str, casts: Any = (ALONE,)) -> Bench:
    """A bench on which everything was performed already; the answer of each release holds for all cases."""

    def answer(text: str) -> Answer:
        if text.startswith("lacks "):
            return Answer("unsupported", "", text.removeprefix("lacks "))
        return Answer("pass") if text == "pass" else Answer("fail", text)

    chosen = [CASES[name] for name in cases or (CASE,)]
    seen = {
        version: Seen(version, None, {}, "no wheel fits")
        if text is None
        else Seen(version, "0.1", {Key(case.id, cast, "v1"): answer(text) for case in chosen for cast in casts})
        for version, text in row.items()
    }
    performer = Vectors("pycrdt", MANIFESTS, chosen, [parse_spec("yjs")], casts, FORMATS, Limits(), print)
    return Bench(MANIFESTS["pycrdt"], MANIFESTS, performer, print, seen)


def found(row: Row, good: str | None = None, bad: str | None = None) -> Change:
    return find(bench_of(row), list(row), good, bad)


def pair(change: Change) -> tuple[str, str, bool | None]:
    return change.before.version, change.after.version, change.mended


def test_a_release_that_broke_it_and_one_that_mended_it() -> None:
    assert pair(found({"1.0": "pass", "1.1": "pass", "1.2": "state:1", "1.3": "state:1"})) == ("1.1", "1.2", False)
    assert pair(found({"1.0": "state:1", "1.1": "pass", "1.2": "pass"})) == ("1.0", "1.1", True)


def test_another_failure_is_told_from_passing() -> None:
    row: Row = {"1.0": "pass", "1.1": "panic:apply", "1.2": "state:1", "1.3": "state:1"}
    assert pair(found(row)) == ("1.0", "1.1", False)
    assert pair(found({"1.0": "panic:apply", "1.1": "panic:apply", "1.2": "state:1"})) == ("1.1", "1.2", None)


def test_releases_that_are_no_use_are_between() -> None:
    change = found({"1.0": "pass", "1.1": None, "1.2": "lacks undo", "1.3": "state:1"})
    assert pair(change) == ("1.0", "1.3", False)
    assert change.between == ("1.1", "1.2")


def test_old_releases_that_lack_the_feature_are_no_end() -> None:
    row: Row = {"0.7": None, "0.8": "lacks undo", "0.9": "lacks undo", "1.0": "state:1", "1.1": "pass", "1.2": "pass"}
    assert pair(found(row)) == ("1.0", "1.1", True)


def test_named_ends_and_the_other_end_of_one() -> None:
    row: Row = {"1.0": "pass", "1.1": "state:1", "1.2": "state:1", "1.3": "pass", "1.4": "pass"}
    assert pair(found(row, bad="1.2")) == ("1.0", "1.1", False)
    assert pair(found(row, good="1.4", bad="1.1")) == ("1.2", "1.3", True)
    assert pair(found(row, good="1.0", bad="1.2")) == ("1.0", "1.1", False)


@pytest.mark.parametrize(
    ("ends", "says"),
    [
        ({}, "passes in pycrdt@1.0 as in pycrdt@1.2; see what is in between: python -m conformance matrix"),
        ({"good": "1.1"}, "pycrdt@1.1 was called good, and text/insert-into-empty fails there"),
        ({"bad": "1.0"}, "pycrdt@1.0 was called bad, and text/insert-into-empty passes there"),
    ],
)
def test_ends_that_lead_nowhere(ends: dict[str, str], says: str) -> None:
    with pytest.raises(NoChangeError, match=says) as caught:
        found({"1.0": "pass", "1.1": "state:1", "1.2": "pass"}, **ends)
    assert caught.value.exit_code == 1


def test_the_matrix_has_a_letter_for_each_signature() -> None:
    row: Row = {
        "1.0": "pass",
        "1.1": "state:1",
        "1.2": "panic:apply",
        "1.3": "state:1",
        "1.4": "lacks undo",
        "1.5": None,
    }
    text = list(lines(bench_of(row), list(row), 80))
    assert [line.split() for line in text[1:7]] == [
        ["pycrdt@1.0", "0.1", "pass"],
        ["pycrdt@1.1", "0.1", "A"],
        ["pycrdt@1.2", "0.1", "B"],
        ["pycrdt@1.3", "0.1", "A"],
        ["pycrdt@1.4", "0.1", "u"],
        ["pycrdt@1.5", "-"],
    ]
    assert "  A  state:1" in text and "  B  panic:apply" in text
    assert text[-1] == "pycrdt@1.5: no wheel fits"


def test_a_wide_matrix_is_cut_into_blocks() -> None:
    row: Row = {"1.0": "pass", "1.1": "state:1"}
    text = list(lines(bench_of(row, *list(CASES)[:30]), list(row), 60))
    assert max(len(line) for line in text if line.startswith("pycrdt")) <= 60
    assert sum(line.startswith("pycrdt@1.1") for line in text) > 1


ENTRY = Divergence("pycrdt-x", "pycrdt", (CASE,), "*", "any", "any", ("v1", "v2"), ("state:1",), "", ())


def ranges(row: Row, entry: Divergence = ENTRY, grid: list[str] | None = None) -> list[str]:
    return [str(each) for each in findings(bench_of(row), list(row), grid or list(row), entry, [ALONE])]


def test_the_versions_of_an_entry() -> None:
    row: Row = {"1.0": "pass", "1.1.0": "state:1", "1.1.1": "state:1", "1.2.0": "panic:apply", "1.3": "pass"}
    assert ranges(row) == [">=1.1,<1.2"]
    assert ranges(row, replace(ENTRY, signatures=("panic:*", "state:1"))) == [">=1.1,<1.3"]
    assert ranges({"1.0": "lacks undo", "1.1": "state:1", "1.2": None, "1.3": "state:1"}) == [">=1.1"]
    assert ranges({"1.0": "lacks undo", "1.1": "pass", "1.2": "state:1"}) == [">=1.2"]
    assert ranges({"1.0": "state:1", "1.1": "pass", "1.2": "state:1"}) == ["<1.1 and >=1.2"]
    assert ranges({"1.0": "pass"}) == ["none"]
    assert ranges({"1.0": "lacks undo"}) == []
    assert ranges({"0.9": None, "1.0": "state:1", "1.1": "state:1"}) == [">=1.0"]


def test_between_two_of_the_grid_the_change_is_bisected() -> None:
    row: Row = {f"1.{number}": "pass" if number < 5 else "state:1" for number in range(10)}
    assert ranges(row, grid=["1.0", "1.9"]) == [">=1.5"]


def test_a_range_that_is_true_of_all_tried_releases_is_right() -> None:
    row: Row = {"1.0": "pass", "1.3": "state:1"}
    (finding,) = findings(bench_of(row), list(row), list(row), ENTRY, [ALONE])
    assert is_right(replace(ENTRY, versions=">=1.2"), [finding])
    assert not is_right(ENTRY, [finding]) and not is_right(ENTRY, [])


def test_one_range_for_all_cases_or_none() -> None:
    both = replace(ENTRY, cases=("text/insert-into-empty", "text/insert-nothing"))
    bench = bench_of({"1.0": "pass", "1.1": "state:1"}, *list(CASES)[:2])
    entry = replace(both, cases=tuple(list(CASES)[:2]))
    row = ["1.0", "1.1"]
    assert range_of(entry, list(findings(bench, row, row, entry, [ALONE]))) == ">=1.1"
    key = Key(list(CASES)[1], ALONE, "v1")
    first = bench.seen["1.0"]
    bench.seen["1.0"] = replace(first, answers={**first.answers, key: Answer("fail", "state:1")})
    assert range_of(entry, list(findings(bench, row, row, entry, [ALONE]))) is None
    bench.seen["1.0"] = replace(first, answers={**first.answers, key: Answer("unsupported", "", "undo")})
    assert range_of(entry, list(findings(bench, row, row, entry, [ALONE]))) == ">=1.1"


def test_who_plays_with_whom_is_what_the_entry_says() -> None:
    others = [parse_spec("yjs"), parse_spec("yjs14")]
    assert casts_of(ENTRY, others, "yjs") == [ALONE]
    cross = replace(ENTRY, castings="cross", role="reader")
    assert casts_of(cross, others, "yjs14") == [(2, 0)]
    assert casts_of(replace(cross, others=("yjs",), role="any"), others, None) == [(0, 1), (1, 0)]


def test_versions_are_written_and_comments_stay() -> None:
    first = '# of Yrs\n[[divergence]]\nid = "a"\nversions = "*" # seen on 0.28\n'
    text = first + '\n[[divergence]]\nid = "b"\nversions = "*"\n'
    assert with_versions(text, {"a": ">=0.13"}) == text.replace('versions = "*" #', 'versions = ">=0.13" #')


def test_the_engine_is_read_from_the_binary(tmp_path: Path) -> None:
    (tmp_path / "it").mkdir()
    (tmp_path / "it" / "it.so").write_bytes(
        b"\0/registry/src/yrs-0.21.3/src/doc.rs\0 lib0-0.1.0/src \0/yrs-0.21.3/src/block.rs"
    )
    assert bundled(MANIFESTS["pycrdt"], tmp_path) == "0.21.3"
    assert bundled(MANIFESTS["yjs"], tmp_path) is None
    assert bundled(MANIFESTS["pycrdt"], None) is None


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["bisect", "no/such-case", "--impl", "pycrdt"], "there is no case no/such-case"),
        (["bisect", "text/*", "--impl", "pycrdt"], "text/* means several cases"),
        (["bisect", CASE, "--impl", "pycrdt@latest"], "'latest' is not a version; write pycrdt@1.2:1.4"),
        (["bisect", CASE, "--impl", "nothing"], "no implementation is called 'nothing'"),
        (["bisect", CASE, "--impl", "yjs", "--good", "13.5.0", "--bad", "13.5.0"], "name two releases"),
        (["bisect", SCENARIO, "--impl", "pycrdt"], "pycrdt plays peer, which is no role of store/ttl-squash"),
        (["bisect", "store/ttl*", "--impl", STORE], "store/ttl* means several scenarios"),
        (["matrix", "store/none", "--impl", STORE], "there is no scenario store/none"),
        (["matrix", SCENARIO, "--impl", STORE, "--update-format", "v1"], "--update-format is for the layers 0 to 3"),
        (["matrix", CASE, "--impl", "yjs@99"], "the registry has no such release of yjs that the runner hosts"),
        (["known", "--bisect", "no-such-entry"], "there is no entry no-such-entry"),
        (["known", "--write"], "--releases and --write belong to --bisect"),
    ],
)
def test_bad_usage_is_one_line(arguments: list[str], says: str) -> None:
    said = conformance(*arguments)
    assert said.code == 2
    assert says in one_line(said)


def test_bisect_finds_a_release_of_pycrdt(kit: Kit) -> None:
    case = "relative-position/text-in-map-end"
    said = kit("bisect", case, "--impl", "pycrdt@0.14.0:0.14.3", "--writer", "yjs")
    assert said.code == 0
    assert f"{case}  yjs -> pycrdt  v1" in said.out
    assert "last bad     pycrdt 0.14.1 with yrs 0.27.2" in said.out
    assert "first good   pycrdt 0.14.2 with yrs 0.27.3" in said.out
    assert f"python -m conformance repro {case} --impl pycrdt@0.14.1 --writer yjs" in said.out
    assert f"python -m conformance bisect {case} --impl yrs@0.27.2:0.27.3 --writer yjs" in said.out


def test_matrix_has_a_row_for_each_release(kit: Kit) -> None:
    said = kit("matrix", CASE, "--impl", "yjs@13.0.0:13.1", "--json")
    assert said.code == 0
    releases = json.loads(said.out)["releases"]
    assert [release["version"] for release in releases] == ["13.0.8", "13.1.1"]
    assert releases[0]["cases"][CASE]["v1"]["verdict"] == "pass"


def test_the_versions_of_an_entry_are_found_in_releases(kit: Kit) -> None:
    said = kit("known", "--bisect", "pycrdt-end-of-nested-type-of-yjs", "--releases", "pycrdt@0.14.0:0.14.3")
    assert said.code == 0
    assert "pycrdt-end-of-nested-type-of-yjs  <0.14.2: so it is" in said.out


def test_a_scenario_is_performed_by_releases(kit: Kit) -> None:
    said = kit("matrix", SCENARIO, "--impl", f"{STORE}@0.1.2:0.1.3", "--every", "--json")
    assert said.code == 0
    assert said.json["roles"][SCENARIO] == {"writer": STORE, "reader": STORE}
    found = {each["version"]: each["cases"][SCENARIO]["v1"] for each in said.json["releases"]}
    assert found["0.1.2"]["verdict"] == "pass"
    assert (found["0.1.3"]["verdict"], found["0.1.3"]["signature"]) == ("fail", "undelivered:agree")


def test_a_release_plays_its_kind_of_role_and_others_the_rest() -> None:
    company = Company("pycrdt-websocket", MANIFESTS, print)
    (scenario,) = options.scenarios("websocket/rooms-apart", None)

    def who(cast: Cast) -> list[str]:
        return ["release" if player == RELEASE else company.names[player] for player in cast]

    assert company.kind(scenario) == "server"
    assert who(company.cast(scenario)) == ["release", *["pycrdt-websocket"] * 3]
    (cast,) = company.casts_with(scenario, "y-websocket")
    assert who(cast) == ["release", *["y-websocket"] * 3]
