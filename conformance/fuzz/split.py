"""Findings that peers do not agree, asked about two camps at a time: known bugs may meet in one program.

No glob is asked about a split in more than two camps as a whole, as it would take whatever the third one shows for
known. Each two of the camps are a split of their own, under the key that it would have if there were no others, with
those of the cast that stand in neither behind: `agree:state[t] yjs|yrs beside y-octo` may be of what y-octo wrote.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

from conformance.fuzz.finding import BESIDE, roots

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence

    from conformance.report.records import Record

_TWO = 2


def with_known(record: Record, explained: Callable[[str], tuple[str, ...]]) -> Record:
    """A finding with the ids of the divergences that explain it (`known`): all that it shows, or it is new.

    One of several camps that is new says which pairs of them are (`new_pairs`).
    """
    split = _split(record)
    several = split is not None and len(split["clusters"]) > _TWO
    odd = _odd(record, split)
    pairs = list(dict.fromkeys(_pairs(record, split, odd))) if split and (several or not odd) else []
    shown = [record["key"], *pairs] if odd or not pairs else pairs
    ids = {key: explained(key) for key in shown}
    if all(ids.values()):
        return {**record, "known": list(dict.fromkeys(name for found in ids.values() for name in found))}
    new = [key for key in pairs if not ids[key]]
    return {**record, "new_pairs": new} if several and new else record


def _pairs(record: Record, split: dict[str, Any], odd: Container[str]) -> Iterator[str]:
    """The keys of each two camps in which nobody odd is, with the roots in which these differ.

    Camps are told apart by what they answered: one implementation may be in several.
    """
    of, clusters = split["of"], split["clusters"]
    symptom = record["kind"].removesuffix(split["parted"]).rstrip()
    has_roots = symptom == f"agree:{of}{_where(of, clusters)}"  # with the oddities of bytes there are none
    for camps in combinations(clusters, _TWO):
        sides = [sorted(set(camp["peers"].values())) for camp in camps]
        named = set().union(*sides)
        if not any(label in odd for label in named):
            key = f"{f'agree:{of}{_where(of, camps)}' if has_roots else symptom} {_between(sides)}"
            others = sorted(set(record["cast"]) - named)
            yield f"{key}{BESIDE}{','.join(others)}" if others else key


def _where(of: str, clusters: Sequence[dict[str, Any]]) -> str:
    return roots(of, [cluster["answer"] for cluster in clusters])


def _between(sides: Sequence[Sequence[str]]) -> str:
    return "|".join(sorted({",".join(side) for side in sides}))


def _split(record: Record) -> dict[str, Any] | None:
    """What was observed where the finding is that peers do not agree."""
    failures = sorted(record.get("failures", ()), key=lambda failure: (failure["check"] != "panic", failure["step"]))
    return failures[0]["observed"] if failures and failures[0]["check"] == "agree" else None


def _odd(record: Record, split: dict[str, Any] | None) -> frozenset[str]:
    """Who is odd, if an inquiry has said it (inquiry.py): the key then ends otherwise than the kind, and is of those.

    What a third camp shows beside them is not in it.
    """
    if split is None or record["key"] == record["kind"]:
        return frozenset()
    said = record["key"].removeprefix(record["kind"].removesuffix(split["parted"]))
    return frozenset(said.partition(" ")[0].split(","))
