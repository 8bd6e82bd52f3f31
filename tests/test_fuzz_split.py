"""A split in more than two camps is known when each two of its camps are; a glob is never asked about the whole."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from conformance.fuzz.finding import explained, roots
from conformance.fuzz.showing import lines
from conformance.fuzz.split import with_known
from conformance.judge.known import Divergence
from conformance.model.implementation import Hello, Implementation
from conformance.provision import Launch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.report.records import Record

NAMES = ("pycrdt", "yjs", "yrs", "ywasm")
EVERYBODY = [
    Implementation(name, name, Launch((), {}, None), Hello(name, "1.0.0", "", "", frozenset(), ())) for name in NAMES
]
A, B, C = ({"t": {"$text": text}, "m": {"$map": {}}} for text in "abc")


def _finding(
    camps: Sequence[tuple[Sequence[str], Any]],
    odd: str = "",
    others: Sequence[str] = (),
    oddity: str = "",
    oddest: str = "",
    odd_too: str = "",
) -> Record:
    """A record of peers that answered differently: of each camp, who is in it, and what they answered.

    `others` took part and were not asked here. `oddity` is what tells of it where bytes are odd, `oddest` what is odd
    before that, and `odd_too` what is odd besides.
    """
    parted = "|".join(sorted({",".join(sorted(set(who))) for who, _ in camps}))
    clusters = [
        {"peers": {f"{camp}{place}": name for place, name in enumerate(who)}, "answer": answer}
        for camp, (who, answer) in enumerate(camps)
    ]
    observed = {"of": "state", "parted": parted, "clusters": clusters}
    symptom = f"agree:state {oddity}" if oddity else f"agree:state{roots('state', [answer for _, answer in camps])}"
    return {
        "profile": "text,gaps",
        "seed": 1,
        "cast": [*others, *(name for who, _ in camps for name in who)],
        "kind": f"{symptom} {parted}",
        "key": f"{symptom} {odd or parted}",
        "failures": [{"step": 1, "check": "agree", "observed": observed}],
        "program": {
            "id": "fuzz/text-gaps-1",
            "peers": {"a": {}},
            **({"flags": list(filter(None, (oddest, oddity, odd_too)))} if oddity else {}),
        },
    }


def _entry(name: str, *globs: str) -> Divergence:
    return Divergence(f"{name}-x", name, ("a",), "*", "any", "any", ("v1",), ("state:1",), "", (), fuzz=globs)


def _judged(record: Record, *entries: Divergence, of_two: bool = False) -> Record:
    def asked(key: str, *, failing: str = "") -> tuple[str, ...]:
        return explained(key, record["profile"], entries, EVERYBODY, failing=failing)

    return with_known(record, asked, of_two=of_two)


def test_two_known_bugs_that_meet_are_known() -> None:
    split = _finding([(["yjs"], A), (["yrs"], B), (["pycrdt"], C)])
    known = _judged(split, _entry("yrs", "*: agree:state* *yrs"), _entry("pycrdt", "*: agree:state* pycrdt|*"))
    assert known["known"] == ["yrs-x", "pycrdt-x"]


def test_no_glob_takes_what_a_third_camp_shows() -> None:
    split = _finding([(["yjs"], A), (["yrs"], B), (["pycrdt"], C)])
    new = _judged(split, _entry("yrs", "agree:state* *yrs*"))
    assert explained(split["key"], "text,gaps", [_entry("yrs", "agree:state* *yrs*")], EVERYBODY)
    assert "known" not in new
    assert new["new_pairs"] == ["agree:state[t] pycrdt|yjs beside yrs"]
    told = list(lines([new], Path("results.ndjson"), ()))
    assert "  new pair agree:state[t] pycrdt|yjs beside yrs" in told
    assert any(" minimize " in line and line.endswith(" --apart pycrdt,yjs") for line in told)


def test_a_pair_differs_in_its_own_roots() -> None:
    also = {**A, "m": {"$map": {"k": 1}}}
    split = _finding([(["yjs"], A), (["yrs"], B), (["pycrdt"], also)])
    entries = [_entry("yrs", "agree:state[[]t] *yrs", "agree:state[[]m,t] *yrs"), _entry("pycrdt", "*[[]t] pycrdt*")]
    assert _judged(split, *entries)["new_pairs"] == ["agree:state[m] pycrdt|yjs beside yrs"]


def test_one_implementation_may_be_two_camps() -> None:
    split = _finding([(["yjs"], A), (["yjs"], B), (["yrs"], C)])
    assert split["key"] == "agree:state[t] yjs|yrs"
    assert _judged(split, _entry("yrs", "agree:state* yjs|yrs"))["new_pairs"] == ["agree:state[t] yjs beside yrs"]


def test_what_an_inquiry_has_named_is_no_reason_for_what_the_others_show() -> None:
    camps = [(["yjs"], A), (["yrs"], B), (["pycrdt"], C)]
    entry = _entry("yrs", "agree:state* yrs against *")
    assert _judged(_finding(camps[:2], "yrs against pycrdt,yjs"), entry)["known"] == ["yrs-x"]
    split = _judged(_finding(camps, "yrs against pycrdt,yjs"), entry)
    assert split["new_pairs"] == ["agree:state[t] pycrdt|yjs beside yrs"]
    assert _judged(_finding(camps, "yrs against pycrdt,yjs"), entry, _entry("yjs", "* *|yjs"))["known"]


def test_of_several_that_fail_alone_one_hides_no_other() -> None:
    split = _finding([(["yjs"], A), (["yrs"], B)], "yjs,yrs alone")
    wide = _entry("yrs", "agree:state* *yrs*")
    assert explained(split["key"], "text,gaps", [wide], EVERYBODY)
    assert "known" not in _judged(split, wide)
    assert _judged(split, wide, _entry("yjs", "agree:state* yjs alone"))["known"] == ["yjs-x", "yrs-x"]


def test_who_gets_it_right_is_beside_those_that_all_get_it_wrong() -> None:
    split = _finding([(["yjs"], A), (["yrs"], B)], "yjs,yrs alone")
    (smaller,) = (line for line in lines([split], Path("results.ndjson"), (), NAMES) if "  smaller" in line)
    assert smaller.endswith(" --impls yjs,yrs,pycrdt --cast yjs,yrs")


def test_what_is_odd_about_bytes_stands_behind_the_roots() -> None:
    split = _finding([(["yjs"], A), (["yrs"], B), (["pycrdt"], C)], oddity="value-in-text")
    assert "agree:state[t] value-in-text pycrdt|yjs beside yrs" in _judged(split)["new_pairs"]


def test_of_odd_bytes_each_two_implementations_are_asked_about_whoever_stands_with_them() -> None:
    entry = _entry("ywasm", "agree:state nul *|ywasm")
    for camp in (["yjs"], ["yjs", "yrs"], ["pycrdt", "yjs", "yrs"]):
        assert _judged(_finding([(camp, A), (["ywasm"], B)], oddity="nul"), entry)["known"] == ["ywasm-x"]
    new = _judged(_finding([(["pycrdt", "yjs"], A), (["yrs", "ywasm"], B)], oddity="nul"), entry)
    assert new["new_pairs"] == [
        "agree:state[t] nul pycrdt|yrs beside yjs,ywasm",
        "agree:state[t] nul yjs|yrs beside pycrdt,ywasm",
    ]


def test_what_the_key_says_of_others_is_no_reason_for_two_that_part() -> None:
    entry = _entry("ywasm", "agree:state nul ywasm against *")
    of_it = _finding([(["yjs"], A), (["ywasm"], B)], odd="ywasm against pycrdt,yjs,yrs", oddity="nul")
    of_others = _finding([(["yjs"], A), (["yrs"], B)], odd="ywasm against pycrdt,yjs,yrs", oddity="nul")
    assert "known" in _judged(of_it, entry)
    assert _judged(of_others, entry)["new_pairs"] == ["agree:state[t] nul yjs|yrs"]


def test_a_glob_may_be_of_what_is_oddest_or_of_the_roots_in_which_two_part() -> None:
    split = _finding([(["yjs"], A), (["ywasm"], B)], oddity="value-in-text", oddest="origin-to-come")
    assert "known" in _judged(split, _entry("ywasm", "agree:state *-to-come *|ywasm"))
    assert "known" in _judged(split, _entry("ywasm", "agree:state[[]t] value-in-text *|ywasm"))
    assert "known" not in _judged(split, _entry("ywasm", "agree:state[[]m] * *|ywasm", "agree:state nul *"))


def test_bytes_that_are_odd_in_several_ways_are_known_by_any_of_them() -> None:
    split = _finding([(["yjs"], A), (["ywasm"], B)], oddity="nul", odd_too="empty")
    assert "known" in _judged(split, _entry("ywasm", "agree:state empty *|ywasm"))
    assert _judged(split, _entry("ywasm", "agree:state gap *|ywasm"))["new_pairs"] == ["agree:state[t] nul yjs|ywasm"]
    text, keys = ({"t": {"$text": text}, "m": {"$map": {text: 1}}} for text in "ab")
    both = _finding([(["yjs"], text), (["ywasm"], keys)], oddity="nul", odd_too="empty")
    assert "known" in _judged(both, _entry("ywasm", "agree:state[[]t] nul *|ywasm", "agree:state[[]m] empty *|ywasm"))


def test_what_kills_one_of_bytes_that_are_odd_in_several_ways_is_known_by_any_of_them() -> None:
    died = {
        **_finding([(["ywasm"], A)], oddity="parent-no-type", odd_too="empty"),
        "kind": "panic:apply block_store.rs:70 parent-no-type ywasm",
        "key": "panic:apply block_store.rs:70 parent-no-type ywasm alone",
        "failures": [{"step": 1, "check": "panic", "observed": {"op": "apply", "message": "block_store.rs:70"}}],
    }
    assert _judged(died, _entry("ywasm", "panic:apply block_store.rs:70 empty ywasm*"))["known"] == ["ywasm-x"]
    assert "known" not in _judged(died, _entry("ywasm", "panic:apply block_store.rs:71 empty ywasm*"))
    assert "known" not in _judged(died, _entry("ywasm", "panic:apply block_store.rs:70 empty yrs*"))


def test_who_is_odd_over_such_bytes_is_that_with_everybody() -> None:
    entry = _entry("yrs", "agree:state nul yrs")
    for camps in ([(["pycrdt"], A), (["yrs"], B)], [(["yrs"], A), (["yjs", "ywasm"], B)]):
        assert "known" in _judged(_finding(camps, odd="pycrdt", oddity="nul"), entry)
    beside = _finding([(["yjs"], A), (["ywasm"], B)], odd="yrs", others=["yrs"], oddity="nul")
    assert _judged(beside, entry)["new_pairs"] == ["agree:state[t] nul yjs|ywasm beside yrs"]


def test_bytes_over_which_two_part_in_several_roots_are_known_when_each_root_is() -> None:
    t, m = ({"t": {"$text": text}, "m": {"$map": {text: 1}}} for text in "ab")
    split = _finding([(["yjs"], t), (["ywasm"], m)], oddity="nul")
    text, keys = _entry("ywasm", "agree:state[[]t] nul *|ywasm"), _entry("yjs", "agree:state[[]m] nul yjs|*")
    assert _judged(split, text, keys)["known"] == ["yjs-x", "ywasm-x"]
    assert _judged(split, text)["new_pairs"] == ["agree:state[m,t] nul yjs|ywasm"]


def test_a_glob_may_be_of_two_that_part_over_what_a_third_one_wrote() -> None:
    camps = [(["yjs"], A), (["yrs"], B), (["ywasm"], C)]
    entry = _entry("ywasm", "agree:state* ywasm|*", "* *|ywasm", "* yjs|yrs beside *ywasm*")
    assert "known" in _judged(_finding(camps), entry)
    assert "known" not in _judged(_finding(camps[:2]), entry)
    assert "known" in _judged(_finding(camps[:2], others=["ywasm"]), entry)


def test_a_glob_may_be_of_who_dies_beside_the_one_who_did_it() -> None:
    crash = {**_finding([(["yrs"], A), (["yjs"], B)], others=["ywasm"]), "key": "crash SIGSEGV yrs", "failures": []}
    entry = _entry("yrs", "*gaps*: crash SIG* yrs beside *ywasm*")
    assert _judged(crash, entry)["known"] == ["yrs-x"]
    assert "known" not in _judged({**crash, "cast": ["yrs", "yjs"]}, entry)
    assert "known" not in _judged({**crash, "key": "crash SIGSEGV yrs,ywasm alone"}, entry)
    assert _judged({**crash, "cast": ["yrs"]}, _entry("yrs", "crash * yrs"))["known"] == ["yrs-x"]


def test_so_may_it_where_the_key_says_against_whom() -> None:
    record = _finding([(["yrs"], A), (["yjs"], B)], others=["ywasm"])
    crash = {**record, "kind": "crash SIGSEGV yrs", "key": "crash SIGSEGV ywasm against pycrdt,yrs", "failures": []}
    assert _judged(crash, _entry("yrs", "*gaps*: crash SIG* yrs beside *ywasm*"))["known"] == ["yrs-x"]
    assert "known" not in _judged({**crash, "cast": ["yrs", "yjs"]}, _entry("yrs", "crash * yrs beside *ywasm*"))
    assert "known" not in _judged(crash, _entry("yrs", "crash * yrs")), "it says nothing of who else took part"
    failing, entry = "panic:apply yrs beside ywasm", _entry("yrs", "panic:apply yrs <- ywasm")
    key = "panic:apply ywasm against yrs"
    assert explained(key, "text", [entry], EVERYBODY, writer="ywasm", failing=failing) == ("yrs-x",)


def test_of_two_camps_of_equal_size_the_one_in_which_somebody_failed_may_be_named_first() -> None:
    record = {**_finding([(["yrs"], A), (["ywasm"], B)]), "kind": "panic:encode x.rs:1 ywasm", "failures": []}
    entry = _entry("ywasm", "*gaps*: panic:encode x.rs:1 ywasm*")
    assert _judged({**record, "key": "panic:encode x.rs:1 yrs against ywasm"}, entry)["known"] == ["ywasm-x"]
    assert "known" not in _judged({**record, "key": "panic:encode x.rs:1 yrs against yjs,ywasm"}, entry)
    other = {**record, "kind": "panic:encode x.rs:1 yrs", "key": "panic:encode x.rs:1 yrs against ywasm"}
    assert "known" not in _judged(other, entry), "it was yrs that failed"
    exact = _entry("ywasm", "panic:encode x.rs:1 ywasm")
    record["key"] = "panic:encode x.rs:1 yrs against ywasm"
    assert "known" not in _judged(record, exact)
    assert _judged(record, exact, of_two=True)["known"] == ["ywasm-x"], "with two it is odd against everybody else"
    assert "known" not in _judged(other, exact, of_two=True)


camps = st.lists(st.sets(st.sampled_from(NAMES), min_size=1).map(sorted), min_size=2, max_size=5)
globs = st.sets(st.sampled_from([f"* {'|'.join(sorted(pair))}" for pair in combinations(NAMES, 2)]))


@given(camps, globs)
def test_a_split_is_known_exactly_when_each_two_of_its_camps_are(camps: list[list[str]], globs: set[str]) -> None:
    answers: Mapping[int, Any] = {place: {"t": {"$text": str(place)}} for place in range(len(camps))}
    split = [(who, answers[place]) for place, who in enumerate(camps)]
    entry = _entry("yjs", *globs)
    new = {"known" in _judged(_finding(list(pair)), entry) for pair in combinations(split, 2)}
    assert ("known" in _judged(_finding(split), entry)) == (new == {True})
