"""The judge: what a case demands, what a real library showed, and which failures are known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.errors import UsageError
from conformance.judge.decoded import decoded_state_vector
from conformance.judge.known import Divergence, load_known
from conformance.model.value import digest
from tests.support import ABC, INSERT, Record, Results, Step, a_case, perform, read_cases, real

if TYPE_CHECKING:
    from pathlib import Path

STATE: Step = {"op": "state", "peer": "a", "as": "s"}
VECTOR: Step = {"op": "state_vector", "peer": "a", "as": "v"}
ENCODE: Step = {"op": "encode", "peer": "a", "as": "u", "format": "v1"}
TRUNCATED: Step = {"op": "apply", "peer": "a", "update": {"base64": "AQ=="}, "as": "x"}
EMPTY: Step = {"op": "apply", "peer": "a", "update": {"base64": "AAA="}, "as": "x"}
OUTSIDE: Step = {"op": "text.delete", "peer": "a", "path": ["none"], "index": 0, "length": 1, "as": "x"}

EMPTY_TEXT, TEXT_ABC = {"state": {"t": {"$text": ""}}}, {"state": {"t": {"$text": "abc"}}}
REFUSED, DONE = {"refused": True}, {"done": True}
UPDATE_ABC = "AQEBAAQBAXQDYWJjAA=="  # one client, one Item at clock 0: a string below the root t; no deletes

# name -> steps, demanded observations
RIGHT: dict[str, tuple[list[Step], dict[str, Any]]] = {
    "state": ([INSERT, STATE], {"s": TEXT_ABC}),
    "state-vector": ([INSERT, VECTOR], {"v": {"state_vector": {"1": 3}}}),
    "bytes": ([INSERT, ENCODE], {"u": {"bytes": UPDATE_ABC}}),
    "done": ([EMPTY], {"x": DONE}),
    "refused": ([TRUNCATED], {"x": REFUSED}),
    "one-of": ([TRUNCATED], {"x": {"oneOf": [DONE, REFUSED], "note": "Either is safe."}}),
    "one-of-states": ([INSERT, STATE], {"s": {"oneOf": [EMPTY_TEXT, TEXT_ABC], "note": "Either is safe."}}),
}
# name -> steps, demanded observations, the signature of the failure
WRONG: dict[str, tuple[list[Step], dict[str, Any], str]] = {
    "state": ([INSERT, STATE], {"s": EMPTY_TEXT}, "state:" + digest({"t": {"$text": "abc"}})),
    "state-vector": ([INSERT, VECTOR], {"v": {"state_vector": {"1": 4}}}, "state_vector:" + digest({"1": 3})),
    "bytes": ([INSERT, ENCODE], {"u": {"bytes": "AAA="}}, "bytes:" + digest(UPDATE_ABC)),
    "accepted": ([EMPTY], {"x": REFUSED}, "accepted:apply"),
    "refused": ([TRUNCATED], {"x": DONE}, "refused:apply"),
    "one-of": ([INSERT, STATE], {"s": {"oneOf": [EMPTY_TEXT, {"state": {}}], "note": "Neither."}}, "state:*"),
}


def judged(folder: Path, cases: dict[str, tuple[Any, ...]], *names: str) -> Results:
    own = [
        a_case(name, steps, {"observations": observations}, verdict="invalid")
        for name, (steps, observations, *_) in cases.items()
    ]
    return perform(folder, {name: real(name) for name in names}, read_cases(folder, *own))[1]


def test_state_vectors_agree_whatever_the_order_of_their_clients() -> None:
    """Y.js writes the highest client first, Yrs in the order of a hash map; that is no matter of bytes."""
    one_way, other_way, less = "AgIDAQM=", "AgEDAgM=", "AgEDAgI="
    assert decoded_state_vector(one_way) == decoded_state_vector(other_way) == {"1": 3, "2": 3}
    assert decoded_state_vector(less) != decoded_state_vector(one_way)


@pytest.mark.parametrize("odd", [None, True, 3, ["AA=="], {"state_vector": "AA=="}, "A", "//8=", "AgE="])
def test_an_answer_that_is_no_state_vector_is_none(odd: object) -> None:
    assert decoded_state_vector(odd) is None


def test_what_is_demanded_and_seen_passes(tmp_path: Path) -> None:
    results = judged(tmp_path, RIGHT, "pycrdt", "yjs")
    assert {record["case"] for record in results.all} == {f"own/{name}" for name in RIGHT}
    assert {record["verdict"] for record in results.all} == {"pass"}


def test_each_difference_fails_with_a_signature_of_its_own(tmp_path: Path) -> None:
    results = judged(tmp_path, WRONG, "pycrdt", "yjs")
    for name, (_, _, signature) in WRONG.items():
        for label in ("pycrdt", "yjs"):
            record = results.of(f"own/{name}", label)
            assert record["verdict"] == "fail"
            assert record["signature"] == signature.replace("*", digest({"t": {"$text": "abc"}}))
    failure = results.of("own/state")["failures"][0]
    assert (failure["stage"], failure["check"], failure["peer"]) == ("steps", "state", "a")
    assert (failure["expected"], failure["observed"]) == (EMPTY_TEXT["state"], TEXT_ABC["state"])


def test_the_finale_demands_the_same_of_every_peer_and_of_the_relay(tmp_path: Path) -> None:
    wrong = {"state": {"t": {"$text": "cba"}}, "state_vector": {"1": 3}}
    peers = {"a": {"client": 1}, "b": {"client": 2}}
    (case,) = read_cases(tmp_path, a_case("stages", [INSERT], {"converged": wrong}, peers=peers))
    _, results = perform(tmp_path, {"yjs": real("yjs")}, (case,))
    failed = [(failure["stage"], failure["check"], failure["peer"]) for failure in results.of(case.id)["failures"]]
    assert failed == [
        ("delivered", "state", "a"),
        ("delivered", "state", "b"),
        ("delivered", "state_vector", "b"),
        ("resynced", "state", "a"),
        ("resynced", "state", "b"),
        ("relay", "state", "@relay"),
    ]


def test_an_alternative_that_the_case_enumerates_is_acceptable(tmp_path: Path) -> None:
    other = {"state": {"t": {"$text": "cba"}}, "state_vector": {"1": 3}}
    expect = {"converged": other, "acceptable": [{"converged": ABC, "note": "Also right."}]}
    code, results = perform(tmp_path, {"yjs": real("yjs")}, read_cases(tmp_path, a_case("either", [INSERT], expect)))
    assert (code, results.verdict("own/either")) == (0, "pass")


def test_a_step_that_fails_though_nothing_allows_it_is_a_failure(tmp_path: Path) -> None:
    cases = read_cases(tmp_path, a_case("step", [INSERT, {**OUTSIDE, "path": ["t", "none"]}], {"converged": ABC}))
    _, results = perform(tmp_path, {"yjs": real("yjs")}, cases)
    assert results.of("own/step")["signature"] == "refused:text.delete"


def test_what_a_library_lacks_is_unsupported_and_no_failure(tmp_path: Path) -> None:
    convert = {"op": "convert", "peer": "a", "update": {"base64": "AAA="}, "from": "v1", "to": "v2", "as": "u"}
    cases = read_cases(tmp_path, a_case("convert", [INSERT, convert], {"converged": ABC}))
    code, results = perform(tmp_path, {"pycrdt": real("pycrdt"), "yjs": real("yjs")}, cases)
    assert code == 0
    assert results.verdict("own/convert", "yjs") == "pass"
    lacking = results.of("own/convert", "pycrdt")
    assert (lacking["verdict"], lacking["detail"], lacking["culprit"]) == ("unsupported", "convert", "pycrdt")


@pytest.mark.parametrize(("expect", "shown"), [({"agree": True}, "fail"), ({"converged": ABC}, "unsupported")])
def test_where_agreement_is_demanded_the_others_fail_beside_it(
    tmp_path: Path, expect: dict[str, Any], shown: str
) -> None:
    convert = {"op": "convert", "peer": "a", "update": {"base64": "AAA="}, "from": "v1", "to": "v2", "as": "u"}
    peers = {"a": {"client": 1}, "b": {"client": 2}}
    case = a_case("beside", [convert, {**OUTSIDE, "peer": "b", "path": ["t", "none"]}], expect, peers=peers)
    launches = {"pycrdt": real("pycrdt"), "yjs": real("yjs")}
    _, results = perform(tmp_path, launches, read_cases(tmp_path, case), "cross")
    assert results.verdict("own/beside", "pycrdt", "yjs") == shown


# --- known divergences ---

SEEN = f"state:{digest({'t': {'$text': 'abc'}})}"
CBA = {"state": {"t": {"$text": "cba"}}, "state_vector": {"1": 4}}  # both are wrong: two parts of one signature
SEEN_VECTOR = f"state_vector:{digest({'1': 3})}"


def known(*signatures: str, **others: Any) -> Divergence:
    fields: dict[str, Any] = {
        "id": "demo",
        "implementation": "yjs",
        "cases": ("own/*",),
        "versions": "*",
        "castings": "any",
        "role": "any",
        "formats": ("v1", "v2"),
        "signatures": signatures,
        "reason": "It is known.",
        "links": ("https://example.org/1",),
    }
    return Divergence(**{**fields, **others})


def explained(folder: Path, *divergences: Divergence, expect: Record = CBA, **options: Any) -> tuple[int, Results]:
    case = a_case("known", [INSERT], {"converged": expect})
    options.setdefault("castings", "solo")
    launches = {name: real(name) for name in options.pop("impls", ["yjs"])}
    return perform(folder, launches, read_cases(folder, case), known=divergences, **options)


def stale(results: Results) -> list[tuple[str, str]]:
    return [(entry["divergence"], entry["case"]) for entry in results.end["stale"]]


def test_a_failure_is_known_when_every_part_of_it_is_explained(tmp_path: Path) -> None:
    code, results = explained(tmp_path, known("state:*", "state_vector:*"))
    assert code == 0
    assert results.of("own/known")["known"] == ["demo"]
    assert results.of("own/known")["signature"] == f"{SEEN}+{SEEN_VECTOR}"

    two = known(SEEN), known(SEEN_VECTOR, id="other")
    code, results = explained(tmp_path, *two)
    assert code == 0
    assert results.of("own/known")["known"] == ["demo", "other"]

    code, results = explained(tmp_path, known(SEEN))
    assert code == 1
    assert "known" not in results.of("own/known")


def test_a_known_divergence_that_passes_is_stale(tmp_path: Path) -> None:
    code, results = explained(tmp_path, known("state:*"), expect=ABC)
    assert (code, results.verdict("own/known"), stale(results)) == (1, "pass", [("demo", "own/known")])


def test_a_known_divergence_whose_signature_changed_is_stale_and_its_failure_unexpected(tmp_path: Path) -> None:
    code, results = explained(tmp_path, known("state:00000000", "state_vector:00000000"))
    assert (code, stale(results)) == (1, [("demo", "own/known")])
    assert "known" not in results.of("own/known")


def test_a_known_divergence_that_matches_no_case_is_stale_once_nothing_is_filtered_away(tmp_path: Path) -> None:
    nothing = known("state:*", cases=("gone/*",))
    assert explained(tmp_path, nothing, expect=ABC)[0] == 0
    code, results = explained(tmp_path, nothing, expect=ABC, whole=True)
    assert (code, stale(results)) == (1, [("demo", "")])


@pytest.mark.parametrize(
    "others",
    [
        {"implementation": "pycrdt"},
        {"versions": "<13"},
        {"formats": ()},
        {"castings": "cross"},
        {"cases": ("other/*",)},
    ],
    ids=lambda others: ", ".join(others),
)
def test_a_known_divergence_explains_only_what_it_names(tmp_path: Path, others: dict[str, Any]) -> None:
    code, results = explained(tmp_path, known("*", **others))
    assert code == 1
    assert "known" not in results.of("own/known")
    assert not stale(results)


def test_a_known_divergence_of_a_reader_says_nothing_of_the_writer(tmp_path: Path) -> None:
    divergence = known("*", castings="cross", role="reader")
    code, results = explained(tmp_path, divergence, castings="pairs", impls=["yjs", "pycrdt"])
    by_cast = {tuple(record["cast"]): record.get("known") for record in results.all if record["format"] == "v1"}
    assert by_cast == {
        ("yjs", "yjs"): None,
        ("pycrdt", "pycrdt"): None,
        ("yjs", "pycrdt"): None,
        ("pycrdt", "yjs"): ["demo"],
    }
    assert code == 1


ENTRY = """\
[[divergence]]
id = "one"
cases = ["any/*"]
versions = ">=0.6,<0.7"
signatures = ["state:*"]
reason = "It is known."
links = ["https://example.org/1"]
"""


def test_known_divergences_are_read_from_the_file_of_their_implementation(tmp_path: Path) -> None:
    (tmp_path / "ypy.toml").write_text(ENTRY)
    (divergence,) = load_known(tmp_path)
    assert (divergence.id, divergence.implementation, divergence.castings) == ("one", "ypy", "any")
    assert divergence.covers_version("0.6.2") and not divergence.covers_version("0.7.0")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[divergence", "is not TOML"),
        (ENTRY.replace('reason = "It is known."\n', ""), "divergence one: reason is missing"),
        (ENTRY + 'role = "cook"\n', "divergence one: castings is one of"),
        (ENTRY + "colour = 1\n", "divergence one: unknown key colour"),
        (ENTRY.replace(">=0.6,<0.7", "0.6.x"), "divergence one: '0.6.x' is no range"),
        (ENTRY + ENTRY, "the divergence id one stands there twice"),
        (ENTRY + 'formats = ["V1"]\n', "divergence one: formats lists v1, v2 or both"),
        (ENTRY.replace('cases = ["any/*"]', 'cases = "any/*"'), "divergence one: cases is a list of strings"),
    ],
)
def test_a_malformed_file_of_known_divergences_is_one_clear_line(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "ypy.toml").write_text(text)
    with pytest.raises(UsageError) as caught:
        load_known(tmp_path)
    assert says in str(caught.value) and str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_known_divergences_of_the_kit_can_be_read() -> None:
    from conformance.resources import data_root

    load_known(data_root() / "runners" / "known")
