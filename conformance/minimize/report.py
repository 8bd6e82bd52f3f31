"""The report of a minimisation in Markdown, to be pasted as it is."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.explain.listing import listing
from conformance.explain.reading import read
from conformance.jsonio import dumps
from conformance.minimize.outcome import alone, peers_apart, programs, updates
from conformance.minimize.search import cost
from conformance.minimize.vector import suite_text
from conformance.report.failure import legible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.minimize.finding import Finding, Players
    from conformance.minimize.outcome import Cluster
    from conformance.minimize.vector import Vector
    from conformance.model.manifest import Manifest
    from conformance.model.vector import Case
    from conformance.wire.model import Format

_UNITS = ("ops", "peers", "bytes of given updates", "characters")
_WIDEST = 2000  # characters of an answer


@dataclass(frozen=True)
class Minimised:
    """All that a report tells. `finding` is the minimal one; `vector` is None where no expectation shows it."""

    before: Case
    finding: Finding
    vector: Vector | None
    tried: int
    seconds: float
    complete: bool


def markdown(result: Minimised, players: Players, manifests: Sequence[Manifest], found: str | None) -> Iterator[str]:
    """The lines of the report.

    Args:
        manifests: of each implementation, by its number.
        found: the options of a run by which it finds the vector and the runners, if the vector was written.
    """
    finding = result.finding
    case = result.vector.case if result.vector else finding.case
    yield f"# {case.title}"
    yield ""
    yield f"- fails: `{finding.seen.signature}`"
    yield f"- on: {_versions(players)}"
    yield f"- {_sizes(result)}"
    if finding.seen.main.check == "agree" and len(finding.stage.worlds) == 1 and not finding.stage.controls:
        yield "- nobody here performs it alone without a failure: what is left may be no fault; add who does to --impls"
    if case.wrap:
        yield "- its numbers are taken modulo what there is: it is too long, or does not fail in the same way without"
    if result.vector is None:
        yield "- no expectation was found with which it fails as a vector: what follows is the program alone"
    yield from _answers(result, players)
    yield from _vector(case, found, result, players)
    yield from _updates(finding)
    if result.vector is not None:
        for program in programs(result.vector, players, manifests):
            yield from ["", f"## {program.label}", "", f"```{program.fence}", program.text.rstrip("\n"), "```"]


def _versions(players: Players) -> str:
    return ", ".join(f"{each.label} {each.hello.version}" for each in players.implementations)


def _sizes(result: Minimised) -> str:
    pairs = zip(_UNITS, cost(result.before), cost(result.finding.case), strict=False)
    sizes = ", ".join(f"{unit} {before} -> {after}" for unit, before, after in pairs)
    ended = "" if result.complete else "; cut short, so it may be smaller yet"
    return f"{sizes}; {result.tried} candidates in {result.seconds:.1f} s{ended}"


def _answers(result: Minimised, players: Players) -> Iterator[str]:
    apart = peers_apart(result.finding.seen.verdicts[0])
    if apart:
        yield from ["", "## Peers", ""]
        yield from (_cluster(cluster) for cluster in apart)
    yield from ["", "## Each alone", ""]
    case = result.vector.case if result.vector else result.finding.case
    yield from (_cluster(cluster) for cluster in alone(case, result.finding, players))


def _cluster(cluster: Cluster) -> str:
    return f"- {', '.join(cluster.who)}: `{_short(cluster.answer)}`"


def _short(value: Any) -> str:
    text = legible(dumps(value).decode())
    return text if len(text) <= _WIDEST else text[:_WIDEST] + "..."


def _vector(case: Case, found: str | None, result: Minimised, players: Players) -> Iterator[str]:
    yield from ["", "## Vector", "", "```json", suite_text([case]).rstrip("\n"), "```"]
    if result.vector is not None and found is not None:
        cast = result.vector.world.performance(case).cast
        labels = ",".join(dict.fromkeys(players.implementations[player].label for player in cast))
        yield from ["", f"Again: `python -m conformance{found} --impls {labels}`"]


def _updates(finding: Finding) -> Iterator[str]:
    found = list(updates(finding.seen.outcomes[0]))
    if found:
        yield from ["", "## Updates", "", "```text"]
        for name, update_format, data in found:
            yield f"{name}: {base64.b64encode(data).decode()}"
            yield from (f"  {line}" for line in _explained(data, update_format))
        yield "```"


def _explained(data: bytes, update_format: Format) -> Iterator[str]:
    return (legible("".join(text for text, _ in line)) for line in listing(read(data, "update", update_format)))
