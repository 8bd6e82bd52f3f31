"""What a failed program found, and when two findings are one.

A finding's *symptom* leaves out what chance made: values, offsets, client ids. It names the first thing that went wrong
and where: the op, or the roots that differ. With the implementations that are odd (inquiry.py) it makes the finding's
key. Two bugs may share a key and one bug may have several; the minimised programs tell them apart.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from conformance.fuzz.telling import telling
from conformance.model.value import canonical_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.judge.judge import Failure, Verdict
    from conformance.judge.known import Divergence
    from conformance.model.implementation import Implementation
    from conformance.report.records import Record

_NUMBERS = re.compile(r"(?<![\w.:])-?\d+|0x[0-9a-f]+|(?<=slot )\S+")
_PLACE = re.compile(r"[\w./-]+\.(?:rs|js|mjs|cjs|py|go):\d+")
_LONGEST = 120
WRITTEN_BY = " <- "
UNREADABLE = ", unreadable"
"""Behind a writer whose bytes the kit's own decoder cannot read (written.py)."""
BESIDE = " beside "
"""In the key of two camps of a split, between these and the others (split.py)."""
_SHARED = frozenset(("$array", "$map", "$text", "$fragment", "$element", "$xmltext"))
"""Tags of the shared types in a typed state."""


def first_failure(verdict: Verdict) -> Failure | None:
    """What went wrong first: a panic, or else the earliest failure; None where a runner was at fault."""
    return min(verdict.failures, key=lambda failure: (failure.check != "panic", failure.step), default=None)


def symptom(verdict: Verdict, flags: Sequence[str] = ()) -> str:
    """What went wrong first, of a verdict that is neither pass nor unsupported.

    `flags` say what is odd about a program's bytes, the most telling first; the one that tells of this is behind it.
    """
    shown = _symptom(verdict, with_roots=not flags)
    return f"{shown} {telling(shown, flags)}" if flags else shown


def _symptom(verdict: Verdict, *, with_roots: bool) -> str:
    first = first_failure(verdict)
    if first is None:
        return f"{verdict.name} {_in_short(verdict.detail)}".rstrip()
    if first.check == "agree":
        return f"agree:{first.observed['of']}{_roots(first) if with_roots else ''}"
    if first.check == "structs":
        return "structs"
    return f"{first.signature} {_in_short(str(first.observed['message']))}".rstrip()


def parted(verdict: Verdict, labels: Sequence[str]) -> str:
    """The implementations that stand against each other, or the one that is at fault."""
    first = first_failure(verdict)
    if first is None:
        return labels[verdict.culprit] if verdict.culprit is not None else "?"
    return str(first.observed["parted"]) if first.check == "agree" else labels[first.implementation]


def _roots(failure: Failure) -> str:
    return roots(failure.observed["of"], [cluster["answer"] for cluster in failure.observed["clusters"]])


def roots(of: str, answers: Sequence[Any]) -> str:
    """The roots in which answers differ, or what in them: `[t]`, `[n/text]` for a text somewhere in n; none of others.

    Args:
        of: what was asked for: state, same-state, state_vector, ...
    """
    if not of.endswith("state") or not all(isinstance(answer, dict) for answer in answers):
        return ""
    odd = {
        name if kind == _kind(values[0]) else f"{name}/{kind[1:]}"
        for name in set().union(*answers)
        if _differ(values := [answer.get(name) for answer in answers])
        for kind in _innermost(values)
    }
    return f"[{','.join(sorted(odd))}]"


def _innermost(values: Sequence[Any]) -> set[str]:
    """The kinds of the innermost arrays, maps and texts that are there on all sides and differ."""
    kind = _kind(values[0])
    children = _children(values)
    if children is None:
        return {kind}
    found: set[str] = set()
    for beside in children:
        if _differ(beside):
            inner = {_kind(value) for value in beside}
            found |= _innermost(beside) if len(inner) == 1 and inner <= _SHARED else {kind}
    return found


def _children(values: Sequence[Any]) -> list[list[Any]] | None:
    """What stands in the same place of each; None where they do not have the same places."""
    contents = [value[kind] for value in values if (kind := _kind(value)) in ("$array", "$map")]
    if len(contents) < len(values):
        return None
    if isinstance(contents[0], dict):
        same = all(content.keys() == contents[0].keys() for content in contents)
        return [[content[key] for content in contents] for key in contents[0]] if same else None
    same = len({len(content) for content in contents}) == 1
    return [list(beside) for beside in zip(*contents, strict=True)] if same else None


def _kind(value: Any) -> str:
    """The tag of a shared type; empty for anything else."""
    return next((key for key in value if key in _SHARED), "") if isinstance(value, dict) else ""


def _differ(values: Sequence[Any]) -> bool:
    return len({canonical_bytes(value) for value in values}) > 1


def _in_short(message: str) -> str:
    """The place of a panic, or the first line without its numbers."""
    if place := _PLACE.search(message):
        return place.group()
    first = message.strip().splitlines()[0] if message.strip() else ""
    return _NUMBERS.sub("#", first)[:_LONGEST]


def told_as(record: Record) -> str:
    """A finding's key, with who wrote the bytes behind it: findings that differ in one of these are told apart."""
    return f"{record['key']}{WRITTEN_BY}{record['writer']}" if "writer" in record else str(record["key"])


def symptom_of(record: Record) -> str:
    """A finding's symptom: its kind without who parted or failed, which stands behind."""
    return str(record["kind"]).rpartition(" ")[0]


def explained(
    key: str,
    profile: str,
    divergences: Sequence[Divergence],
    implementations: Sequence[Implementation],
    writer: str = "",
    failing: str = "",
) -> tuple[str, ...]:
    """The ids of the known divergences that a finding's key is a sign of, in programs of that profile.

    A glob is of the key, or of the profile, a colon, a space and the key; one that begins with `!` takes out what it
    means. A glob with ` <- ` is of findings whose bytes another one wrote (written.py), who stands behind it, with or
    without `, unreadable` where that is so, and one with ` beside ` says who else is in the cast (split.py): of two
    camps that part while others stand in neither, or of one who fails. Both are also asked of `failing`, who failed in
    the cast at hand, where the key is of all casts.
    """

    def texts(*keys: str) -> tuple[str, ...]:
        return tuple(text for each in keys if each for text in (each, f"{profile}: {each}"))

    bare, failing_bare = (each.partition(BESIDE)[0] for each in (key, failing))
    told = texts(bare)
    with_others = texts(key, failing)
    writers = dict.fromkeys((writer, writer.removesuffix(UNREADABLE))) if writer else ()
    traced = tuple(f"{text}{WRITTEN_BY}{each}" for text in texts(bare, failing_bare) for each in writers)

    def matches(pattern: str) -> bool:
        return _matches(traced if WRITTEN_BY in pattern else with_others if BESIDE in pattern else told, pattern)

    def means(divergence: Divergence) -> bool:
        taken_out = any(matches(pattern[1:]) for pattern in divergence.fuzz if pattern.startswith("!"))
        return not taken_out and any(map(matches, divergence.fuzz))

    return tuple(
        divergence.id for divergence in divergences if means(divergence) and _covers(divergence, implementations, key)
    )


def _covers(divergence: Divergence, implementations: Sequence[Implementation], key: str) -> bool:
    """Whether one of its versions takes part; of several, those count that the key names first, if it names one."""
    versions = [each for each in implementations if each.name == divergence.implementation]
    for part in (key.partition(BESIDE)[0], key):
        named = re.split(r"[ ,|]", part)
        if those := [each for each in versions if each.label in named]:
            versions = those
            break
    return any(divergence.covers_version(each.hello.version) for each in versions)


def _matches(told: Sequence[str], pattern: str) -> bool:
    return any(fnmatchcase(text, pattern) for text in told)
