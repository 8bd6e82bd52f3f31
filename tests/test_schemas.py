"""The JSON Schemas hold for what the kit reads and writes."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from conformance.model.manifest import load_manifests
from conformance.model.schema import SCHEMAS, validator
from conformance.model.spec import parse_spec
from conformance.provision import provide
from conformance.resources import data_root
from tests.conftest import demo_suite, run_demo, write_suite

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def records(results: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in results.read_text().splitlines()]


def errors(schema: str, instance: object) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in validator(schema).iter_errors(instance)]


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_a_schema_under_its_own_address(name: str) -> None:
    schema = validator(name).schema
    validator(name).check_schema(schema)
    assert isinstance(schema, dict)
    assert schema["$id"] == f"https://github.com/yjs-conformance/vectors/schema/{name}.schema.json"


def test_every_record_of_a_run_is_as_the_schema_says(demo_results: Path) -> None:
    found = records(demo_results)
    assert [errors("result", record) for record in found] == [[]] * len(found)
    assert found[0]["type"] == "run" and found[-1]["type"] == "end"
    assert {record["verdict"] for record in found[1:-1]} == {"pass", "fail", "unsupported"}


@pytest.mark.parametrize(
    ("fault", "verdict"), [("crashes", "crash"), ("prints-noise", "protocol"), ("hangs", "timeout")]
)
def test_records_of_broken_runners_are_too(tmp_path: Path, fault: str, verdict: str) -> None:
    real = provide(parse_spec("pycrdt"), load_manifests(data_root())["pycrdt"], lambda _: None)
    script = data_root() / "tests" / "miniatures" / "library.py"
    manifest = tmp_path / "broken.toml"
    argv = [sys.executable, str(script), fault, *real.argv]
    manifest.write_text(
        f'name = "broken"\ntitle = "Broken"\nhomepage = "https://example.org"\nlanguage = "python"\n'
        f'provider = "command"\nargv = {json.dumps(argv)}\nenv = {{ {_toml(real.env)} }}\n'
    )
    vectors = write_suite(tmp_path / "own", demo_suite())
    results = run_demo(
        tmp_path / "results.ndjson", "--vectors", vectors, "--runner", manifest,
        "--impls", "broken", "--timeout", 1, "--jobs", 1,
    )  # fmt: skip
    found = records(results)
    assert [errors("result", record) for record in found] == [[]] * len(found)
    broken = [record for record in found if record.get("verdict") == verdict]
    assert {(record["case"], record["culprit"]) for record in broken} == {("demo/delete", "broken")}


def _toml(variables: Any) -> str:
    return ", ".join(f"{json.dumps(name)} = {json.dumps(value)}" for name, value in variables.items())


def result_that(results: Path, verdict: str) -> dict[str, Any]:
    return next(record for record in records(results) if record.get("verdict") == verdict)


def spoilt(results: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Records that no run may write, and what is wrong with each."""
    passed, failed = result_that(results, "pass"), result_that(results, "fail")
    unsupported = result_that(results, "unsupported")
    yield "a pass with failures", {**passed, "failures": failed["failures"]}
    yield "a fail without failures", {**failed, "failures": []}
    yield "a fail without a signature", {key: value for key, value in failed.items() if key != "signature"}
    yield "an empty list of known divergences", {**failed, "known": []}
    yield "a missing feature without its name", {key: unsupported[key] for key in unsupported if key != "detail"}
    yield "a verdict that does not exist", {**passed, "verdict": "skipped"}
    yield "nobody was cast", {**passed, "cast": []}
    yield "a key of no meaning", {**passed, "seconds": 1}
    yield "no type", {key: value for key, value in passed.items() if key != "type"}


def test_the_schema_refuses_what_a_run_may_not_write(demo_results: Path) -> None:
    accepted = [what for what, record in spoilt(demo_results) if not errors("result", record)]
    assert accepted == []


@pytest.mark.parametrize("name", sorted(load_manifests(data_root())))
def test_shipped_runner_manifests_are_as_their_schema_says(name: str) -> None:
    import tomllib

    table = tomllib.loads((data_root() / "runners" / f"{name}.toml").read_text())
    assert errors("manifest", table) == []
