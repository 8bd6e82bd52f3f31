"""`minimize`: the smallest case that still fails, from vectors, random programs and updates from the field."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from conformance.execute.engine import Engine
from conformance.execute.limits import Limits
from conformance.fuzz.generate import Generator
from conformance.fuzz.profile import combine, load_profiles
from conformance.minimize.edit import GONE, apply, joined
from conformance.minimize.finding import Players, of_performance, of_vector
from conformance.minimize.outcome import programs
from conformance.minimize.search import Budget, cost, minimize, search
from conformance.minimize.seen import Part, Seen, alike, constant
from conformance.minimize.stage import world
from conformance.minimize.vector import fixed, suite_text, vector
from conformance.minimize.work import Cast, Workshop, work
from conformance.model.manifest import find_manifest, load_manifests
from conformance.model.schema import suite_errors
from conformance.model.spec import Spec
from conformance.resources import data_root
from conformance.run import introduce
from tests.support import INSERT, a_case, conformance, miniature, one_line, read_cases, real

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from conformance.model.vector import Case
    from conformance.provision import Launch
    from tests.conftest import Said

AGREE = {"agree": True}
DELETES = "history/y-crdt-582-several-deletes-before-the-text"
JSON_ITEM = "AQEHAAIBAWwFATEDImEiBG51bGwMeyJrIjpbdHJ1ZV19CXVuZGVmaW5lZAA="  # the old ContentJSON


def a_program(folder: Path, steps: Sequence[dict[str, Any]], **others: Any) -> Case:
    peers = {"a": {"client": 70}, "b": {"client": 9}}
    (case,) = read_cases(folder, a_case("program", list(steps), AGREE, peers=peers, **others))
    return case


def insert(text: str, **others: Any) -> dict[str, Any]:
    return {**INSERT, "text": text, **others}


# --- the search, on a predicate --------------------------------------------------------------------------------------


def asks(wanted: Any, log: list[int]) -> Any:
    def shows(cases: Sequence[Case]) -> list[bool]:
        log.append(len(cases))
        return [wanted(case) for case in cases]

    return shows


def texts(case: Case) -> str:
    steps = [inner for step in case.steps for inner in step.get("steps", (step,))]
    return "".join(step.get("text", "") for step in steps)


def test_only_what_matters_is_left(tmp_path: Path) -> None:
    noise = [insert(f"noise {number}", attributes={"b": True}) for number in range(40)]
    wanted = {"op": "transact", "peer": "b", "steps": [insert("x", peer="b"), insert("a needle in hay", peer="b")]}
    case = a_program(tmp_path, [*noise[:20], wanted, *noise[20:]])
    log: list[int] = []
    found = minimize(case, asks(lambda case: "needle" in texts(case), log))
    assert [dict(step) for step in found.steps] == [{**INSERT, "peer": "b", "text": "needle"}]
    assert found.peers == {"b": {"client": 1}}
    assert sum(log) > 2 * len(log)  # candidates go to the runners together


def test_the_same_search_ends_the_same(tmp_path: Path) -> None:
    case = a_program(tmp_path, [insert(f"{number} xyz") for number in range(12)])
    logs: list[list[int]] = [[], []]
    wanted = lambda case: texts(case).count("x") >= 3  # noqa: E731
    first, second = (minimize(case, asks(wanted, log)) for log in logs)
    assert first == second
    assert logs[0] == logs[1]
    assert len(first.steps) == 3


def test_a_bound_keeps_the_best_so_far(tmp_path: Path) -> None:
    case = a_program(tmp_path, [insert(f"{number} xyz") for number in range(12)])
    found = search(case, asks(lambda case: "x" in texts(case), []), Budget(candidates=20))
    assert not found.complete
    assert found.tried <= 20
    assert len(found.case.steps) < 12


def test_what_depends_on_a_step_goes_with_it(tmp_path: Path) -> None:
    steps = [
        insert("a", **{"as": "u"}),
        {"op": "merge", "peer": "b", "updates": ["u", "u"], "as": "m"},
        {"op": "apply", "peer": "b", "update": "m"},
        insert("b"),
    ]
    case = a_program(tmp_path, steps)
    left = apply(case, {("steps", 0): GONE})
    assert left is not None and [step["text"] for step in left.steps] == ["b"]
    assert list(left.peers) == ["a"]


def test_edits_that_collide_are_not_joined() -> None:
    first, second = {("steps", 1): GONE}, {("steps", 1, "text"): "a"}
    assert joined([first, second]) == first
    assert joined([second, first]) == second
    assert joined([first, {("steps", 2): GONE}]) == {("steps", 1): GONE, ("steps", 2): GONE}


def test_another_kind_of_root_is_another_failure() -> None:
    def seen(*roots: str) -> Seen:
        return Seen(frozenset([Part("agree", "state", "", (("ypy",), ("yjs",)), roots)]))

    wanted = alike(seen("map", "text"))
    assert wanted(seen("map")) and wanted(seen("text"))
    assert not wanted(seen("array")) and not wanted(seen("array", "map"))
    assert str(seen("map", "text").main) == "agree:state[map,text]:ypy|yjs"


def test_two_that_are_to_stay_apart_do_not_agree_in_what_is_left() -> None:
    def seen(*who: tuple[str, ...]) -> Seen:
        return Seen(frozenset([Part("agree", "state", "", who)]))

    wanted = alike(seen(("ypy",), ("yjs", "yrs"), ("yffi",)), ("yrs", "ypy"))
    assert wanted(seen(("ypy",), ("yrs",)))
    assert not wanted(seen(("ypy",), ("yjs",))), "also a part of it, but not the one that was asked for"
    assert not wanted(seen(("ypy",), ("yffi",)))


def test_fewer_implementations_are_the_same_failure() -> None:
    def seen(*who: tuple[str, ...]) -> Seen:
        return Seen(frozenset([Part("agree", "state", "", who)]))

    wanted = alike(seen(("ypy",), ("yjs", "yrs")))
    assert wanted(seen(("ypy",), ("yrs",)))
    assert not wanted(seen(("yjs",), ("yrs",)))
    assert not wanted(Seen(frozenset()))
    assert constant("At 0x1f: 'abc' is 12 too long\nmore") == constant("At 0x2: 'd' is 7 too long")


# --- on live implementations -----------------------------------------------------------------------------------------


@pytest.fixture
def engines() -> Iterator[list[Engine]]:
    made: list[Engine] = []
    yield made
    for engine in made:
        engine.close()


def players(engines: list[Engine], launches: dict[str, Launch]) -> Players:
    engines.append(Engine(list(launches.values()), Limits(timeout=5)))
    specs = [Spec(label, None, None, label) for label in launches]
    implementations = introduce(engines[-1], specs, list(launches.values()))
    everybody = range(len(specs))
    return Players(engines[-1], implementations, list(launches), everybody, everybody)


def reals(*names: str) -> dict[str, Launch]:
    return {name: real(name) for name in names}


def edits(count: int) -> list[dict[str, Any]]:
    return [
        step
        for number in range(count)
        for step in (
            insert(f"text {number}", index=number, **{"as": f"u{number}"}),
            {"op": "apply", "peer": "b", "update": f"u{number}"},
        )
    ]


def minimal(found: Any) -> Any:
    best = minimize(found.case, found.stage.shows(found.same))
    return fixed(replace(found, case=best, seen=found.stage.see([best])[0]))


@pytest.mark.parametrize(
    ("fault", "ops", "left"),
    [
        ("dropped-update", ["text.insert"], "agree:state_vector"),
        ("off-by-one", ["text.insert", "text.insert"], "resynced:state"),
        ("crashes", ["text.delete"], "crash"),
    ],
)
def test_a_miniature_is_caught_by_a_minimal_case(
    fault: str, ops: list[str], left: str, tmp_path: Path, engines: list[Engine]
) -> None:
    delete = {"op": "text.delete", "peer": "a", "path": ["t"], "index": 0, "length": 1}
    expect = {"converged": {"state": {"t": {"$text": "abc"}}}}
    peers = {"a": {"client": 70}, "b": {"client": 9}}
    steps = [*edits(8), *([delete] if fault == "crashes" else [])]
    (case,) = read_cases(tmp_path, a_case("whole", steps, expect, peers=peers))
    right = "text 0"
    for number in range(1, 8):
        right = f"{right[:number]}text {number}{right[number:]}"
    text = right[1:] if fault == "crashes" else right
    case = replace(case, expect={"converged": {"state": {"t": {"$text": text}}}})
    launches = {"wrong": miniature(fault, real("pycrdt")), "right": real("pycrdt")}
    who = replace(players(engines, launches), suspects=[0])
    found = minimal(of_vector(case, who))
    assert [step["op"] for step in found.case.steps] == ops
    assert str(found.seen.main).startswith(left)
    # A delete that finds nothing to delete has no numbers of its own, and kills this miniature all the same.
    assert found.case.wrap is (fault == "crashes")


def test_a_random_program_of_two_implementations(engines: list[Engine]) -> None:
    """The update must still be delivered: without, the two would differ, and so would any two."""
    case = Generator(combine(["xml", "causal"], load_profiles()), (2, 3)).program(12)
    who = players(engines, reals("yjs", "ypy"))
    found = minimal(of_performance(case, who, world(case, (0, 1), "v1")))
    assert str(found.seen.main) == "agree:same-state[xml]:yjs|ypy"
    assert [step["op"] for step in found.case.steps] == ["transact", "apply", "state", "state"]
    assert not found.case.wrap
    made = vector(found)
    assert made is not None
    assert not list(suite_errors(json.loads(suite_text([made.case]))))

    manifests = load_manifests(data_root())
    yjs, ypy = programs(made, who, [manifests["yjs"], manifests["ypy"]])
    assert "expected is what b of ypy has" in yjs.text  # each shows its own side beside the other's
    done = subprocess.run([sys.executable, "-c", ypy.text], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "expected is what a of yjs has" in done.stdout


def test_who_made_what_others_part_over_has_a_program_too(tmp_path: Path, engines: list[Engine]) -> None:
    """Its own answers are compared with nobody's: what is to be seen is what it sends."""
    steps: list[dict[str, Any]] = [
        {**insert("word"), "as": "u"},
        {"op": "apply", "peer": "c", "update": "u"},
        {"op": "encode", "peer": "c", "as": "passed"},
        {"op": "apply", "peer": "b", "update": "passed"},
        {"op": "state", "peer": "a", "as": "state.a"},
        {"op": "state", "peer": "b", "as": "state.b"},
    ]
    peers = {name: {"client": client} for client, name in enumerate("abc", 1)}
    expect = {"same": [["state.a", "state.b"]]}
    (case,) = read_cases(tmp_path, a_case("passed-on", steps, expect, peers=peers))
    drops = miniature("dropped-update", real("pycrdt"))
    who = players(engines, {**reals("yjs", "ypy"), "drops": drops})
    made = vector(minimal(of_performance(case, who, world(case, (0, 1, 2), "v1"))))
    assert made is not None
    manifests = load_manifests(data_root())
    *_, dropped = programs(made, who, [manifests[name] for name in ("yjs", "ypy", "pycrdt")])
    done = subprocess.run([sys.executable, "-c", dropped.text], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()[0]) == (0, "passed")


def test_an_interrupt_keeps_the_best_so_far(tmp_path: Path) -> None:
    case = a_program(tmp_path, edits(8))
    launches = {"wrong": miniature("dropped-update", real("pycrdt")), "right": real("pycrdt")}
    specs = [Spec(label, None, None, label) for label in launches]
    manifest = find_manifest(Spec("pycrdt", None, None, "pycrdt"), load_manifests(data_root()))
    cast = Cast(specs, list(launches.values()), [manifest, manifest], 2, [1], Limits(timeout=5))

    def interrupt(progress: Any) -> None:
        if cost(progress.best) < cost(case):
            raise KeyboardInterrupt

    with Workshop(cast) as shop:
        found = of_performance(case, shop.players, world(case, (1, 0), "v1"))
        result, interrupted = work(shop, found, Budget(), interrupt)
    assert interrupted
    assert not result.complete
    assert 0 < len(result.finding.case.steps) < len(case.steps)
    assert result.vector is not None


# --- the command -----------------------------------------------------------------------------------------------------


def fenced(report: str, language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", report, re.DOTALL)
    assert found, report
    return found[1]


def test_a_vector_that_fails_alone_is_compared_with_a_reference(tmp_path: Path) -> None:
    file = tmp_path / "small.json"
    said = conformance("minimize", DELETES, "--impls", "pycrdt,yjs", "--output", file)
    assert said.code == 0, said.err
    assert "fails: `delivered:state[text]:pycrdt|yjs`" in said.out
    assert "ops 11 -> 6" in said.out

    suite = json.loads(file.read_text())
    assert not list(suite_errors(suite))
    assert json.loads(fenced(said.out, "json")) == suite
    assert suite["cases"][0]["expect"]["converged"]["state"] == {"t": {"$text": ""}}
    run = conformance("--vectors", file, "--impls", "pycrdt,yjs", "--castings", "solo")
    assert run.code == 1
    assert "pycrdt alone  v1  fail" in run.out and "yjs alone" not in run.out

    program = tmp_path / "repro.py"
    program.write_text(fenced(said.out, "python"))
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "expected {'t': ''}" in done.stdout and "observed {'t': 'a'}" in done.stdout


def test_updates_from_the_field() -> None:
    said = conformance("minimize", "--updates", JSON_ITEM, "--impls", "yjs,pycrdt")
    assert said.code == 0, said.err
    assert "bytes of given updates 44 -> 12" in said.out
    assert 'JSON 0  in root "l"' in fenced(said.out, "text")
    assert "import * as Y from 'yjs'" in fenced(said.out, "js")


def minimized(folder: Path, steps: list[dict[str, Any]], expect: dict[str, Any]) -> Said:
    """What the command says of a case that yjs and pycrdt play together."""
    case = replace(a_program(folder, steps), expect=expect)
    file = folder / "cases.json"
    file.write_text(suite_text([case]), encoding="utf-8")
    said = conformance("minimize", case.id, "--vectors", file, "--impls", "yjs,pycrdt", "--cast", "yjs,pycrdt")
    assert said.code == 0, said.err
    return said


def test_positions_that_must_be_the_same(tmp_path: Path) -> None:
    """pycrdt counts in bytes; who agrees with itself has a program all the same."""
    resolve = {"op": "position.resolve", "position": "p"}
    steps: list[dict[str, Any]] = [
        {"op": "text.insert", "peer": "a", "path": ["t"], "index": 0, "text": "éabc", "as": "u"},
        {"op": "apply", "peer": "b", "update": "u"},
        {"op": "position", "peer": "b", "path": ["t"], "index": 1, "as": "p"},
        {**resolve, "peer": "a", "as": "p.a"},
        {**resolve, "peer": "b", "as": "p.b"},
    ]
    said = minimized(tmp_path, steps, {"same": [["p.a", "p.b"]]})
    assert "agree:same-position.resolve" in said.out
    assert "may be no fault" not in said.out


def test_where_nobody_is_right_the_report_says_so(tmp_path: Path) -> None:
    insert = {"op": "text.insert", "peer": "a", "path": ["t"], "index": 0, "text": "b"}
    look: list[dict[str, Any]] = [{"op": "state", "peer": peer, "as": f"s.{peer}"} for peer in "ab"]
    said = minimized(tmp_path, [insert, *look], {"same": [["s.a", "s.b"]]})
    assert "nobody here performs it alone without a failure: what is left may be no fault" in said.out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["text/insert-into-empty", "--impls", "yjs,pycrdt"], 1, "there is nothing to minimise"),
        (["--updates", "AQEBAAQBAXQDYWJjAA==", "--impls", "yjs,pycrdt"], 1, "agree about these updates"),
        ([], 2, "give the id of a case, or --updates"),
        (["no/such-case"], 2, "there is no case no/such-case"),
        (["text/insert-into-empty+varied"], 2, "try text/insert-into-empty"),
        ([DELETES, "--impls", "yjs,pycrdt", "--cast", "yrs"], 2, "yrs is not among --impls"),
        (["--updates", "xyz"], 2, "neither hexadecimal"),
    ],
)
def test_bad_usage_is_one_line(arguments: list[str], code: int, message: str) -> None:
    said = conformance("minimize", *arguments)
    assert said.code == code
    assert message in one_line(said)
