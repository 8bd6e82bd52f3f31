"""What a failed program found, and when two findings are one.

A finding's *symptom* leaves out what chance made: values, offsets, client ids. It names the first thing that went wrong
and where: the op, or the roots that differ. With the implementations that are odd (inquiry.py) it makes the finding's
key. Two bugs may share a key and one bug may have several; the minimised programs tell them apart.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from conformance.model.value import canonical_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.judge.judge import Failure, Verdict
    from conformance.judge.known import Divergence
    from conformance.model.implementation import Implementation

_NUMBERS = re.compile(r"(?<![\w.:])-?\d+|0x[0-9a-f]+|(?<=slot )\S+")
_PLACE = re.compile(r"[\w./-]+\.(?:rs|js|mjs|cjs|py|go):\d+")
_LONGEST = 120


def symptom(verdict: Verdict, flags: Sequence[str] = ()) -> str:
    """What went wrong first, of a verdict that is neither pass nor unsupported; flags say what the program does."""
    return " ".join((_symptom(verdict, with_roots=not flags), *flags))


def _symptom(verdict: Verdict, *, with_roots: bool) -> str:
    if not verdict.failures:
        return f"{verdict.name} {_in_short(verdict.detail)}".rstrip()
    first = min(verdict.failures, key=lambda failure: (failure.check != "panic", failure.step))
    if first.check == "agree":
        return f"agree:{first.observed['of']}{_roots(first) if with_roots else ''}"
    if first.check == "structs":
        return "structs"
    return f"{first.signature} {_in_short(str(first.observed['message']))}".rstrip()


def parted(verdict: Verdict, labels: Sequence[str]) -> str:
    """The implementations that stand against each other, or the one that is at fault."""
    if not verdict.failures:
        return labels[verdict.culprit] if verdict.culprit is not None else "?"
    first = min(verdict.failures, key=lambda failure: (failure.check != "panic", failure.step))
    return str(first.observed["parted"]) if first.check == "agree" else labels[first.implementation]


def _roots(failure: Failure) -> str:
    """The roots in which the clusters differ."""
    answers = [cluster["answer"] for cluster in failure.observed["clusters"]]
    if not failure.observed["of"].endswith("state") or not all(isinstance(answer, dict) for answer in answers):
        return ""
    names = sorted(set().union(*answers))
    odd = [name for name in names if len({canonical_bytes(_root(answer, name)) for answer in answers}) > 1]
    return f"[{','.join(odd)}]"


def _root(answer: dict[str, Any], name: str) -> Any:
    return answer.get(name)


def _in_short(message: str) -> str:
    """The place of a panic, or the first line without its numbers."""
    if place := _PLACE.search(message):
        return place.group()
    first = message.strip().splitlines()[0] if message.strip() else ""
    return _NUMBERS.sub("#", first)[:_LONGEST]


def explained(
    key: str, profile: str, divergences: Sequence[Divergence], implementations: Sequence[Implementation]
) -> tuple[str, ...]:
    """The ids of the known divergences that a finding's key is a sign of, in programs of that profile.

    A glob is of the key, or of the profile, a colon, a space and the key.
    """
    told = (key, f"{profile}: {key}")
    versions = {implementation.name: implementation.hello.version for implementation in implementations}
    return tuple(
        divergence.id
        for divergence in divergences
        if divergence.implementation in versions
        and any(fnmatchcase(text, pattern) for pattern in divergence.fuzz for text in told)
        and divergence.covers_version(versions[divergence.implementation])
    )
