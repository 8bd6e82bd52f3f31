"""Vectors: the cases of a suite file, frozen.

The shape is vectors/schema/suite.schema.json. A file whose SHA-256 stands in the `manifest.json` of its folder
tree was checked against the schema when the manifest was written; any other file is checked as it is read.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from conformance.errors import UsageError
from conformance.model.steps import expanded, folded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

_VARIANT = "+"
VARIED = f"{_VARIANT}varied"
ASKED = f"{_VARIANT}asked"
_OTHERS = frozenset({"schema", "requirements", "scenarios"})
LEVELS = ("required", "recommended", "informational")


@dataclass(frozen=True, slots=True)
class Case:
    """One vector. `steps` and `expect` are parsed JSON of the schema's shape and are never changed.

    What the file says so many times stands in `steps` as often (conformance/model/steps.py).

    A *varied* case is another one that ends with deliveries (conformance/plan/deliveries.py) in place of the finale;
    its id is that of the other with `+varied`. One that is *asked* about is a random program that failed, performed
    again to find out who is odd (conformance/fuzz/inquiry.py).
    """

    id: str
    title: str
    reason: str
    level: str
    verdict: str
    flags: tuple[str, ...]
    links: tuple[str, ...]
    roots: Mapping[str, str]
    peers: Mapping[str, Mapping[str, Any]]
    steps: Sequence[Mapping[str, Any]]
    expect: Mapping[str, Any]
    file: Path
    wrap: bool = False
    solo: bool = False

    @property
    def is_solo(self) -> bool:
        """Whether each implementation plays all of it, whatever castings are wanted."""
        return self.solo or self.verdict == "invalid"

    @property
    def is_varied(self) -> bool:
        return self.id.endswith(VARIED)

    @property
    def is_asked(self) -> bool:
        return self.id.endswith(ASKED)

    @property
    def demands_agreement(self) -> bool:
        """Whether nothing is expected by value: the peers must agree, or named answers be the same."""
        return "agree" in self.expect or "same" in self.expect

    @property
    def origin(self) -> str:
        """The id of the vector that the case is made from."""
        return origin_of(self.id)

    @property
    def suite(self) -> str:
        return self.id.partition("/")[0]

    @property
    def operations(self) -> frozenset[str]:
        """The ops of all steps, those inside a transaction too."""
        return frozenset(_operations(self.steps))


def _operations(steps: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for step in steps:
        yield step["op"]
        yield from _operations(step.get("steps", ()))


def load_cases(paths: Sequence[Path]) -> tuple[Case, ...]:
    """The cases of all suite files at or below `paths`, in the order of the paths and then of file names.

    Raises:
        UsageError: a path does not exist, a file is not a valid suite, or two cases share an id.
    """
    cases: list[Case] = []
    seen: dict[str, Path] = {}
    for path in paths:
        for file in suite_files(path):
            for case in _read_suite(file):
                if case.id in seen:
                    raise UsageError(
                        f"case id {case.id} stands in {seen[case.id]} and again in {file}: give one of them a new id"
                    )
                seen[case.id] = file
                cases.append(case)
    return tuple(cases)


def origin_of(case_id: str) -> str:
    """The id of the vector from which a case is made."""
    return case_id.partition(_VARIANT)[0]


def vary(cases: Sequence[Case]) -> tuple[Case, ...]:
    """The varied form of every case that ends with a document."""
    return tuple(replace(case, id=case.id + VARIED) for case in cases if "converged" in case.expect)


def suite_files(path: Path) -> tuple[Path, ...]:
    """The suite files of a folder, sorted, or the file itself."""
    if path.is_file():
        return (path,)
    if not path.is_dir():
        raise UsageError(f"no vectors at {path}: give an existing file or folder")
    return tuple(
        file
        for file in sorted(path.rglob("*.json"))
        if file.name != "manifest.json" and not _OTHERS & set(file.relative_to(path).parts[:-1])
    )


def _read_suite(file: Path) -> Iterator[Case]:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from None
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise UsageError(f"{file}:{error.lineno}:{error.colno}: not JSON: {error.msg}") from None
    if not _is_vetted(file, content):
        from conformance.model.schema import check_suite

        check_suite(document, file)
    for raw in document["cases"]:
        yield case_from(raw, file)


def _is_vetted(file: Path, content: bytes) -> bool:
    hashes, prefix = _hashes_for(file.parent)
    return hashes.get(prefix + file.name) == hashlib.sha256(content).hexdigest()


@cache
def _hashes_for(folder: Path) -> tuple[Mapping[str, str], str]:
    """The hashes of the manifest that a folder's files stand in, and what their names begin with there."""
    place = folder.resolve()
    for above in (place, *place.parents[:2]):
        manifest = above / "manifest.json"
        if manifest.is_file():
            within = place.relative_to(above).as_posix()
            return _manifest_hashes(manifest), "" if within == "." else f"{within}/"
    return {}, ""


@cache
def _manifest_hashes(manifest: Path) -> Mapping[str, str]:
    try:
        files = orjson.loads(manifest.read_bytes()).get("files", {})
        return {name: entry["sha256"] for name, entry in files.items()}
    except (orjson.JSONDecodeError, AttributeError, KeyError, TypeError):
        return {}


def case_from(raw: Mapping[str, Any], file: Path) -> Case:
    """A case of a suite file, from its JSON."""
    return Case(
        id=raw["id"],
        title=raw["title"],
        reason=raw["reason"],
        level=raw["level"],
        verdict=raw.get("verdict", "valid"),
        flags=tuple(raw.get("flags", ())),
        links=tuple(raw.get("links", ())),
        roots=raw["roots"],
        peers=raw["peers"],
        steps=expanded(raw["steps"]),
        expect=raw["expect"],
        file=file,
        wrap=raw.get("wrap", False),
        solo=raw.get("solo", False),
    )


def case_json(case: Case) -> dict[str, Any]:
    """A case as it stands in a suite file."""
    return {
        "id": case.id,
        "title": case.title,
        "reason": case.reason,
        **({"links": list(case.links)} if case.links else {}),
        "level": case.level,
        **({"verdict": case.verdict} if case.verdict != "valid" else {}),
        **({"flags": list(case.flags)} if case.flags else {}),
        "roots": dict(case.roots),
        **({"wrap": True} if case.wrap else {}),
        **({"solo": True} if case.solo else {}),
        "peers": dict(case.peers),
        "steps": folded(case.steps),
        "expect": dict(case.expect),
    }


class Selectable(Protocol):
    """A case of a lower layer, or a scenario."""

    @property
    def id(self) -> str: ...

    @property
    def level(self) -> str: ...

    @property
    def flags(self) -> tuple[str, ...]: ...

    @property
    def operations(self) -> frozenset[str]: ...


@dataclass(frozen=True, slots=True)
class Selection:
    """Which cases or scenarios take part: an id glob, an op that they use, a level that they reach at least."""

    filters: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    level: str = "informational"

    def includes(self, case: Selectable) -> bool:
        return (
            LEVELS.index(case.level) <= LEVELS.index(self.level)
            and (not self.filters or any(fnmatchcase(case.id, pattern) for pattern in self.filters))
            and (not self.features or any(self._uses(case, feature) for feature in self.features))
        )

    @staticmethod
    def _uses(case: Selectable, feature: str) -> bool:
        return feature in case.flags or any(fnmatchcase(op, feature) for op in case.operations)
