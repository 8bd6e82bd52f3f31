"""Known divergences that are the same error in several implementations, and what is told about them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.judge.known import Divergence

_SAME = re.compile(r"^(?:The same as|As) ([a-z0-9]+(?:-[a-z0-9]+)+)[:;,.]?\s*")
_THREAD = re.compile(r"https://github\.com/[^/]+/([^/]+)/(?:issues|pull)/(\d+)")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Za-z])")
NOT_FOUND = "Not found reported"


@dataclass(frozen=True, slots=True)
class Group:
    """A divergence and those that say of themselves that they are the same."""

    root: Divergence
    members: tuple[Divergence, ...]


def groups(known: Iterable[Divergence]) -> list[Group]:
    """All divergences, each in one group; groups in the order of their roots."""
    by_id = {divergence.id: divergence for divergence in known}
    members: dict[str, list[Divergence]] = {}
    for divergence in by_id.values():
        members.setdefault(_root(divergence, by_id), []).append(divergence)
    return [Group(by_id[root], tuple(members[root])) for root in by_id if root in members]


def _root(divergence: Divergence, by_id: dict[str, Divergence]) -> str:
    seen = {divergence.id}
    while (found := _SAME.match(divergence.reason)) and found[1] in by_id and found[1] not in seen:
        divergence = by_id[found[1]]
        seen.add(divergence.id)
    return divergence.id


def threads(group: Group) -> dict[str, str]:
    """Short name -> link of every upstream thread."""
    found = {}
    for member in group.members:
        for link in member.links:
            if thread := _THREAD.match(link):
                found[f"{thread[1]}#{thread[2]}"] = link
    return found


def what_happens(divergence: Divergence) -> str:
    """The reason's sentence about what the implementation does: the first tells the rule, where there are several."""
    reason = _SAME.sub("", " ".join(divergence.reason.split()))  # a row of a table is one line
    sentences = [sentence for sentence in _SENTENCE.split(reason) if NOT_FOUND not in sentence]
    return sentences[1] if len(sentences) > 1 else sentences[0] if sentences else divergence.reason
