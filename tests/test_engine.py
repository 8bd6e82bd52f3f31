"""The engine among runners that crash, hang, babble and eat memory: each is blamed, and nobody else."""

from __future__ import annotations

import json
import re
import sys
import time
from itertools import chain, repeat
from threading import Timer
from typing import TYPE_CHECKING, Any

import pytest
from psutil import Process

from conformance.doctor import faults
from conformance.errors import ProvisionError
from conformance.execute import worker
from conformance.execute.engine import Engine
from conformance.execute.limits import Limits
from conformance.execute.process import RunnerError, RunnerProcess
from conformance.execute.room import Room, places
from conformance.judge.known import Divergence
from conformance.model.spec import Spec
from conformance.plan import casting
from conformance.plan.casting import Performance
from conformance.plan.casting import perform as perform_all
from conformance.plan.program import compile_case
from conformance.provision import Launch
from conformance.run import introduce
from tests.support import (
    ABC,
    DELETE,
    INSERT,
    Results,
    a_case,
    conformance,
    miniature,
    one_line,
    perform,
    read_cases,
    real,
    write_cases,
)

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.model.vector import Case
    from conformance.plan.program import Program

FAULTS = faults()
WRONG_ANSWERS = [name for name, verdict in FAULTS.items() if verdict == "fail"]
BROKEN_PROCESSES = [name for name, verdict in FAULTS.items() if verdict not in ("fail", "untrusted")]
LIMITS = Limits(timeout=2, memory=192 << 20, jobs=2)

TWO_PEERS = {"a": {"client": 1}, "b": {"client": 2}}
TO_B = [{"op": "encode", "peer": "a", "as": "u"}, {"op": "apply", "peer": "b", "update": "u"}]
BC = {"state": {"t": {"$text": "bc"}}, "state_vector": {"1": 3}}


def some_cases(folder: Path) -> tuple[Case, ...]:
    """Ten harmless cases, the one that every fault of a process strikes in their midst, and an update to refuse."""
    harmless = [a_case(f"harmless-{n}", [INSERT, *TO_B], {"converged": ABC}, peers=TWO_PEERS) for n in range(10)]
    harmless[5:5] = [a_case("struck", [INSERT, DELETE, *TO_B], {"converged": BC}, peers=TWO_PEERS)]
    at_the_end = [INSERT, {**INSERT, "index": 3, "text": "d"}, *TO_B]
    abcd = {"state": {"t": {"$text": "abcd"}}, "state_vector": {"1": 4}}
    truncated = [{"op": "apply", "peer": "a", "update": {"base64": "AQ=="}, "as": "x"}]
    refused = {"observations": {"x": {"refused": True}}}
    return read_cases(
        folder,
        *harmless,
        a_case("at-the-end", at_the_end, {"converged": abcd}, peers=TWO_PEERS),
        a_case("refused", truncated, refused, verdict="invalid"),
    )


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """One run of every runner whose process breaks, beside the real one."""
    folder = tmp_path_factory.mktemp("broken")
    runners = {fault: miniature(fault, real("pycrdt")) for fault in BROKEN_PROCESSES}
    return perform(folder, {**runners, "pycrdt": real("pycrdt")}, some_cases(folder), limits=LIMITS)[1]


@pytest.mark.parametrize("fault", BROKEN_PROCESSES)
def test_a_process_that_breaks_is_blamed_for_the_case_that_broke_it_and_no_other(broken: Results, fault: str) -> None:
    of_fault = [record for record in broken.all if set(record["cast"]) == {fault}]
    assert {record["case"]: record["verdict"] for record in of_fault if record["verdict"] != "pass"} == {
        "own/struck": FAULTS[fault]
    }
    assert len(of_fault) == 13
    assert broken.of("own/struck", fault)["culprit"] == fault
    assert broken.of("own/struck", fault)["detail"]


def test_the_real_runner_beside_them_passes_everything(broken: Results) -> None:
    assert {record["verdict"] for record in broken.all if set(record["cast"]) == {"pycrdt"}} == {"pass"}


def test_a_crash_takes_only_the_castings_that_it_plays_in(tmp_path: Path) -> None:
    runners = {"crashes": miniature("crashes", real("pycrdt")), "yjs": real("yjs")}
    _, results = perform(tmp_path, runners, some_cases(tmp_path), "pairs", limits=LIMITS)
    verdicts = {key: record["verdict"] for key, record in zip(results.keys, results.all, strict=True)}
    assert len(verdicts) == len(results.all)
    struck = {cast: verdict for (case, cast, fmt), verdict in verdicts.items() if (case, fmt) == ("own/struck", "v1")}
    assert struck == {
        ("crashes", "crashes"): "crash",
        ("crashes", "yjs"): "crash",  # it is the writer, which deletes
        ("yjs", "crashes"): "pass",  # here Yjs deletes
        ("yjs", "yjs"): "pass",
    }
    assert {verdict for (case, *_), verdict in verdicts.items() if case != "own/struck"} == {"pass"}


def test_what_is_known_to_hang_is_alone_and_not_waited_for_as_long(tmp_path: Path) -> None:
    known = Divergence("hangs-x", "hangs", ("own/struck",), "*", "any", "any", ("v1",), ("timeout",), "It hangs.", ())
    cases, limits = some_cases(tmp_path), Limits(timeout=10, jobs=1)
    code, results = perform(
        tmp_path, {"hangs": miniature("hangs", real("pycrdt"))}, cases, limits=limits, known=(known,)
    )
    assert (code, len(results.all)) == (0, 13)
    assert results.of("own/struck", "hangs")["detail"] == "no answer within 2 s"
    assert results.end["seconds"] < 10, "the cases beside it waited with it"


def test_others_work_while_one_hangs(tmp_path: Path) -> None:
    struck = [a_case("struck", [INSERT, DELETE, *TO_B], {"converged": BC}, peers=TWO_PEERS)]
    harmless = [a_case("harmless", [INSERT, *TO_B], {"converged": ABC}, peers=TWO_PEERS)]
    hangs, passes = (compile_case(case, (0, 0), "v1") for case in read_cases(tmp_path, *struck, *harmless))
    performances = [Performance(hangs, (0, 0), (0,)), *(Performance(passes, (1, 1), (1,)) for _ in range(100))]
    with Engine([miniature("hangs", real("pycrdt")), real("pycrdt")], Limits(timeout=20, jobs=1)) as engine:
        engine.start()
        engine.expect({"own/struck": [0]})  # so it has its turn first
        told = [outcome for outcomes in engine.run(iter(performances)) for outcome in outcomes]
    assert told[-1].fault is not None and told[-1].fault.kind == "timeout"
    assert len(told) == 101, "all others were done by then, though one job is all there is"


def test_time_in_which_the_whole_machine_stood_still_is_no_hang(tmp_path: Path) -> None:
    a, b = (a_case(name, [INSERT, *TO_B], {"converged": ABC}, peers=TWO_PEERS) for name in ("alone", "other"))
    alone, other = (compile_case(case, (0, 0), "v1") for case in read_cases(tmp_path, a, b))
    wakes: list[Timer] = []
    others = Process().children()  # such as a cluster of earlier tests

    def still(_: int, line: bytes) -> None:
        if wakes and b"text.insert" in line:
            time.sleep(3)

    def played(program: Program) -> Performance:
        if program is other:
            for runner in set(Process().children()).difference(others):
                runner.suspend()
                wakes.append(Timer(3.3, runner.resume))
                wakes[-1].start()
        return Performance(program, (0, 0), (0,))

    with Engine([real("pycrdt")], Limits(timeout=10, jobs=2), still) as engine:
        engine.start()
        engine.expect({"own/alone": [0]})  # it is waited for 2 s, and has no second try
        turns = [(alone,), (alone, other)]  # the first starts the runner that it has to itself
        told = [outcome for turn in turns for outcomes in engine.run(map(played, turn)) for outcome in outcomes]
    assert len(wakes) == 2
    assert [(outcome.fault, outcome.done) for outcome in told] == [(None, True)] * 3


def test_a_suspect_has_its_turn_while_others_have_work_without_an_end(tmp_path: Path) -> None:
    struck = [a_case("struck", [INSERT, DELETE, *TO_B], {"converged": BC}, peers=TWO_PEERS)]
    harmless = [a_case("harmless", [INSERT, *TO_B], {"converged": ABC}, peers=TWO_PEERS)]
    once, on_and_on = (compile_case(case, (0, 0), "v1") for case in read_cases(tmp_path, *struck, *harmless))
    performances = (Performance(program, (0, 0), (0,)) for program in chain([once], repeat(on_and_on, 20_000)))
    with Engine([miniature("crashes", real("pycrdt"))], Limits(timeout=5, jobs=1)) as engine:
        assert not isinstance(engine.start()[0], RunnerError)
        told = 0
        for outcomes in engine.run(performances):
            if any(outcome.performance.program is once for outcome in outcomes):
                break
            told += len(outcomes)
    assert told < 10_000, "a stream whose end nobody waits for"


def test_a_library_that_broke_is_renewed_and_what_it_forgot_begins_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[str, ...]] = []

    class Counted(RunnerProcess):
        def __init__(self, launch: Launch) -> None:
            started.append(launch.argv)
            super().__init__(launch)

    monkeypatch.setattr(worker, "RunnerProcess", Counted)
    # An astral character, cut in the middle by a remote insert: a panic of Yrs.
    split = {"op": "apply", "peer": "a", "update": {"base64": "AgEBAAQBAXQE8J+YgAECAMQBAAEBAVgA"}}
    struck = [a_case(f"struck-{n}", [split], {"converged": ABC}) for n in range(3)]
    harmless = [a_case(f"harmless-{n}", [INSERT, *TO_B], {"converged": ABC}, peers=TWO_PEERS) for n in range(40)]
    cases = read_cases(tmp_path, *harmless[:20], *struck, *harmless[20:])
    _, results = perform(tmp_path, {"ywasm": real("ywasm"), "yjs": real("yjs")}, cases, "pairs", limits=LIMITS)
    assert len(set(results.keys)) == len(results.all)
    assert {record["verdict"] for record in results.all if "harmless" in record["case"]} == {"pass"}
    broken = [record for record in results.all if "struck" in record["case"] and set(record["cast"]) == {"ywasm"}]
    assert {record["verdict"] for record in broken} == {"crash"} and len(broken) == 6, "in both formats"
    assert len(started) <= 4, "each runner, and one more of each for the cases that are performed alone"


def test_who_reads_memory_that_another_case_spoiled_is_not_blamed(tmp_path: Path) -> None:
    """A library that frees too much breaks over the cases after the one that made it."""
    spoils = miniature("spoils-memory", real("pycrdt"))
    code, results = perform(tmp_path, {"spoils": spoils}, some_cases(tmp_path), limits=LIMITS)
    assert (code, {record["verdict"] for record in results.all}) == (0, {"pass"})


def test_where_many_cases_break_a_library_fewer_are_open_and_few_begin_again(tmp_path: Path) -> None:
    split = {"op": "apply", "peer": "a", "update": {"base64": "AgEBAAQBAXQE8J+YgAECAMQBAAEBAVgA"}}  # as above
    peers = {"a": {"client": 11}, "b": {"client": 12}}
    there_and_back = [
        step
        for n in range(8)
        for step in (
            {"op": "encode", "peer": "ab"[n % 2], "as": f"u{n}"},
            {"op": "apply", "peer": "ba"[n % 2], "update": f"u{n}"},
        )
    ]
    cases = read_cases(
        tmp_path,
        *(
            a_case(f"{n}", [INSERT, *there_and_back, *([split] if n % 8 == 7 else ())], {"converged": ABC}, peers=peers)
            for n in range(240)
        ),
    )
    numbers: list[int] = []

    def see(_: int, line: bytes) -> None:
        numbers.extend(map(int, re.findall(rb'"session":(\d+)', line)))

    commands = [real("ywasm"), real("yjs")]
    with Engine(commands, LIMITS, see) as engine:
        implementations = introduce(engine, [Spec(name, None, None, name) for name in ("ywasm", "yjs")], commands)
        features = [implementation.hello.features for implementation in implementations]
        count = sum(len(outcomes) for outcomes in engine.run(perform_all(cases, "pairs", features)))
    assert count == 1920, "four casts, in two formats"
    assert max(numbers) / count < 2


@pytest.mark.parametrize(("breaks", "size"), [(0, 600), (1, 300), (2, 150), (9, 16)])
def test_room_is_halved_at_a_break_and_grows_again(breaks: int, size: int) -> None:
    room = Room(600)
    room.take(600)
    for _ in range(breaks):
        room.narrow()
    assert room.size == size
    room.widen(3 * 600)
    assert room.size == 600


@pytest.mark.parametrize(("steps", "free"), [(40, True), (100_000, True), (200_000, False)])
def test_a_long_session_takes_several_places(steps: int, free: bool) -> None:
    room = Room(600)
    room.take(places(steps))
    assert room.is_free is free
    room.leave(places(steps))
    assert room.is_free


LATE = """\
import subprocess, sys, time
runner = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
for line in sys.stdin.buffer:
    time.sleep(0.3)
    runner.stdin.write(line)
    runner.stdin.flush()
    sys.stdout.buffer.write(runner.stdout.readline())
    sys.stdout.buffer.flush()
"""


@pytest.mark.parametrize("late", ["pycrdt", "ywasm"])
def test_what_ends_a_case_is_not_up_to_who_is_faster(tmp_path: Path, late: str) -> None:
    runners = {name: real(name) for name in ("pycrdt", "ywasm")}
    slow = runners[late]
    runners[late] = Launch((sys.executable, "-c", LATE, *slow.argv), slow.env, slow.cwd)
    steps = [{"op": "pending", "peer": "a", "as": "p"}, {"op": "sync.step1", "peer": "b", "as": "m"}]
    observed = {"observations": {"p": {"value": False}}, "converged": {"state": {"t": {"$text": ""}}}}
    cases = read_cases(tmp_path, a_case("both-lack-something", steps, observed, peers=TWO_PEERS))
    _, results = perform(tmp_path, runners, cases, "pairs", limits=LIMITS)
    (mixed,) = [each for each in results.all if each["cast"] == ["pycrdt", "ywasm"] and each["format"] == "v1"]
    assert (mixed["verdict"], mixed["detail"], mixed["culprit"]) == ("unsupported", "pending", "pycrdt")


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """One run of every runner that answers wrongly, as each other's peers and of the real one."""
    folder = tmp_path_factory.mktemp("wrong")
    runners = {fault: miniature(fault, real("pycrdt")) for fault in WRONG_ANSWERS}
    return perform(folder, {**runners, "pycrdt": real("pycrdt")}, some_cases(folder), "pairs", limits=LIMITS)[1]


@pytest.mark.parametrize("fault", WRONG_ANSWERS)
def test_a_wrong_answer_is_caught_alone_or_beside_the_real_runner(wrong: Results, fault: str) -> None:
    casts = [record for record in wrong.all if set(record["cast"]) <= {fault, "pycrdt"}]
    failing = [record for record in casts if record["verdict"] != "pass"]
    assert failing
    assert {record["verdict"] for record in failing} == {"fail"}
    assert all(fault in record["cast"] for record in failing)


@pytest.mark.parametrize("fault", ["ok-to-unknown", "dies-of-unknown"])
def test_a_runner_that_does_not_say_what_it_cannot_do_is_not_trusted(tmp_path: Path, fault: str) -> None:
    with pytest.raises(ProvisionError, match=r"its runner is no use \(untrusted\).*try it by hand: "):
        perform(tmp_path, {"wrong": miniature(fault, real("pycrdt"))}, some_cases(tmp_path))


def test_lines_larger_than_a_pipe_holds_go_both_ways(tmp_path: Path) -> None:
    text = "0123456789abcdef" * (1 << 14)  # 256 KiB; four of these a case, in two lines at the same time
    steps = [{**INSERT, "text": text}, {"op": "state", "peer": "a", "as": "s"}, *TO_B]
    expect = {"converged": {"state": {"t": {"$text": text}}, "state_vector": {"1": len(text)}}}
    cases = read_cases(tmp_path, *(a_case(f"long-{n}", steps, expect, peers=TWO_PEERS) for n in range(6)))
    code, results = perform(tmp_path, {"pycrdt": real("pycrdt"), "yjs": real("yjs")}, cases, "pairs")
    assert code == 0
    assert {record["verdict"] for record in results.all} == {"pass"}


def test_a_line_says_once_what_castings_repeat_to_who_understands_it(tmp_path: Path) -> None:
    cases = read_cases(tmp_path, a_case("two", [INSERT, *TO_B], {"converged": ABC}, peers=TWO_PEERS))
    launches = [real("pycrdt"), real("yjs"), miniature("wrong-state", real("pycrdt"))]
    sent: list[list[dict[str, Any]]] = [[], [], []]

    def see(number: int, line: bytes) -> None:
        sent[number] += json.loads(line).get("run", ())

    with Engine(launches, LIMITS, see) as engine:
        features = [hello.features for hello in engine.start() if not isinstance(hello, RunnerError)]
        outcomes = list(chain.from_iterable(engine.run(casting.perform(cases, "pairs", features))))
    assert all(outcome.done for outcome in outcomes)
    for parts in sent[:2]:
        assert any("like" in part for part in parts)
        assert all(part.keys() == {"session", "like"} for part in parts if "like" in part)
    assert not any("like" in part for part in sent[2]), "it does not say that it understands"


MANIFEST = """\
name = "mine"
title = "Mine"
homepage = "https://example.org"
language = "c"
provider = "command"
argv = {argv}
"""


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["no-such-program"], "there is no program 'no-such-program'"),
        (["{here}/not-a-program"], "not-a-program'"),
        (["false"], "its runner is no use (crash): ended with exit code 1"),
        ([sys.executable, "-c", "print('hello')"], "its runner is no use (protocol): wrote to stdout what is no JSON"),
        ([sys.executable, "-c", "print('{\"seq\": 0}')"], "its runner is no use (protocol): hello was not"),
    ],
    ids=["missing", "no-program", "ends", "babbles", "says-nothing"],
)
def test_a_runner_that_does_not_start_is_one_clear_line(tmp_path: Path, argv: list[str], says: str) -> None:
    (tmp_path / "not-a-program").write_text("text")
    manifest = tmp_path / "mine.toml"
    manifest.write_text(MANIFEST.format(argv=json.dumps(argv)))
    vectors = write_cases(tmp_path, a_case("one", [INSERT], {"converged": ABC}))
    said = conformance("--runner", manifest, "--impls", "mine", "--vectors", vectors)
    assert said.code == 3
    assert one_line(said).startswith("conformance: error: mine: ")
    assert says in said.err


def test_what_a_runner_said_before_it_died_is_shown(tmp_path: Path) -> None:
    program = (sys.executable, "-c", "import sys; sys.exit('the library is not there')")
    with pytest.raises(ProvisionError, match="the library is not there"):
        perform(tmp_path, {"mine": Launch(program, {}, None)}, some_cases(tmp_path))
