"""Known divergences: failures that are understood, written down in runners/known/<implementation>.toml.

A divergence explains a failure of the cases, versions, castings and signatures that it names. It never hides
anything: the case still runs, and a divergence whose failure did not come is *stale* and fails the run.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from conformance.errors import UsageError
from conformance.model.layers import is_scenario
from conformance.model.vector import origin_of
from conformance.model.versions import within

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    from conformance.model.implementation import Implementation

CASTINGS = ("solo", "cross", "any")
ROLES = ("writer", "reader", "any")
DELIVERIES = ("direct", "varied", "any")
_KEYS = {
    "id",
    "cases",
    "versions",
    "castings",
    "role",
    "others",
    "formats",
    "deliveries",
    "signatures",
    "fuzz",
    "reason",
    "links",
}
_LISTS = ("cases", "formats", "signatures", "links", "others", "fuzz")
_NEEDED = {"id", "cases", "versions", "signatures", "reason", "links"}


def partner(other: str) -> tuple[str, str]:
    """The name and the range, which may be empty, of an item of `others`."""
    name = re.match(r"[a-z0-9_-]*", other)
    assert name is not None, "the pattern matches the empty string"
    return name[0], other[name.end() :]


def _within(version: str, bounds: str) -> bool:
    try:
        return within(version, bounds)
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Divergence:
    """One entry of a file of known divergences.

    Attributes:
        cases: globs of case ids; those that begin with `!` take cases out.
        versions: a range of the library's versions, as in a manifest (`>=0.6,<0.7`); `*` for all.
        castings: solo, cross or any.
        role: what the implementation plays in the castings meant: writer (the first part), reader (the others) or any.
        formats: of updates: v1, v2.
        signatures: globs over the parts of a failure's signature.
        deliveries: whether cases in their direct form are meant, in their varied form, or in any.
        others: the implementations that may play the other parts, by name and perhaps a range (`yjs>=13.5.22`); none
            for all. A failure that takes two kinds of peers names them, or the divergence would be stale in a run
            without them.
        fuzz: globs of the keys under which random programs find the same, or of `PROFILE: KEY`, with ` <- WRITER`
            behind (conformance/fuzz/finding.py).
    """

    id: str
    implementation: str
    cases: tuple[str, ...]
    versions: str
    castings: str
    role: str
    formats: tuple[str, ...]
    signatures: tuple[str, ...]
    reason: str
    links: tuple[str, ...]
    others: tuple[str, ...] = ()
    deliveries: str = "any"
    fuzz: tuple[str, ...] = ()

    def covers_case(self, case: str) -> bool:
        """Whether a case is meant; a varied one is by the id of the case that it is made from."""
        origin = origin_of(case)
        if self.deliveries != "any" and (self.deliveries == "varied") is (origin == case):
            return False
        excluded = any(_matches(origin, pattern[1:]) for pattern in self.cases if pattern.startswith("!"))
        return not excluded and any(_matches(origin, pattern) for pattern in self.cases)

    @property
    def is_of_scenarios(self) -> bool:
        """Whether it is met in the layers 4 to 7; else it is in those below."""
        return is_scenario(self.cases[0])

    def covers_version(self, version: str) -> bool:
        return self.versions == "*" or _within(version, self.versions)

    def covers_cast(
        self, cast: Sequence[int], player: int, names: Sequence[str], versions: Sequence[str] | None = None
    ) -> bool:
        """Whether a cast in which `player` takes part is meant.

        Args:
            names: of all implementations.
            versions: of all implementations; without them the ranges of `others` are not looked at.
        """
        if len(set(cast)) == 1:
            return self.castings in ("solo", "any") and player in cast
        if self.castings == "solo":
            return False
        if self.others:
            for other in cast:
                if other != player and not self._may_play(names[other], versions[other] if versions else None):
                    return False
        writes, reads = cast[0] == player, player in cast[1:]
        return {"writer": writes, "reader": reads, "any": writes or reads}[self.role]

    def _may_play(self, name: str, version: str | None) -> bool:
        for other in self.others:
            known, bounds = partner(other)
            if known == name and (version is None or not bounds or _within(version, bounds)):
                return True
        return False

    def explains(self, signature: str) -> bool:
        return any(_matches(signature, pattern) for pattern in self.signatures)


_GLOB = re.compile(r"[*?\[]")


def _matches(text: str, pattern: str) -> bool:
    """As fnmatchcase, which makes a regular expression of a plain name too."""
    return text == pattern or (_GLOB.search(pattern) is not None and fnmatchcase(text, pattern))


@dataclass(frozen=True, slots=True)
class Stale:
    """A divergence that no longer does what it says."""

    divergence: str
    implementation: str
    case: str
    why: str


def load_known(folder: Path, names: Collection[str] | None = None) -> tuple[Divergence, ...]:
    """All divergences of `folder`/*.toml, or those of the implementations with these names.

    Raises:
        UsageError: a file is not TOML, or an entry is malformed.
    """
    found: list[Divergence] = []
    for file in sorted(folder.glob("*.toml")):
        if names is not None and file.stem not in names:
            continue
        try:
            entries = tomllib.loads(file.read_text(encoding="utf-8")).get("divergence", [])
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"{file}: is not TOML: {error}") from None
        for number, entry in enumerate(entries, 1):
            found.append(_divergence(entry, file.stem, f"{file}: divergence {entry.get('id', number)}"))
    ids = [divergence.id for divergence in found]
    for name, times in Counter(ids).items():
        if times > 1:
            raise UsageError(f"{folder}: the divergence id {name} stands there twice; give one a new id")
    return tuple(found)


def _divergence(entry: dict[str, Any], implementation: str, where: str) -> Divergence:
    if missing := _NEEDED - entry.keys():
        raise UsageError(f"{where}: {', '.join(sorted(missing))} is missing")
    if unknown := entry.keys() - _KEYS:
        raise UsageError(f"{where}: unknown key {', '.join(sorted(unknown))}")
    for key, value in entry.items():
        texts = value if key in _LISTS and isinstance(value, list) else [value]
        if (key in _LISTS) is not isinstance(value, list) or not all(isinstance(text, str) for text in texts):
            raise UsageError(f"{where}: {key} is {'a list of strings' if key in _LISTS else 'a string'}")
    castings, role = entry.get("castings", "any"), entry.get("role", "any")
    if castings not in CASTINGS or role not in ROLES:
        raise UsageError(f"{where}: castings is one of {', '.join(CASTINGS)}, role one of {', '.join(ROLES)}")
    if entry.get("deliveries", "any") not in DELIVERIES:
        raise UsageError(f"{where}: deliveries is one of {', '.join(DELIVERIES)}")
    if not {"v1", "v2"}.issuperset(entry.get("formats", ())):
        raise UsageError(f"{where}: formats lists v1, v2 or both")
    for bounds in (entry["versions"], *(partner(other)[1] for other in entry.get("others", ()))):
        try:
            within("0", "" if bounds == "*" else bounds)
        except ValueError:
            raise UsageError(f"{where}: {bounds!r} is no range such as >=0.6,<0.7") from None
    return Divergence(
        id=entry["id"],
        implementation=implementation,
        cases=tuple(entry["cases"]),
        versions=entry["versions"],
        castings=castings,
        role=role,
        formats=tuple(entry.get("formats", ("v1", "v2"))),
        signatures=tuple(entry["signatures"]),
        reason=entry["reason"],
        links=tuple(entry["links"]),
        others=tuple(entry.get("others", ())),
        deliveries=entry.get("deliveries", "any"),
        fuzz=tuple(entry.get("fuzz", ())),
    )


class _Named:
    """The divergences of an implementation by the cases that they name.

    Nearly all name their cases. To ask each of them about each case would cost more than all other judging.
    """

    def __init__(self, group: Sequence[Divergence]) -> None:
        self._group = group
        self._by_name: dict[str, list[int]] = {}
        self._by_prefix: list[tuple[tuple[str, ...], int]] = []
        for place, divergence in enumerate(group):
            patterns = [pattern for pattern in divergence.cases if not pattern.startswith("!")]
            for name in dict.fromkeys(patterns):
                self._by_name.setdefault(name, []).append(place)
            globs = tuple(_GLOB.split(pattern, maxsplit=1)[0] for pattern in patterns if _GLOB.search(pattern))
            if globs:
                self._by_prefix.append((globs, place))

    def covering(self, case: str) -> tuple[Divergence, ...]:
        """Those that a case may show, in their order."""
        origin = origin_of(case)
        places = set(self._by_name.get(origin, ()))
        places.update([place for prefixes, place in self._by_prefix if origin.startswith(prefixes)])
        return tuple([self._group[place] for place in sorted(places) if self._group[place].covers_case(case)])


class KnownDivergences:
    """Explains the failures of one run, and finds out which divergences are stale."""

    def __init__(self, divergences: Iterable[Divergence], implementations: Sequence[Implementation]) -> None:
        self._by_player: list[list[Divergence]] = [
            [
                divergence
                for divergence in divergences
                if divergence.implementation == implementation.name
                and divergence.covers_version(implementation.hello.version)
            ]
            for implementation in implementations
        ]
        self._labels = [implementation.label for implementation in implementations]
        self._names = [implementation.name for implementation in implementations]
        self._versions = [implementation.hello.version for implementation in implementations]
        self._named = [_Named(group) for group in self._by_player]
        self._covering: dict[str, tuple[tuple[Divergence, ...], ...]] = {}
        self._seen: dict[tuple[str, int, str], int] = {}

    def explain(self, case: str, cast: Sequence[int], update_format: str, signature: str | None) -> tuple[str, ...]:
        """The ids of the divergences that together explain every part of a signature; none if one part is new.

        A signature of None says that the performance passed; it only counts towards staleness.
        """
        covering = self._covers(case)
        applicable = [
            (player, divergence)
            for player in dict.fromkeys(cast)
            for divergence in covering[player]
            if update_format in divergence.formats and divergence.covers_cast(cast, player, self._names, self._versions)
        ]
        if not applicable:
            return ()
        used: dict[tuple[int, str], None] = {}
        parts = signature.split("+") if signature else []
        explained = bool(parts)
        for part in parts:
            explainers = [(player, divergence.id) for player, divergence in applicable if divergence.explains(part)]
            explained = explained and bool(explainers)
            used.update(dict.fromkeys(explainers[:1]))
        for player, divergence in applicable:
            key = (divergence.id, player, origin_of(case))
            self._seen[key] = self._seen.get(key, 0) + ((player, divergence.id) in used)
        return tuple(dict.fromkeys(name for _, name in used)) if explained else ()

    def hanging(self, cases: Iterable[str]) -> dict[str, frozenset[int]]:
        """Of some cases, those that an implementation is known not to end -> the implementations."""
        endless = [[divergence for divergence in group if divergence.explains("timeout")] for group in self._by_player]
        found = {
            case: frozenset(
                player
                for player, group in enumerate(endless)
                if any(divergence.covers_case(case) for divergence in group)
            )
            for case in cases
        }
        return {case: players for case, players in found.items() if players}

    def _covers(self, case: str) -> tuple[tuple[Divergence, ...], ...]:
        """The divergences that a case may show, of each implementation."""
        found = self._covering.get(case)
        if found is None:
            found = self._covering[case] = tuple([named.covering(case) for named in self._named])
        return found

    def stale(self, *, complete: bool) -> list[Stale]:
        """Divergences whose failure did not come in a case that was performed as they say.

        Args:
            complete: all shipped cases took part, so a divergence that met none of them matches nothing; one of cross
                castings or of varied deliveries only may have had none to meet.
        """
        stale = [
            Stale(name, self._labels[player], case, "no failure with this signature any more")
            for (name, player, case), times in self._seen.items()
            if times == 0
        ]
        met = {(name, player) for name, player, _ in self._seen}
        if complete:
            for player, group in enumerate(self._by_player):
                stale += [
                    Stale(divergence.id, self._labels[player], "", "matches no case that was performed")
                    for divergence in group
                    if (divergence.id, player) not in met
                    and divergence.castings != "cross"
                    and divergence.deliveries != "varied"
                ]
        return stale
