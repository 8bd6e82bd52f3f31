"""Proof that scenarios can fail: a real store, server, document or client with one fault, in each layer.

A miniature is a process before a real runner (tests/miniatures/<layer>.py, which says what it is of and what must catch
it). The scenario that it is caught in must pass without it.
"""

from __future__ import annotations

import runpy
import sys
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from conformance.doctor import WRONG, Collector, Diagnosis
from conformance.model.manifest import find_manifest
from conformance.model.spec import Spec
from conformance.provision import Launch, provide
from conformance.report.records import GOOD, Record
from conformance.resources import data_root
from conformance.scenario.model import FOLDER, load_scenarios
from conformance.scenario.run import Plan, run
from conformance.wanted import Wanted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from conformance.model.manifest import Manifest
    from conformance.provision import Report
    from conformance.scenario.model import Scenario


def script(layer: str) -> Path:
    """The program of a layer's miniatures."""
    return data_root() / "tests" / "miniatures" / f"{layer}.py"


def faults(layer: str) -> Mapping[str, Any]:
    """Name -> what tests/miniatures/miniature.py Wrong has of it."""
    found: dict[str, Any] = runpy.run_path(str(script(layer)), run_name="miniature")["FAULTS"]
    return found


def examine(layer: str, manifests: Mapping[str, Manifest], report: Report) -> Iterator[Diagnosis]:
    """Perform, for each miniature of a layer, the scenario that must catch it; a diagnosis each.

    Raises:
        ProvisionError: an implementation that a miniature is of cannot be had.
    """
    bench = _Bench(layer, manifests, report)
    for name, wrong in faults(layer).items():
        yield bench.diagnose(name, wrong)


@dataclass(frozen=True, slots=True)
class _Bench:
    layer: str
    manifests: Mapping[str, Manifest]
    report: Report
    sound: dict[str, list[Record]] = field(default_factory=dict)
    """Scenario -> its results without a miniature."""

    def diagnose(self, name: str, wrong: Any) -> Diagnosis:
        real = self._launch(wrong.of)
        miniature = Launch((sys.executable, str(script(self.layer)), name, *real.argv), real.env, real.cwd)
        scenario = self._scenario(wrong.scenario)
        beside = [self._launch(other) for other in wrong.beside]
        if wrong.scenario not in self.sound:
            self.sound[wrong.scenario] = self._perform(scenario, [(wrong.of, wrong.of, real), *_others(wrong, beside)])
        seen = self._perform(scenario, [(WRONG, wrong.of, miniature), *_others(wrong, beside)])
        caught = [record for record in seen if _is_caught(record, wrong.signature)]
        return Diagnosis(name, "fail", len(caught), len(seen), _problem(self.sound[wrong.scenario], seen, caught))

    def _launch(self, name: str) -> Launch:
        spec = Spec(name, None, None, name)
        return provide(spec, find_manifest(spec, self.manifests), self.report)

    def _scenario(self, wanted: str) -> Scenario:
        found = load_scenarios([data_root() / "vectors" / FOLDER], (self.layer,))
        return next(scenario for scenario in found if scenario.id == wanted)

    def _perform(self, scenario: Scenario, players: Sequence[tuple[str, str, Launch]]) -> list[Record]:
        """The results of players: label, the name of the manifest whose roles it has, how it is started."""
        specs = tuple(Spec(label, None, None, label) for label, _, _ in players)
        known = {label: replace(self.manifests[name], name=label) for label, name, _ in players}
        collected = Collector()
        run(Wanted(specs, known), [launch for _, _, launch in players], Plan((scenario,), "once", ()), [collected])
        return collected.results


def _others(wrong: Any, launches: Sequence[Launch]) -> Iterator[tuple[str, str, Launch]]:
    return zip(wrong.beside, wrong.beside, launches, strict=True)


def _is_caught(record: Record, signature: str) -> bool:
    return WRONG in record["cast"] and record["verdict"] == "fail" and fnmatchcase(record["signature"], signature)


def _problem(sound: Sequence[Record], seen: Sequence[Record], caught: Sequence[Record]) -> str:
    for record in (*sound, *seen):
        if WRONG not in record["cast"] and record["verdict"] not in GOOD:
            return f"{record['case']} fails without it: {record.get('signature', record['verdict'])}"
    if not caught:
        shown = sorted({str(record.get("signature", record["verdict"])) for record in seen})
        return f"not caught; seen: {', '.join(shown)}"
    return ""
