"""Random programs: the same on every machine, valid, and able to find what nobody wrote down."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from conformance.doctor import table
from conformance.errors import UsageError
from conformance.fuzz.casting import casts
from conformance.fuzz.chance import Chance, Weighted
from conformance.fuzz.finding import explained, symptom
from conformance.fuzz.generate import Generator
from conformance.fuzz.hostile import steps_of
from conformance.fuzz.inquiry import Inquiry
from conformance.fuzz.profile import combine, load_profiles
from conformance.fuzz.troupe import Script, Troupe
from conformance.jsonio import dumps
from conformance.judge.judge import Failure, Verdict
from conformance.judge.known import Divergence
from conformance.model.implementation import WRAP, Hello, Implementation
from conformance.model.schema import check_suite
from conformance.model.vector import case_json
from conformance.provision import Launch
from tests.support import a_manifest, conformance, miniature, one_line, read, real

if TYPE_CHECKING:
    from pathlib import Path

PROFILES = load_profiles()
EDITS = [name for name, profile in PROFILES.items() if profile.kind in ("edits", "bytes")]
DIGESTS = {"text": "ff265885a04110cd", "nested,gaps": "ced2523b2be3406f", "hostile": "c91d5f34b0519304"}
COMBINED = ["text,gaps", "text,map,merge", "nested,offline", "array,v2", "undo,gaps", "text,clients", "map,gc,long"]


def _program(names: str, seed: int) -> dict[str, Any]:
    return case_json(Generator(combine(names.split(","), PROFILES), (2, 3)).program(seed))


@pytest.mark.parametrize("names", [*EDITS, *COMBINED])
def test_programs_are_cases_of_the_schema(names: str, tmp_path: Path) -> None:
    programs = [_program(names, seed) for seed in range(5)]
    check_suite({"suite": "fuzz", "title": names, "cases": programs}, tmp_path / "programs.json")


def test_a_seed_is_the_same_program_on_every_machine() -> None:
    digests = {
        names: hashlib.sha256(dumps([_program(names, seed) for seed in range(20)], sort_keys=True)).hexdigest()[:16]
        for names in ("text", "nested,gaps", "hostile")
    }
    assert digests == DIGESTS


def test_a_long_program_has_a_thousand_ops_and_more() -> None:
    programs = [_program("text,long", seed) for seed in range(20)]
    ops = sorted(sum(len(step.get("steps", (step,))) for step in program["steps"]) for program in programs)
    assert ops[0] > 100
    assert ops[10] > 1000


def test_chance_is_fair_and_repeats_itself() -> None:
    chance, again = Chance("seed"), Chance("seed")
    assert [chance.below(10) for _ in range(50)] == [again.below(10) for _ in range(50)]
    picked = [Weighted({"often": 9, "seldom": 1}).pick(chance) for _ in range(1000)]
    assert 850 < picked.count("often") < 950


def test_everybody_has_a_turn_in_the_casts_of_a_program() -> None:
    drawn = list(casts(7, range(6), 3, 4))
    assert drawn == list(casts(7, range(6), 3, 4))
    assert len(set(drawn)) == 4
    assert {player for cast in drawn for player in cast} == set(range(6))
    assert len(set(drawn[-1])) == 1


@pytest.mark.parametrize(
    ("failing", "odd"),
    [
        ([{0, 3}, {1, 3}, {2, 3}], "d"),
        ([{0, 2}, {0, 3}, {1, 2}, {1, 3}], "a,b against c,d"),
        ([{1}, {0, 1}], "b alone"),
        ([{0, 3}], "a against d"),
        ([], ""),
    ],
)
def test_who_fails_with_whom_says_who_is_odd(failing: list[set[int]], odd: str) -> None:
    inquiry = Inquiry(range(4), 2)
    inquiry.showed("another", [2])
    for players in failing:
        inquiry.showed("symptom", sorted(players))
    assert inquiry.sides("abcd").get("symptom", "") == odd


@pytest.mark.parametrize(
    ("glob", "key", "profile", "known"),
    [
        ("agree:* yrs alone", "agree:state[t] yrs alone", "text,causal", True),
        ("*gaps*: agree:* yrs alone", "agree:state[t] yrs alone", "text,gc,gaps", True),
        ("*gaps*: agree:* yrs alone", "agree:state[t] yrs alone", "text,causal", False),
        ("*gaps*: agree:* yrs alone", "agree:state[t] yrs against yjs", "text,gaps", False),
    ],
)
def test_a_glob_may_be_of_some_profiles_only(glob: str, key: str, profile: str, known: bool) -> None:
    entry = Divergence("yrs-x", "yrs", ("a",), ">=2", "any", "any", ("v1",), ("state:1",), "", (), fuzz=(glob,))
    assert explained(key, profile, [entry], [yrs("2.1.0")]) == (("yrs-x",) if known else ())
    assert not explained(key, profile, [entry], [yrs("1.9.0")])


def test_of_several_versions_those_that_the_key_names_are_asked() -> None:
    entry = Divergence("yrs-x", "yrs", ("a",), ">=2", "any", "any", ("v1",), ("state:1",), "", (), fuzz=("agree:*",))
    both = [yrs("2.1.0"), replace(yrs("1.9.0"), label="yrs@1.9.0")]
    assert explained("agree:state[t] yjs|yrs", "text", [entry], both) == ("yrs-x",)
    assert explained("agree:state[t] yjs|ypy", "text", [entry], both) == ("yrs-x",)
    assert not explained("agree:state[t] yjs|yrs@1.9.0", "text", [entry], both)
    assert not explained("agree:state[t] yjs|yrs@1.9.0 beside yrs", "text", [entry], both)


def test_a_glob_may_take_out_what_another_one_means() -> None:
    globs = ("agree:* *yrs*", "!*|*|*")
    entry = Divergence("yrs-x", "yrs", ("a",), "*", "any", "any", ("v1",), ("state:1",), "", (), fuzz=globs)
    assert explained("agree:state[t] yjs|yrs", "text,gaps", [entry], [yrs("2.1.0")]) == ("yrs-x",)
    assert not explained("agree:state[t] yjs|ypy|yrs", "text,gaps", [entry], [yrs("2.1.0")])


@pytest.mark.parametrize(
    ("glob", "writer", "known"),
    [
        ("refused:apply * <- ygo", "ygo", True),
        ("text*: refused:apply * yjs <- y*", "ygo", True),
        ("map*: refused:apply * yjs <- y*", "ygo", False),
        ("refused:apply * <- ygo", "yrs", False),
        ("refused:apply * <- *", "", False),
        ("refused:apply * <- ygo", "ygo, unreadable", True),
        ("refused:apply * <- ygo, unreadable", "ygo, unreadable", True),
        ("refused:apply * <- ygo, unreadable", "ygo", False),
        ("refused:apply *ygo*", "ygo", False),
        ("refused:apply *", "ygo", True),
    ],
)
def test_a_glob_may_be_of_the_bytes_of_somebody(glob: str, writer: str, known: bool) -> None:
    entry = Divergence("yrs-x", "yrs", ("a",), "*", "any", "any", ("v1",), ("state:1",), "", (), fuzz=(glob,))
    found = explained("refused:apply Unexpected case yjs", "text,causal", [entry], [yrs("2.1.0")], writer)
    assert found == (("yrs-x",) if known else ())


@pytest.mark.parametrize(
    ("states", "roots"),
    [
        (({"t": {"$text": "a"}, "m": {"$map": {}}}, {"t": {"$text": "b"}, "m": {"$map": {}}}), "t"),
        (({"m": {"$map": {"k": 1}}}, {"m": {"$map": {"k": 2}}}), "m"),
        (({"m": {"$map": {"k": {"$text": "a"}}}}, {"m": {"$map": {"k": {"$text": "b"}}}}), "m/text"),
        (({"m": {"$map": {"k": {"$text": "a"}}}}, {"m": {"$map": {"k": {"$array": []}}}}), "m"),
        (({"a": {"$array": [{"$map": {"k": 1}}, 1]}}, {"a": {"$array": [{"$map": {"k": 2}}, 2]}}), "a,a/map"),
        (({"a": {"$array": [{"$text": ""}]}}, {"a": {"$array": []}}), "a"),
        (({"a": {"$array": []}}, {}), "a"),
    ],
)
def test_a_symptom_says_what_differs(states: tuple[dict[str, Any], ...], roots: str) -> None:
    clusters = [{"peers": {}, "answer": state} for state in states]
    failure = Failure(0, "", "agree", "a", 0, None, {"of": "state", "parted": "yjs|yrs", "clusters": clusters})
    assert symptom(Verdict("fail", (failure,))) == f"agree:state[{roots}]"


@pytest.mark.parametrize(
    ("aspect", "flags", "told"),
    [
        ("same-apply", ("origin-to-come", "bytes-behind", "value-in-text"), "origin-to-come"),
        ("same-state", ("origin-to-come", "bytes-behind", "value-in-text"), "value-in-text"),
        ("same-state", ("parent-no-type", "parent-to-come"), "parent-no-type"),
        ("same-state", ("json", "value-in-text"), "json"),
    ],
)
def test_a_symptom_names_the_oddity_that_tells_of_it(aspect: str, flags: tuple[str, ...], told: str) -> None:
    clusters = [{"peers": {}, "answer": answer} for answer in ({"refused": True}, None)]
    failure = Failure(0, "", "agree", "a", 0, None, {"of": aspect, "parted": "yjs|yrs", "clusters": clusters})
    assert symptom(Verdict("fail", (failure,)), flags) == f"agree:{aspect} {told}"


@pytest.mark.parametrize(
    ("odd", "compared"),
    [
        (("json",), ["taken", "held", "after"]),
        (("json", "string-under-a-key"), ["taken", "held", "after"]),
        (("origin-to-come", "string-under-a-key"), ["taken"]),
        (("unreadable-parent-info", "gap"), ["taken"]),
        (("string-under-a-key",), []),
    ],
)
def test_what_nobody_can_know_is_not_compared(odd: tuple[str, ...], compared: list[str]) -> None:
    _, same = steps_of("ab", b"\0\0", "v1", odd)
    assert [names[0].partition(".")[0] for names in same if len(names) > 1] == compared


def yrs(version: str) -> Implementation:
    return Implementation("yrs", "yrs", Launch((), {}, None), Hello("yrs", version, "rust", "", frozenset(), ()))


def test_what_agrees_is_not_found(tmp_path: Path) -> None:
    arguments = ("--impls", "yjs,pycrdt", "--profile", "text", "--profile", "array,map", "--programs", 40)
    said = conformance("fuzz", *arguments, "--results", tmp_path / "campaign.ndjson")
    assert said.code == 0, said.out
    assert said.out == f"0 new ways to fail, 0 known ones; record: {tmp_path / 'campaign.ndjson'}\n"


def test_a_finding_says_how_to_see_it_again(tmp_path: Path) -> None:
    """Of a runner that is wrong on purpose: what releases have wrong may be known tomorrow."""
    file = tmp_path / "campaign.ndjson"
    argv = miniature(next(iter(table("BY_CHANCE"))), real("pycrdt")).argv
    wrong = ("--runner", a_manifest(tmp_path, "wrong", argv))
    said = conformance("fuzz", "--impls", "yjs,wrong", *wrong, "--profile", "text", "--programs", 20, "--results", file)
    assert said.code == 1, said
    (again,) = [line.split(" python -m conformance ")[1] for line in said.out.splitlines() if "again  " in line][:1]
    assert again.endswith(f" --runner {wrong[1]}")
    found = conformance(*again.split(), "--results", tmp_path / "again.ndjson")
    assert found.code == 1
    first, second = map(_first_finding, (file, tmp_path / "again.ndjson"))
    for key in ("seed", "program", "signature"):
        assert first[key] == second[key]


def test_what_waits_must_come_out_without_a_resync(tmp_path: Path) -> None:
    """`gaps` loses updates on purpose, so it compares only after a resync, which brings what was forgotten."""
    argv = miniature("forgets-what-waits", real("yjs")).argv
    wrong = ("--impls", "yjs,wrong", "--runner", a_manifest(tmp_path, "wrong", argv))
    said = conformance("fuzz", *wrong, "--profile", "text,gaps-filled", "--programs", 20)
    assert (said.code, said.out.splitlines()[0]) == (1, "agree:same-state_vector wrong against yjs")


def test_twins_show_what_peers_get_wrong_alike(tmp_path: Path) -> None:
    """Its peers agree, all one place too early, and so do those that get its updates."""
    argv = miniature("one-place-too-early", real("pycrdt")).argv
    wrong = ("--runner", a_manifest(tmp_path, "wrong", argv), "--programs", 20)
    for cast in ("wrong", "yjs,wrong"):
        assert conformance("fuzz", "--impls", cast, *wrong, "--profile", "text").code == 0
    said = conformance("fuzz", "--impls", "yjs,wrong", *wrong, "--profile", "text,twins")
    assert (said.code, said.out.splitlines()[0]) == (1, "agree:same-state[t] wrong against yjs")


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ("richtext,twins", "richtext: is not for twins, since it leaves open the attributes of what is inserted"),
        ("text,gaps,twins", "gaps: is not for twins, between whom nothing travels"),
        ("text,hostile", "hostile: programs of bytes are not combined with others"),
    ],
)
def test_what_makes_no_sense_together_is_refused(names: str, says: str) -> None:
    assert says in one_line(conformance("fuzz", "--impls", "yjs,pycrdt", "--profile", names))


def test_structs_are_looked_at_in_some_casts_and_in_the_one_that_was_named() -> None:
    """The numbers of the implementations say in which, and `--impls` of a command to see it again gives others."""
    everybody = [yrs(f"0.{minor}.0") for minor in range(20, 26)]
    for place, each in enumerate(everybody):
        everybody[place] = replace(
            each, label=f"yrs@{place}", hello=replace(each.hello, features=PROFILES["text"].needs | {WRAP, "root.text"})
        )
    script = Script(combine(["text"], PROFILES))
    assert [Troupe(script, everybody).looks_at_structs(cast) for cast in ((0, 1), (1, 3))] == [False, True]
    named = replace(script, cast=("yrs@0", "yrs@1"))
    assert Troupe(named, everybody).looks_at_structs((0, 1))


@pytest.mark.parametrize(
    ("fault", "profile", "cast", "key", "wrote", "slot"),
    [
        ("cuts-what-it-writes", "text", "wrong,yjs", "refused:apply Unexpected end of array yjs", "wrong", "u1"),
        (
            "cuts-its-snapshots",
            "snapshots",
            "wrong,yjs",
            "refused:snapshot.restore Unexpected end of array yjs",
            "wrong",
            "s1",
        ),
        ("dies-of-others", "text", "yjs,wrong", "crash ended with SIGABRT wrong", "yjs", "u1"),
    ],
)
def test_a_finding_says_whose_bytes_the_reader_failed_over(
    tmp_path: Path, fault: str, profile: str, cast: str, key: str, wrote: str, slot: str
) -> None:
    argv = miniature(fault, real("pycrdt")).argv
    wrong = ("--runner", a_manifest(tmp_path, "wrong", argv), "--impls", "yjs,wrong", "--cast", cast, "--peers", 2)
    file = tmp_path / "campaign.ndjson"
    said = conformance("fuzz", *wrong, "--profile", profile, "--programs", 5, "--results", file)
    lines = said.out.splitlines()
    if wrote == "wrong":
        assert lines[0] == f"{key} <- wrong, unreadable"
        assert lines[2] == f"  bytes    {slot}, made by wrong, was read by yjs, and the kit cannot read it either"
    else:
        assert lines[0] == f"{key} <- {wrote}"
        assert lines[2] == f"  bytes    {slot}, made by {wrote}, was read by wrong"
    assert _first_finding(file)["key"] == key


def test_so_does_one_of_a_merge(tmp_path: Path) -> None:
    argv = miniature("cuts-what-it-writes", real("pycrdt")).argv
    wrong = ("--runner", a_manifest(tmp_path, "wrong", argv), "--impls", "yjs,wrong", "--cast", "wrong,yjs")
    said = conformance("fuzz", *wrong, "--peers", 2, "--profile", "text,merge", "--programs", 5)
    lines = said.out.splitlines()
    place = lines.index("refused:merge Unexpected end of array yjs <- wrong, unreadable")
    assert lines[place + 2] == "  bytes    u1, made by wrong, was read by yjs, and the kit cannot read it either"


def test_of_what_a_dead_runner_had_got_the_bytes_that_nobody_can_read_are_suspected(tmp_path: Path) -> None:
    cuts, dies = (
        ("--runner", a_manifest(tmp_path, name, miniature(fault, real("pycrdt")).argv))
        for name, fault in (("cuts", "cuts-what-it-writes"), ("dies", "dies-of-others"))
    )
    cast = ("--impls", "yjs,cuts,dies", "--cast", "yjs,cuts,dies", "--peers", 3)
    said = conformance("fuzz", *cuts, *dies, *cast, "--profile", "text,offline", "--seed", 1, "--programs", 5)
    assert "crash ended with SIGABRT dies <- cuts, unreadable" in said.out.splitlines()


def _first_finding(file: Path) -> dict[str, Any]:
    return next(record for record in read(file).records if record["type"] == "result")


def test_a_campaign_that_was_cut_short_goes_on(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.ndjson", tmp_path / "cut.ndjson"
    arguments = ("fuzz", "--impls", "yjs,yrs", "--profile", "bigints")
    conformance(*arguments, "--programs", 30, "--results", whole)
    conformance(*arguments, "--programs", 12, "--results", cut)
    conformance(*arguments, "--programs", 30, "--resume", cut)
    ends = [[r for r in read(path).records if r["type"] == "progress"][-1] for path in (whole, cut)]
    assert ends[0] == ends[1]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--profile", "txt"), "there is no profile txt; there are text, "),
        (("--profile", "hostile,text"), "are not combined"),
        (("--time", "5"), "'5' is no time such as 90s, 10m or 2h"),
        (("--peers", "1-9"), "neither a number from 2 to 5 nor two"),
        (("--impls", "ypy", "--profile", "undo"), "nobody can play the profile undo,causal: ypy lacks redo, undo"),
    ],
)
def test_what_cannot_be_done_ends_in_one_line(arguments: tuple[str, ...], says: str) -> None:
    said = conformance("fuzz", *arguments)
    assert said.code == 2
    error = said.err.splitlines()[-1]  # an implementation may be installed first, which says so
    assert error.startswith("conformance: error: ")
    assert says in error


def test_profiles_of_ones_own(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        """
        [words]
        kind = "edits"
        about = "no deletes"
        roots = { t = "text" }
        edits = { "text.insert" = 1 }

        [calm]
        kind = "delivery"
        about = "in order"
        default = true
        moves = { "catch-up" = 1 }
        """
    )
    results = tmp_path / "r.ndjson"
    said = conformance("fuzz", "--impls", "pycrdt", "--profiles", own, "--programs", 5, "--results", results)
    assert said.code == 0, said.err
    progress = json.loads(results.read_text().splitlines()[-1])
    assert (progress["profile"], progress["programs"]) == ("words,calm", 5)


def test_the_corpus_keeps_what_found_something_as_vectors(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    conformance("fuzz", "--impls", "yjs,yrs", "--profile", "bigints", "--programs", 10, "--corpus", corpus)
    assert list(corpus.iterdir())
    again = conformance("run", "--vectors", corpus, "--impls", "yjs,yrs")
    assert again.code == 1
    assert "0 unexpected" not in again.out


@pytest.mark.parametrize(
    ("edits", "says"),
    [
        ('{ "text.isnert" = 1 }', "edits: there is no text.isnert; there are any.insert, "),
        ('{ "text.delete" = 1 }', "edits: one at least must be of any.insert, "),
    ],
)
def test_a_profile_that_cannot_be_written_is_named(tmp_path: Path, edits: str, says: str) -> None:
    own = tmp_path / "own.toml"
    calm = '[calm]\nkind = "delivery"\ndefault = true\nmoves = { "catch-up" = 1 }\n'
    own.write_text(f'[words]\nkind = "edits"\nroots = {{ t = "text" }}\nedits = {edits}\n{calm}')
    said = conformance("fuzz", "--impls", "pycrdt", "--profiles", own, "--programs", 5)
    assert said.code == 2
    assert f"profile words,calm: {says}" in said.err


@pytest.mark.parametrize(
    ("size", "says"),
    [("{ rounds = 1 }", "size: rounds is a whole number from 2 on"), ("{ turns = 9 }", "size is a table of rounds, ")],
)
def test_a_size_that_no_program_has_is_named(tmp_path: Path, size: str, says: str) -> None:
    own = tmp_path / "own.toml"
    own.write_text(f'[endless]\nkind = "setting"\nsize = {size}\n')
    with pytest.raises(UsageError, match=f"own.toml: endless: {says}"):
        load_profiles(own)
