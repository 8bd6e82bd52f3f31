"""Orders versions of npm, PyPI, crates.io and Go modules alike, and checks them against a range.

Semver and PEP 440 agree on release numbers and differ in the spelling of what comes before a release
(`14.0.0-rc.7`, `0.12.0a1`); here anything after the numbers that is not `.postN` comes before the release.
"""

from __future__ import annotations

import re

_VERSION = re.compile(r"v?(?P<release>\d+(?:\.\d+)*)(?P<rest>[^+]*)")
_IDENTIFIER = re.compile(r"\d+|[A-Za-z]+")
_COMPARATOR = re.compile(r"\s*(>=|<=|==|!=|>|<)\s*([^\s,]+)\s*")

Key = tuple[tuple[int, ...], int, tuple[tuple[int, int, str], ...]]


def order(version: str) -> Key:
    """A key that sorts versions; raises ValueError for text that does not begin with a number."""
    match = _VERSION.match(version)
    if match is None:
        raise ValueError(f"{version!r} is not a version")
    numbers = [int(part) for part in match["release"].split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    rest = match["rest"]
    stage = 0 if not rest else 1 if rest.startswith(".post") else -1
    # As in semver: numbers before words, numbers by value, and the shorter list first.
    identifiers = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in _IDENTIFIER.findall(rest))
    return tuple(numbers), stage, identifiers


def is_prerelease(version: str) -> bool:
    """Whether a version comes before the release of its number; raises ValueError as `order`."""
    return order(version)[1] < 0


def within(version: str, bounds: str) -> bool:
    """Whether `version` meets all comparators of `bounds` (`>=13.5,<14.0.0-0`); an empty one admits all.

    `<14` admits `14.0.0-rc.1`, which comes before 14; `<14.0.0-0` does not. Raises ValueError when `bounds`
    is not a range.
    """
    key = order(version)
    return all(_holds(key, comparator) for comparator in bounds.split(",") if comparator.strip())


def _holds(key: Key, comparator: str) -> bool:
    match = _COMPARATOR.fullmatch(comparator)
    if match is None:
        raise ValueError(f"{comparator!r} is not a comparator such as >=1.2")
    bound = order(match[2])
    return {
        ">=": key >= bound,
        "<=": key <= bound,
        ">": key > bound,
        "<": key < bound,
        "==": key == bound,
        "!=": key != bound,
    }[match[1]]
