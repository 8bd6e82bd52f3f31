"""`repro`: programs with nothing but a library show what the kit saw."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from conformance.divergences.examples import Example, load_examples
from conformance.model.manifest import load_manifests
from conformance.model.vector import Case, load_cases
from conformance.repro import dialect, names
from conformance.repro.part import Goal, needed, share
from conformance.repro.source import Library
from conformance.resources import data_root

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.conftest import Kit

EXAMPLES = load_examples(data_root() / "runners" / "known")
RUNTIMES = {"yjs": "node", "yjs14": "node", "ywasm": "node", "pycrdt": sys.executable, "ypy": sys.executable}
INSERT = {"op": "text.insert", "peer": "a", "path": ["t"], "index": 0, "text": "hi"}


CASES = {case.id: case for case in load_cases([data_root() / "vectors"])}


@pytest.fixture(scope="module")
def cases() -> dict[str, Case]:
    return CASES


def translated(example: Example) -> list[str]:
    """Who of an example's cast has a dialect."""
    manifests = load_manifests(data_root())
    return [name for name in dict.fromkeys(example.cast) if manifests[name].repro]


def program(case: Case, example: Example, name: str) -> str:
    manifest = load_manifests(data_root())[name]
    library = Library(manifest.title, manifest.package, example.versions[name])
    return dialect(manifest.repro).program(example.part(case, name), library)


def samples(name: str, count: int = 4) -> list[str]:
    """Divergences of an implementation that it shows by itself in a complete program, spread over all of them."""
    own = [
        divergence
        for divergence, example in EXAMPLES.items()
        if divergence.startswith(f"{name}-")
        and example.answered_by == name
        and set(example.cast) == {name}
        and example.verdict != "timeout"  # a program that never ends shows it, but not to a test
        and "INCOMPLETE" not in program(CASES[example.case], example, name)
    ]
    return own[:: max(1, len(own) // count)]


SUBDOCUMENTS = {
    "yjs": "yjs-subdocument-removed-twice",
    "yjs14": "yjs14-subdocument-removed-twice",
    "pycrdt": "pycrdt-removed-subdocument-is-read-after-it-is-freed",
}


@pytest.mark.parametrize(
    ("name", "divergence"), [*((name, each) for name in RUNTIMES for each in samples(name)), *SUBDOCUMENTS.items()]
)
def test_a_program_shows_the_wrong_answer(name: str, divergence: str, cases: dict[str, Case], tmp_path: Path) -> None:
    example = EXAMPLES[divergence]
    done = ran(name, program(cases[example.case], example, name), tmp_path)
    assert done.returncode != 0, done.stdout
    assert "SyntaxError" not in done.stderr and "ReferenceError" not in done.stderr and "NameError" not in done.stderr


def ran(name: str, text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What came of a program in JavaScript or Python."""
    file = folder / ("repro.mjs" if RUNTIMES[name] == "node" else "repro.py")
    file.write_text(text, encoding="utf-8")
    if RUNTIMES[name] == "node":  # a module finds packages by its own place
        (folder / "node_modules").symlink_to(data_root() / "node_modules")
    return subprocess.run([RUNTIMES[name], file], capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where cargo builds yrs once for all programs."""
    return tmp_path_factory.mktemp("target")


@pytest.mark.skipif(not shutil.which("cargo"), reason="there is no cargo on PATH")
@pytest.mark.parametrize(
    ("divergence", "code", "shown"),
    [
        ("yrs-waiting-for-one-client-only", 1, 'expected [("t", String("abcd"))]'),
        ("yrs-removed-subdocument-is-read-after-it-is-freed", -signal.SIGSEGV, ""),
    ],
)
def test_a_program_in_rust_compiles_and_shows_the_wrong_answer(
    divergence: str, code: int, shown: str, cases: dict[str, Case], tmp_path: Path, target: Path
) -> None:
    example = EXAMPLES[divergence]
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.rs").write_text(program(cases[example.case], example, "yrs"))
    version = example.versions["yrs"]
    manifest = f'[package]\nname = "repro"\nedition = "2021"\n[dependencies]\nyrs = "={version}"\n'
    (tmp_path / "Cargo.toml").write_text(manifest)
    shutil.copy(data_root() / "Cargo.lock", tmp_path)
    environment = {"CARGO_TARGET_DIR": str(target), **os.environ}
    command = ["cargo", "run", "-q", "--offline"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    if "no matching package" in done.stderr or "failed to download" in done.stderr:
        pytest.skip("yrs is not in cargo's cache")
    assert done.returncode == code, done.stderr
    assert shown in done.stdout


@pytest.mark.skipif(not shutil.which("go"), reason="there is no go on PATH")
@pytest.mark.parametrize("divergence", samples("ygo", 6))
def test_a_program_in_go_compiles_and_shows_the_wrong_answer(
    divergence: str, cases: dict[str, Case], tmp_path: Path
) -> None:
    example = EXAMPLES[divergence]
    (tmp_path / "main.go").write_text(program(cases[example.case], example, "ygo"), encoding="utf-8")
    for name in ("go.mod", "go.sum"):
        shutil.copy(data_root() / "go-runner" / name, tmp_path)
    said = subprocess.run(["gofmt", "-l", "."], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert said.stdout == ""
    done = subprocess.run(["go", "run", "."], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "main.go:" not in done.stderr or "panic: " in done.stderr, done.stderr
    assert "  observed " in done.stdout or "panic: " in done.stderr


def test_every_example_translates_or_says_that_it_does_not(cases: dict[str, Case]) -> None:
    for divergence, example in EXAMPLES.items():
        case = cases[example.case]
        for name in translated(example):
            text = program(case, example, name)
            assert ("NOT TRANSLATED (" in text) is ("INCOMPLETE" in text), divergence


def test_examples_of_text_and_updates_translate_whole(cases: dict[str, Case]) -> None:
    for divergence, example in EXAMPLES.items():
        ops = cases[example.case].operations
        structs = example.failure is not None and example.failure["check"] == "structs"
        if ops <= {"text.insert", "text.delete", "apply", "encode", "state", "transact", "merge"} and not structs:
            for name in translated(example):
                assert "INCOMPLETE" not in program(cases[example.case], example, name), divergence


def test_only_the_steps_that_lead_to_the_answer_are_kept() -> None:
    steps: list[dict[str, Any]] = [
        {**INSERT, "as": "u"},
        {"op": "state", "peer": "a", "as": "early"},
        {"op": "text.insert", "peer": "c", "path": ["t"], "index": 0, "text": "of no use"},
        {"op": "apply", "peer": "b", "update": "u"},
        {"op": "text.insert", "peer": "a", "path": ["t"], "index": 0, "text": "too late"},
        {"op": "state", "peer": "b", "as": "s"},
    ]
    assert needed(steps, 5) == [0, 3, 5]


def part_of(steps: Sequence[Any], check: str = "state", expected: Any = None, **others: Any) -> Any:
    case = Case(
        id="demo/one", title="One", reason="", level="required", verdict="valid", flags=(), links=(), file=data_root(),
        roots={"t": "text"}, peers={"a": {"client": 1}, "b": {"client": 2}}, steps=steps, expect={}, **others,
    )  # fmt: skip
    goal = Goal(len(steps) - 1, check, expected or {"t": {"$text": "hi"}}, {"t": {"$text": ""}})
    return share(case, "v1", steps, [0 if step["peer"] == "a" else 1 for step in steps], 1, goal, {"u": "AAA="})


@pytest.mark.parametrize("name", names())
def test_bytes_of_another_implementation_stand_in_the_program(name: str) -> None:
    steps = [
        {**INSERT, "as": "u"},
        {"op": "apply", "peer": "b", "update": "u"},
        {"op": "state", "peer": "b", "as": "s"},
    ]
    text = dialect(name).program(part_of(steps), Library("It", "it", "1.0"))
    assert "AAA=" in text
    assert '"hi"' in text or "'hi'" in text
    assert "NOT TRANSLATED" not in text


@pytest.mark.parametrize("name", names())
def test_what_is_done_many_times_is_a_loop(name: str, tmp_path: Path) -> None:
    insert = {"op": "text.insert", "peer": "b", "path": ["t"], "index": 0, "text": "word"}
    many = [insert] * 9
    steps = [*many, {"op": "transact", "peer": "b", "steps": many}, {"op": "state", "peer": "b", "as": "s"}]
    text = dialect(name).program(part_of(steps, expected={"t": {"$text": "word" * 18}}), Library("It", "it", "1.0"))
    assert len(re.findall(r"\b9\b", text)) == 2
    assert len(re.findall(r"\bword\b", text)) == 2
    if name in RUNTIMES:
        assert (
            ran(name, text.replace("'it'", f"'{load_manifests(data_root())[name].package}'"), tmp_path).returncode == 0
        )


@pytest.mark.parametrize("name", names())
def test_a_step_without_a_translation_is_named_and_not_faked(name: str) -> None:
    steps = [{"op": "text.frobnicate", "peer": "b", "path": ["t"]}, {"op": "state", "peer": "b", "as": "s"}]
    text = dialect(name).program(part_of(steps), Library("It", "it", "1.0"))
    assert "INCOMPLETE: this program has no source for text.frobnicate" in text
    assert "NOT TRANSLATED (text.frobnicate)" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no/such-case", "--impl", "pycrdt"], "there is no case no/such-case"),
        (["text/insert-into-empty"], "the following arguments are required: --impl"),
        (["text/insert-into-empty", "--impl", "nothing"], "no implementation is called 'nothing'"),
    ],
)
def test_bad_usage_is_one_line(arguments: list[str], message: str) -> None:
    from tests.support import conformance, one_line

    said = conformance("repro", *arguments)
    assert said.code == 2
    assert message in one_line(said)


def test_the_command_prints_a_program(kit: Kit) -> None:
    pytest.importorskip("pycrdt")
    said = kit("repro", "any/read-negative-zero", "--impl", "pycrdt")
    assert said.code == 0
    assert "compare('state of a', {'r': list(a['r'])}, {'r': [0.0, -0.0]})" in said.out


def test_a_case_that_does_not_fail_has_exit_code_1(kit: Kit) -> None:
    pytest.importorskip("pycrdt")
    said = kit("repro", "text/insert-into-empty", "--impl", "pycrdt")
    assert said.code == 1
    assert "{'t': 'abc'}" in said.out
