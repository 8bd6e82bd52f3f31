"""What the coordinator's tests share: the kit as a process of its own, cases to write, and runs of chosen runners."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.execute.limits import Limits
from conformance.model.manifest import load_manifests
from conformance.model.spec import Spec
from conformance.model.vector import Case, load_cases
from conformance.provision import Launch, provide
from conformance.report.store import ResultWriter
from conformance.resources import data_root
from conformance.run import Plan, run
from conformance.wanted import Wanted
from tests.conftest import Said

if TYPE_CHECKING:
    from collections.abc import Sequence

Record = dict[str, Any]
Step = dict[str, Any]

MINIATURE = Path(__file__).parent / "miniatures" / "library.py"
INSERT: Step = {"op": "text.insert", "peer": "a", "path": ["t"], "index": 0, "text": "abc"}
DELETE: Step = {"op": "text.delete", "peer": "a", "path": ["t"], "index": 0, "length": 1}
ABC = {"state": {"t": {"$text": "abc"}}, "state_vector": {"1": 3}}


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "conformance", *map(str, arguments)]


def conformance(*arguments: object, **options: Any) -> Said:
    """`python -m conformance ...` in a process of its own."""
    done = subprocess.run(command(*arguments), capture_output=True, text=True, check=False, **options)
    return Said(done.returncode, done.stdout, done.stderr)


def one_line(said: Said) -> str:
    """The error that a command ended with; there must be no other line and no traceback."""
    (line,) = said.err.splitlines()
    assert line.startswith("conformance: error: ")
    return line


@dataclass(frozen=True)
class Results:
    """A results file that was read back."""

    records: tuple[Record, ...]

    @property
    def run(self) -> Record:
        assert self.records[0]["type"] == "run"
        return self.records[0]

    @property
    def end(self) -> Record:
        assert self.records[-1]["type"] == "end"
        return self.records[-1]

    @property
    def all(self) -> list[Record]:
        return [record for record in self.records if record["type"] == "result"]

    @property
    def keys(self) -> list[tuple[str, tuple[str, ...], str]]:
        """What was performed, in the order in which the results came."""
        return [(record["case"], tuple(record["cast"]), record["format"]) for record in self.all]

    def of(self, case: str, *cast: str) -> Record:
        """The first result of a case, of the implementations that are cast if they are named."""
        return next(
            record
            for record in self.all
            if record["case"] == case and (not cast or tuple(dict.fromkeys(record["cast"])) == cast)
        )

    def verdict(self, case: str, *cast: str) -> str:
        return str(self.of(case, *cast)["verdict"])


def read(path: Path) -> Results:
    return Results(tuple(json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()))


@cache
def real(name: str) -> Launch:
    """The runner of an implementation of the kit, from the cache that users have too."""
    manifest = load_manifests(data_root())[name]
    return provide(Spec(name, None, None, name), manifest, print)


def miniature(fault: str, runner: Launch) -> Launch:
    """The runner with one fault."""
    return Launch((sys.executable, str(MINIATURE), fault, *runner.argv), runner.env, runner.cwd)


def a_manifest(folder: Path, name: str, argv: Sequence[object], roles: Sequence[str] = ("peer",)) -> Path:
    """A manifest of a runner that is there already; give it to --runner."""
    file = folder / f"{name}.toml"
    file.write_text(
        f'name = "{name}"\ntitle = "{name}"\nhomepage = "https://example.org"\nlanguage = "python"\n'
        f'roles = {json.dumps(list(roles))}\nprovider = "command"\nargv = {json.dumps([str(part) for part in argv])}\n',
        encoding="utf-8",
    )
    return file


def perform_layer(folder: Path, layer: str, *arguments: object) -> tuple[int, Results]:
    """Run scenarios of a layer; the exit code, which must be that of a run, and the results."""
    file = folder / "results.ndjson"
    said = conformance("--layers", layer, "--results", file, *arguments)
    assert said.code in (0, 1), said.err
    return said.code, read(file)


def a_case(name: str, steps: list[Step], expect: dict[str, Any], **others: Any) -> dict[str, Any]:
    """A case `own/<name>` of one peer `a` (client 1) with a text `t`, as it stands in a suite file."""
    return {
        "id": f"own/{name}",
        "title": name,
        "reason": "The test says why.",
        "level": "required",
        "roots": {"t": "text"},
        "peers": {"a": {"client": 1}},
        "steps": steps,
        "expect": expect,
        **others,
    }


def write_cases(folder: Path, *cases: dict[str, Any]) -> Path:
    """A suite file; give it to --vectors."""
    file = folder / "own.json"
    file.write_text(json.dumps({"suite": "own", "title": "Of a test", "cases": cases}), encoding="utf-8")
    return file


def read_cases(folder: Path, *cases: dict[str, Any]) -> tuple[Case, ...]:
    return load_cases([write_cases(folder, *cases)])


def perform(
    folder: Path, launches: dict[str, Launch], cases: tuple[Case, ...], castings: str = "solo", **others: Any
) -> tuple[int, Results]:
    """Run cases on runners, by their labels; the exit code and the results."""
    wanted = Wanted(tuple(Spec(label, None, None, label) for label in launches), {})
    limits = others.pop("limits", Limits(timeout=5))
    file = folder / "results.ndjson"
    writer = ResultWriter(file)
    try:
        plan = Plan(cases, castings, others.pop("known", ()), limits, **others)
        code = run(wanted, list(launches.values()), plan, [writer])
    finally:
        writer.close()
    return code, read(file)
