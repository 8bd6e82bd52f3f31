"""Profiles of random programs: what peers write, how updates travel, how documents are made."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SHIPPED = Path(__file__).with_name("profiles.toml")
KINDS = ("edits", "delivery", "setting", "bytes")
_SHAPE = ("kind", "about", "default", "roots", "needs")
_WRITES = ("edits", "takes_back", "tidies", "leaves_open", "mutations")
_TRAVELS = ("moves", "drops", "twins", "formats", "clients", "gc", "size")
_KEYS = {*_SHAPE, *_WRITES, *_TRAVELS}
_LEAST = {"rounds": 2}


@dataclass(frozen=True, slots=True)
class Size:
    """How long programs are: rounds, transactions of a peer in a round, ops of a transaction; each drawn up to this.

    There are two rounds at least.
    """

    rounds: int = 6
    bursts: int = 2
    ops: int = 6


@dataclass(frozen=True, slots=True)
class Profile:
    """One profile, or several combined.

    Attributes:
        needs: features that every player must have.
        edits, moves: weights by name (edits.py, delivery.py).
        drops: the share of deliveries that are lost.
        twins: all peers make the same edits, and nothing travels.
        leaves_open: what of its edits each library does in its own way, so that twins would differ; empty for most.
        formats: of updates that travel.
        clients: small or large ids.
        gc: on, off or mixed.
        size: how long programs are.
        mutations: weights by name (hostile.py), of a profile whose programs are bytes.
        takes_back: the first peer undoes all that it did.
        tidies: peers delete marks that an update makes redundant, and emit an update of their own for it, as Y.js does
            (YText, cleanupFormattingGap): contents are the same only after an exchange.
    """

    name: str
    kind: str = ""
    about: str = ""
    default: bool = False
    roots: Mapping[str, str] = field(default_factory=dict)
    needs: frozenset[str] = frozenset()
    edits: Mapping[str, float] = field(default_factory=dict)
    moves: Mapping[str, float] = field(default_factory=dict)
    drops: float = 0.0
    twins: bool = False
    leaves_open: str = ""
    formats: tuple[str, ...] = ("v1",)
    clients: str = "small"
    gc: str = "on"
    size: Size = Size()
    mutations: Mapping[str, float] = field(default_factory=dict)
    takes_back: bool = False
    tidies: bool = False


def load_profiles(file: Path = _SHIPPED) -> dict[str, Profile]:
    """The profiles of a file by name.

    Raises:
        UsageError: it is not TOML, or a profile has a key that no profile has.
    """
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{file}: cannot be read as TOML: {error}") from None
    return {name: _profile(name, table, file) for name, table in tables.items()}


def _profile(name: str, table: Mapping[str, Any], file: Path) -> Profile:
    if not isinstance(table, dict) or table.get("kind") not in KINDS:
        raise UsageError(f"{file}: {name}: kind is one of {', '.join(KINDS)}")
    if unknown := table.keys() - _KEYS:
        raise UsageError(f"{file}: {name}: unknown key {', '.join(sorted(unknown))}")
    values = {**table, "needs": frozenset(table.get("needs", ())), "formats": tuple(table.get("formats", ("v1",)))}
    return Profile(name, **{**values, "size": _size(table.get("size", {}), f"{file}: {name}")})


def _size(table: Mapping[str, int], where: str) -> Size:
    known = [each.name for each in fields(Size)]
    if not isinstance(table, dict) or table.keys() - set(known):
        raise UsageError(f"{where}: size is a table of {', '.join(known)}")
    for key, number in table.items():
        least = _LEAST.get(key, 1)
        if type(number) is not int or number < least:
            raise UsageError(f"{where}: size: {key} is a whole number from {least} on")
    return Size(**table)


def combine(names: Sequence[str], known: Mapping[str, Profile]) -> Profile:
    """One profile of several; those marked `default` stand in for a kind of which none is named.

    Raises:
        UsageError: there is no profile of a name, or two want one root to be of different kinds.
    """
    if unknown := [name for name in names if name not in known]:
        raise UsageError(f"there is no profile {unknown[0]}; there are {', '.join(known)}")
    chosen = [known[name] for name in dict.fromkeys(names)]
    if of_bytes := next((profile for profile in chosen if profile.kind == "bytes"), None):
        if len(chosen) > 1:
            raise UsageError(f"profile {of_bytes.name}: programs of bytes are not combined with others")
        return of_bytes
    kinds = {profile.kind for profile in chosen}
    chosen += [profile for profile in known.values() if profile.default and profile.kind not in kinds]
    roots: dict[str, str] = {}
    for profile in chosen:
        for root, kind in profile.roots.items():
            if roots.setdefault(root, kind) != kind:
                raise UsageError(f"profile {profile.name}: another one has the root {root} as {roots[root]}")
    twins = any(profile.twins for profile in chosen)
    if twins:
        _check_twins(chosen)
    collecting = {profile.gc for profile in chosen}
    return Profile(
        name=",".join(profile.name for profile in chosen),
        roots=roots,
        needs=frozenset().union(*(profile.needs for profile in chosen)),
        edits=_summed([profile.edits for profile in chosen]),
        moves=_summed([profile.moves for profile in chosen]),
        drops=max((profile.drops for profile in chosen), default=0.0),
        twins=twins,
        formats=tuple(dict.fromkeys(f for profile in chosen for f in profile.formats)),
        clients="large" if any(profile.clients == "large" for profile in chosen) else "small",
        takes_back=any(profile.takes_back for profile in chosen),
        tidies=any(profile.tidies for profile in chosen),
        gc=next(gc for gc in ("off", "mixed", "on") if gc in collecting),
        size=_largest([profile.size for profile in chosen]),
    )


def _check_twins(chosen: Sequence[Profile]) -> None:
    for profile in chosen:
        if profile.leaves_open:
            raise UsageError(f"profile {profile.name}: is not for twins, since it leaves open {profile.leaves_open}")
        if profile.kind == "delivery" and not profile.twins:
            raise UsageError(f"profile {profile.name}: is not for twins, between whom nothing travels; leave one out")


def _largest(sizes: Sequence[Size]) -> Size:
    return Size(
        rounds=max(size.rounds for size in sizes),
        bursts=max(size.bursts for size in sizes),
        ops=max(size.ops for size in sizes),
    )


def _summed(weights: Sequence[Mapping[str, float]]) -> dict[str, float]:
    total: dict[str, float] = {}
    for each in weights:
        for name, weight in each.items():
            total[name] = total.get(name, 0) + weight
    return total
