"""`run` from the command line: what is performed, what is written, and what the exit code says."""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.model.schema import validator
from conformance.resources import cache_root, data_root
from tests.support import ABC, INSERT, Results, a_case, command, conformance, one_line, read, real, write_cases

if TYPE_CHECKING:
    from tests.conftest import Said

BOTH = ("--impls", "pycrdt,yjs")
FEW = ("--filter", "text/insert-*")  # shipped cases that both pass, of one peer each


def run(results: Path, *arguments: object, **options: Any) -> tuple[Said, Results]:
    said = conformance("run", "--results", results, *arguments, **options)
    return said, read(results)


# --- exit codes ---


def test_all_as_expected_is_0_and_an_unexpected_result_is_1(tmp_path: Path, demo: Path) -> None:
    said, results = run(tmp_path / "r.ndjson", *BOTH, *FEW)
    assert said.code == 0
    assert results.end["complete"] and set(results.end["counts"]) == {"pass"}

    said, results = run(tmp_path / "r.ndjson", *BOTH, "--vectors", demo)
    assert said.code == 1
    assert {record["case"] for record in results.all if record["verdict"] == "fail"} == {
        "demo/wrong",
        "demo/wrong-but-informational",
    }


def test_an_informational_failure_and_a_missing_feature_do_not_fail_a_run(tmp_path: Path, demo: Path) -> None:
    informational = ("--filter", "demo/wrong-but-informational", "--filter", "demo/convert")
    said, results = run(tmp_path / "r.ndjson", *BOTH, "--vectors", demo, *informational)
    assert said.code == 0
    assert results.end["counts"].keys() == {"pass", "fail", "unsupported"}


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--colour"], 2, "unrecognized arguments: --colour; see: python -m conformance [run] --help"),
        (["--castings", "some"], 2, "argument --castings: invalid choice: 'some'"),
        (["--timeout", "soon"], 2, "argument --timeout: 'soon' is no number above 0"),
        (["--jobs", "0"], 2, "argument --jobs: '0' is no number from 1"),
        (["--impls", "yjs,loro"], 2, "'loro': no implementation is called 'loro'; there are pycrdt, "),
        (["--impls", "yjs@99.0.0"], 3, "yjs@99.0.0: the runner hosts yjs >=13"),
        (["--impls", "yjs=/nowhere"], 3, "yjs=/nowhere: there is nothing at /nowhere"),
        (["--filter", "no/such-case"], 4, "no case is selected; look at the ids with: "),
        (["--vectors", "/nowhere"], 2, "no vectors at /nowhere: give an existing file or folder"),
        (["--resume", "/nowhere"], 2, "cannot read results from /nowhere: No such file or directory"),
        (["--resume", "/dev/null"], 2, "/dev/null: nothing to resume; leave --resume out"),
        (["--results", "/dev/null/x"], 3, "cannot write results to /dev/null/x: "),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_done_is_one_clear_line(arguments: list[str], code: int, says: str) -> None:
    said = conformance("--impls", "pycrdt", *arguments)
    assert said.code == code
    assert says in one_line(said)
    assert said.out == ""


def test_a_missing_tool_is_one_clear_line(tmp_path: Path) -> None:
    environment = {"PATH": str(tmp_path), "HOME": str(tmp_path), "YJS_CONFORMANCE_CACHE": str(tmp_path / "cache")}
    said = conformance("--impls", "yrs", env=environment, cwd=data_root())
    assert said.code == 3
    assert one_line(said).startswith("conformance: error: yrs: no cargo is on PATH")
    assert "install Rust with rustup" in said.err


def test_an_invalid_vector_is_named_by_file_case_and_key(tmp_path: Path) -> None:
    def refused(**others: Any) -> str:
        file = write_cases(tmp_path, {**a_case("bad", [INSERT], {"converged": ABC}), **others})
        said = conformance("--impls", "pycrdt", "--vectors", file)
        assert said.code == 2
        assert str(file) in said.err and "case own/bad" in said.err
        return one_line(said)

    assert "at cases/0/level: 'urgent' is not one of" in refused(level="urgent")
    assert "'colour' was unexpected" in refused(colour="red")
    assert "at cases/0/steps/0" in refused(steps=[{"op": "text.insert", "peer": "a"}])
    assert "step 1 (apply): nothing filled the slot u" in refused(steps=[{"op": "apply", "peer": "a", "update": "u"}])
    assert "step 1 (text.insert): no peer b: name one of a" in refused(steps=[{**INSERT, "peer": "b"}])

    (tmp_path / "own.json").write_text('{"suite": "own",')
    said = conformance("--impls", "pycrdt", "--vectors", tmp_path)
    assert said.code == 2
    assert re.search(r"own\.json:1:\d+: not JSON", one_line(said))


# --- what is performed ---


@pytest.mark.parametrize(("castings", "casts"), [("solo", 2), ("pairs", 4), ("all", 4)])
def test_castings_of_two_parts(tmp_path: Path, castings: str, casts: int) -> None:
    said, results = run(tmp_path / "r.ndjson", *BOTH, "--filter", "text/insert-into-empty", "--castings", castings)
    assert said.code == 0
    in_v1 = {cast for _, cast, update_format in results.keys if update_format == "v1"}
    assert len(in_v1) == casts
    assert len(set(results.keys)) == len(results.keys)
    assert results.run["castings"] == castings


def test_all_castings_of_three_peers_are_every_assignment(tmp_path: Path) -> None:
    peers = {"a": {"client": 1}, "b": {"client": 2}, "c": {"client": 3}}
    spread: list[dict[str, Any]] = [INSERT, {"op": "encode", "peer": "a", "as": "u"}]
    spread += [{"op": "apply", "peer": peer, "update": "u"} for peer in "bc"]
    file = write_cases(tmp_path, a_case("three", spread, {"converged": ABC}, peers=peers))
    counts = {}
    for castings in ("solo", "pairs", "all"):
        said, results = run(tmp_path / "r.ndjson", *BOTH, "--vectors", file, "--castings", castings)
        assert said.code == 0
        counts[castings] = len([key for key in results.keys if key[2] == "v1"])
    assert counts == {"solo": 2, "pairs": 4, "all": 8}


def test_cases_are_selected_by_id_feature_and_level(tmp_path: Path, demo: Path) -> None:
    def performed(*options: str) -> set[str]:
        said, results = run(tmp_path / "r.ndjson", "--impls", "pycrdt", "--vectors", demo, *options)
        assert said.code in (0, 1)
        assert results.run["cases"] == len({case for case, *_ in results.keys})
        return {case for case, *_ in results.keys}

    assert performed("--filter", "demo/wrong", "--filter", "*/right") == {"demo/right", "demo/wrong"}
    assert performed("--feature", "text.delete") == {"demo/delete"}
    assert performed("--feature", "flagged") == {"demo/right"}
    assert "demo/wrong-but-informational" not in performed("--level", "required")
    assert len(performed()) == 5


def test_own_vectors_stand_beside_the_shipped_ones_when_asked(tmp_path: Path, demo: Path) -> None:
    options = ("--impls", "pycrdt", "--castings", "solo", "--vectors", demo, "--with-shipped", "--filter", "*/right")
    _, results = run(tmp_path / "r.ndjson", *options, "--filter", "text/insert-into-empty")
    assert {case for case, *_ in results.keys} == {"demo/right", "text/insert-into-empty"}


def test_fail_fast_stops_at_the_first_unexpected_result(tmp_path: Path) -> None:
    cba = {"state": {"t": {"$text": "cba"}}, "state_vector": {"1": 3}}
    many = [a_case(f"wrong-{n}", [INSERT], {"converged": cba}) for n in range(1000)]
    file = write_cases(tmp_path, *many)
    said, results = run(tmp_path / "r.ndjson", "--impls", "pycrdt", "--vectors", file, "-x")
    assert said.code == 1
    assert 0 < len(results.all) < 1000
    assert results.end["complete"] is False


def test_a_seed_gives_the_same_results_in_another_order(tmp_path: Path) -> None:
    _, plain = run(tmp_path / "r.ndjson", *BOTH, "--filter", "text/*")
    _, shuffled = run(tmp_path / "r.ndjson", *BOTH, "--filter", "text/*", "--seed", 7)
    assert shuffled.run["seed"] == 7
    assert sorted(shuffled.keys) == sorted(plain.keys)
    assert shuffled.keys != plain.keys
    assert shuffled.end["counts"] == plain.end["counts"]


def test_the_number_of_jobs_does_not_change_the_results(tmp_path: Path) -> None:
    found = [run(tmp_path / "r.ndjson", *BOTH, "--filter", "map/*", "--jobs", jobs)[1] for jobs in (1, 5)]
    one, five = ({key: record["verdict"] for key, record in zip(r.keys, r.all, strict=True)} for r in found)
    assert one == five


# --- who takes part ---


def test_two_versions_of_one_library_are_peers_of_each_other(tmp_path: Path) -> None:
    said, results = run(tmp_path / "r.ndjson", "--impls", "pycrdt@0.12.0,pycrdt", *FEW)
    assert said.code == 0
    old, new = results.run["implementations"]
    assert (old["label"], old["name"], old["version"]) == ("pycrdt@0.12.0", "pycrdt", "0.12.0")
    assert (new["label"], new["name"]) == ("pycrdt", "pycrdt") and new["version"] != "0.12.0"
    assert {cast for _, cast, _ in results.keys} >= {("pycrdt@0.12.0", "pycrdt"), ("pycrdt", "pycrdt@0.12.0")}


def test_a_checkout_is_named_by_its_path_in_the_matrix(tmp_path: Path) -> None:
    label = f"yjs={real('yjs').argv[-1]}"  # the folder of an installed package
    said, results = run(tmp_path / "r.ndjson", "--impls", f"{label},yjs", *FEW, "--format", "markdown")
    assert said.code == 0
    assert [each["label"] for each in results.run["implementations"]] == [label, "yjs"]
    assert f"| writer \\ reader | {label} | yjs |" in said.out


# --- what is written ---


def test_the_results_file_is_what_its_schema_says(tmp_path: Path, demo: Path) -> None:
    said, results = run(tmp_path / "r.ndjson", *BOTH, "--vectors", demo)
    assert said.code == 1
    check = validator("result")
    for record in results.records:
        check.validate(record)
    assert [record["type"] for record in results.records] == ["run", *["result"] * len(results.all), "end"]
    counted: dict[str, int] = {}
    for record in results.all:
        counted[record["verdict"]] = counted.get(record["verdict"], 0) + 1
    assert results.end["counts"] == counted
    assert results.run["performances"] == len(results.all)
    assert results.run["arguments"] == ["--results", str(tmp_path / "r.ndjson"), *BOTH, "--vectors", str(demo)]


def test_without_a_file_results_go_to_the_cache_and_their_place_is_said() -> None:
    said = conformance(*BOTH, *FEW)
    assert said.code == 0
    path = Path(said.out.splitlines()[-1].removeprefix("results: "))
    assert path.parent == cache_root() / "results"
    assert read(path).end["complete"]


def test_a_full_disk_is_one_clear_line() -> None:
    said = conformance(*BOTH, *FEW, "--results", "/dev/full")
    assert said.code == 3
    assert "cannot write results to /dev/full: No space left on device; free some room" in one_line(said)


def test_a_disk_that_fills_up_leaves_whole_records_and_the_run_can_go_on(tmp_path: Path) -> None:
    def no_large_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    path = tmp_path / "r.ndjson"
    said = conformance(*BOTH, "--filter", "text/*", "--results", path, "--format", "ndjson", preexec_fn=no_large_files)
    assert said.code == 3
    assert f"go on with --resume {path}" in one_line(said)
    cut = path.read_bytes()
    assert cut.endswith(b"\n") and all(json.loads(line) for line in cut.splitlines())

    said = conformance(*BOTH, "--filter", "text/*", "--resume", path)
    assert said.code == 0
    results = read(path)
    assert results.end["complete"] and len(set(results.keys)) == len(results.keys) == sum(
        results.end["counts"].values()
    )


@pytest.mark.parametrize("output", [["--output", "/dev/full"], ["--output", "/dev/full", "--format", "junit"]])
def test_a_report_that_cannot_be_written_is_one_clear_line(tmp_path: Path, output: list[str]) -> None:
    said = conformance("--impls", "pycrdt", *FEW, "--results", tmp_path / "r.ndjson", *output)
    assert said.code == 3
    assert "cannot write the report to /dev/full: No space left on device; give another --output" in one_line(said)
    assert read(tmp_path / "r.ndjson").end["complete"]


def test_full_standard_output_is_one_clear_line(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        arguments = command("--impls", "pycrdt", *FEW, "--results", tmp_path / "r.ndjson")
        done = subprocess.run(arguments, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 3
    assert "cannot write the report to standard output" in done.stderr and len(done.stderr.splitlines()) == 1


def test_records_are_passed_on_as_they_come_and_a_reader_may_leave() -> None:
    command = [sys.executable, "-m", "conformance", "--impls", "pycrdt", "--format", "ndjson"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        first, second = (json.loads(run.stdout.readline()) for _ in range(2))
        assert run.poll() is None
        run.stdout.close()
        said = run.stderr.read()
    assert (first["type"], second["type"], run.returncode, said) == ("run", "result", 1, b"")


def test_a_report_does_not_go_where_the_results_are(tmp_path: Path, demo: Path) -> None:
    results = tmp_path / "results.ndjson"
    for form in ("ndjson", "markdown"):
        said = conformance(
            "--vectors", demo, "--impls", "pycrdt", "--format", form, "--output", results, "--results", results
        )
        assert (said.code, said.err.count("\n")) == (2, 1)
        assert f"{results}: is the results file itself" in said.err
    assert not results.exists()
