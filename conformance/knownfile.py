"""Known divergences and results files: what the failures of a run say about the entries, and what no entry covers.

A person writes an entry: what it covers, why, and where that is told. Its signatures are facts of a run, so they are
taken from a results file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from conformance.errors import UsageError
from conformance.judge.judge import Failure
from conformance.report.records import GOOD
from conformance.report.store import read_records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from conformance.judge.known import Divergence
    from conformance.report.records import Record


@dataclass(slots=True)
class Evidence:
    """What results say.

    Attributes:
        signatures: id of a divergence -> the parts of signatures that are its own.
        performed: ids of the divergences that a performance was meant by, failed or not.
        uncovered: failures that no divergence covers, in the order of the results.
    """

    signatures: dict[str, set[str]] = field(default_factory=dict)
    performed: set[str] = field(default_factory=set)
    uncovered: list[Record] = field(default_factory=list)

    def missing(self) -> list[str]:
        """Ids of the divergences that were performed and did not fail."""
        return sorted(name for name in self.performed if not self.signatures.get(name))


def gather(divergences: Sequence[Divergence], results: Iterable[Path]) -> Evidence:
    """Read results and share their failures out.

    A failure that one divergence covers is its own. One that several cover (a writer's and a reader's) is shared out
    last: what the sure failures of none of them have shown already goes to those whose implementation gave the answer.
    """
    evidence = Evidence({divergence.id: set() for divergence in divergences})
    shared: list[tuple[dict[str, set[str]], list[Divergence]]] = []
    for path in results:
        players: dict[str, tuple[str, str]] = {}
        for record in read_records(path):
            if record["type"] == "run":
                players = {each["label"]: (each["name"], each["version"]) for each in record["implementations"]}
            if record["type"] != "result" or record["verdict"] == "unsupported":
                continue
            covering = _covering(divergences, record, players)
            evidence.performed.update(divergence.id for divergence in covering)
            if record["verdict"] in GOOD:
                continue
            if not covering:
                evidence.uncovered.append(record)
            elif len(covering) == 1:
                evidence.signatures[covering[0].id].update(record["signature"].split("+"))
            else:
                shared.append((_parts(record, players), covering))
    for parts, covering in shared:
        for part, names in parts.items():
            takers = [divergence for divergence in covering if _matches(_globs(divergence.signatures), part)]
            if takers or any(part in evidence.signatures[divergence.id] for divergence in covering):
                for divergence in takers:
                    evidence.signatures[divergence.id].add(part)
                continue
            answered = [divergence for divergence in covering if divergence.implementation in names]
            for divergence in answered or covering:
                evidence.signatures[divergence.id].add(part)
    return evidence


def _covering(
    divergences: Sequence[Divergence], record: Record, players: Mapping[str, tuple[str, str]]
) -> list[Divergence]:
    labels = list(dict.fromkeys(record["cast"]))
    cast = [labels.index(label) for label in record["cast"]]
    names = [players[label][0] for label in labels]
    versions = [players[label][1] for label in labels]
    return [
        divergence
        for player, label in enumerate(labels)
        for divergence in divergences
        if divergence.implementation == names[player]
        and divergence.covers_case(record["case"])
        and divergence.covers_version(players[label][1])
        and record["format"] in divergence.formats
        and divergence.covers_cast(cast, player, names, versions)
    ]


def _parts(record: Record, players: Mapping[str, tuple[str, str]]) -> dict[str, set[str]]:
    """Part of a signature -> names of the implementations that gave the answer."""
    parts: dict[str, set[str]] = {part: set() for part in record["signature"].split("+")}
    if "layer" in record:
        return {part: _concerned(part, record, players) for part in parts}
    for failure in record["failures"]:
        part = Failure(0, "", failure["check"], "", 0, None, failure["observed"]).signature
        parts.setdefault(part, set()).add(players[failure["implementation"]][0])
    if not record["failures"] and "culprit" in record:
        parts[record["signature"]].add(players[record["culprit"]][0])
    return parts


def _concerned(part: str, record: Record, players: Mapping[str, tuple[str, str]]) -> set[str]:
    """Who answered, of a scenario: its role stands in the part; all who played, when it was no single one."""
    role = part.partition(":")[2].partition(".")[0].partition(":")[0]
    labels = [record["roles"][role]] if role in record["roles"] else record["cast"]
    return {players[label][0] for label in labels}


def _globs(signatures: Iterable[str]) -> list[str]:
    return [signature for signature in signatures if any(sign in signature for sign in "*?[")]


def _matches(globs: Iterable[str], part: str) -> bool:
    return any(fnmatchcase(part, glob) for glob in globs)


def rewritten(text: str, signatures: Mapping[str, set[str]]) -> str:
    """A file of known divergences with new signatures; everything else, comments too, stays as it is.

    A glob that a person wrote stays while something matches it, and stands for all that it matches.
    """
    import tomlkit

    document = tomlkit.parse(text)
    for entry in document.get("divergence", []):
        parts = signatures.get(entry["id"])
        if not parts:
            continue
        old = [str(signature) for signature in entry["signatures"]]
        globs = [glob for glob in _globs(old) if any(fnmatchcase(part, glob) for part in parts)]
        new = globs + sorted(part for part in parts if not _matches(globs, part))
        if sorted(new) != sorted(old):
            entry["signatures"] = _array(new)
    return tomlkit.dumps(document)


def with_versions(text: str, versions: Mapping[str, str]) -> str:
    """A file of known divergences with other ranges, by the id of the entry; everything else stays as it is."""
    import tomlkit

    document = tomlkit.parse(text)
    for entry in document.get("divergence", []):
        if entry["id"] in versions and str(entry["versions"]) != versions[entry["id"]]:
            entry["versions"] = versions[entry["id"]]
    return tomlkit.dumps(document)


def _array(items: Sequence[str]) -> Any:
    import tomlkit

    array = tomlkit.array()
    array.extend(items)
    return array.multiline(len(array.as_string()) > 100)


def update(folder: Path, rewrite: Callable[[str], str]) -> list[Path]:
    """Rewrite the text of all `folder`/*.toml; the files that changed.

    Raises:
        UsageError: a file cannot be written.
    """
    changed = []
    for file in sorted(folder.glob("*.toml")):
        text = file.read_text(encoding="utf-8")
        new = rewrite(text)
        if new == text:
            continue
        try:
            file.write_text(new, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{file}: cannot be written: {error.strerror}") from None
        changed.append(file)
    return changed
