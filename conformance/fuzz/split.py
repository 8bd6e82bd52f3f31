"""Findings that peers do not agree, asked about two camps at a time: known bugs may meet in one program.

No glob is asked about a split in more than two camps as a whole, as it would take whatever the third one shows for
known. Each two of the camps are a split of their own, under the key that it would have if there were no others, with
those of the cast that stand in neither behind: `agree:state[t] yjs|yrs beside y-octo` may be of what y-octo wrote.

Several that fail alone are asked about one at a time: each has a bug of its own, and a glob of one may match the key.

Bytes that nobody should send are nobody's, and there each two implementations of different camps are a split of their
own: who stands together says which bugs met, and with many implementations there is no end of that. What the key says
counts for those whom it says to be odd: it is of all casts of a program, and two others may part in this one. And such
bytes are odd in several ways at a time, of which one names the finding and another one may be its cause: all are asked.

Behind any other finding stand those of the cast whom its key does not name: who dies of memory that was overwritten
before may have got the bytes that did it from any of them. Where the key says who fails against whom, it is also asked
about the one that failed in this cast, with all others behind. Of two camps of equal size the alphabet says which one
stands first, so it is also asked with that first in which somebody failed.
"""

from __future__ import annotations

import re
from itertools import chain, combinations, product
from typing import TYPE_CHECKING, Any, Protocol

from conformance.fuzz.finding import BESIDE, roots, symptom_of
from conformance.fuzz.inquiry import AGAINST, ALONE

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from conformance.report.records import Record

_TWO = 2


class Explained(Protocol):
    """`finding.explained` for one profile and writer: the known divergences that a key, or who failed, is a sign of."""

    def __call__(self, key: str, *, failing: str = "") -> tuple[str, ...]: ...


def with_known(record: Record, explained: Explained, *, of_two: bool = False) -> Record:
    """A finding with the ids of the divergences that explain it (`known`): all that it shows, or it is new.

    One of several pairs that is new says which of them are (`new_pairs`). `of_two` says that only two implementations
    play the profile: whoever of them fails does so with everybody else, and is also asked about as the odd one.
    """
    explained = _one_at_a_time(explained)
    split = _split(record)
    odd = _odd(record, split)
    if record["program"].get("flags"):
        return _of_bytes(record, split, odd, explained)
    if split is None:
        known = explained(_with_others(record), failing=_failing(record))
        for key in (_turned(record), record["kind"] if of_two and AGAINST in record["key"] else ""):
            known = known or explained(key)
        return _told(record, {record["key"]: known}, ())
    several = len(split["clusters"]) > _TWO
    pairs = list(dict.fromkeys(_pairs(record, split, odd))) if several or not odd else []
    shown = [record["key"], *pairs] if odd or not pairs else pairs
    return _told(record, {key: explained(key) for key in shown}, pairs if several else ())


def _one_at_a_time(explained: Explained) -> Explained:
    """Several that fail alone are asked about by themselves, and each must be explained: one hides no other."""

    def each(key: str, *, failing: str = "") -> tuple[str, ...]:
        odd, alone, others = key.partition(ALONE)
        head, _, names = odd.rpartition(" ")
        if not alone or "," not in names:
            return explained(key, failing=failing)
        found = [explained(f"{head} {name}{alone}{others}", failing=failing) for name in names.split(",")]
        return tuple(dict.fromkeys(chain(*found))) if all(found) else ()

    return each


def _with_others(record: Record) -> str:
    """The key of a finding that is no split, with those of the cast whom it does not name behind."""
    named = re.split("[ ,]", record["key"])
    others = sorted(set(record["cast"]).difference(named))
    return f"{record['key']}{BESIDE}{','.join(others)}" if others else str(record["key"])


def _failing(record: Record) -> str:
    """Who failed in this cast, with all others behind, where the key says who fails against whom; else nothing."""
    return _with_others({**record, "key": record["kind"]}) if AGAINST in record["key"] else ""


def _turned(record: Record) -> str:
    """The key with the other camp first, if somebody of it failed and both are of equal size; else nothing."""
    symptom, failing = record["kind"].rpartition(" ")[::2]
    first, _, second = record["key"].removeprefix(f"{symptom} ").partition(AGAINST)
    turns = failing in second.split(",") and first.count(",") == second.count(",")
    return _with_others({**record, "key": f"{symptom} {second}{AGAINST}{first}"}) if turns else ""


def _of_bytes(record: Record, split: dict[str, Any] | None, odd: Container[str], explained: Explained) -> Record:
    """Of bytes that nobody should send: by whichever of all that is odd about them, the most telling first.

    Where peers part it is asked of each two that do, or of one of them as the odd one, or as the key says it of one.
    """
    symptom, shown, told = _symptom(record)
    flags = tuple(dict.fromkeys((told, *record["program"]["flags"])))
    said = (_with_others(record) if split is None else record["key"]).removeprefix(symptom)
    by_key = _first(explained(f"{shown}{flag}{said}") for flag in flags)
    if split is None:
        return _told(record, {record["key"]: by_key}, ())
    ids = {}
    for camps in combinations(split["clusters"], _TWO):
        where = _where(split["of"], camps)
        head = f"agree:{split['of']}"
        for pair in product(*(sorted(set(camp["peers"].values())) for camp in camps)):
            behind = _behind(record, [[label] for label in pair])
            tails = [f"{flag} {who}" for flag in flags for who in (behind, *pair)]
            known = _why_two_part(head, where, tails, explained)
            ids[f"{head}{where} {told} {behind}"] = known or (by_key if any(label in odd for label in pair) else ())
    return _told(record, ids, ids)


def _why_two_part(head: str, where: str, tails: Sequence[str], explained: Explained) -> tuple[str, ...]:
    """What explains it wherever the two differ, or just there, or for each of the roots in which they differ."""

    def found(*symptoms: str) -> tuple[str, ...]:
        return _first(tuple(chain(*(explained(f"{symptom} {tail}") for symptom in symptoms))) for tail in tails)

    by_root = [found(f"{head}[{root}]") for root in where[1:-1].split(",")]
    return found(f"{head}{where}", head) or (tuple(chain(*by_root)) if all(by_root) else ())


def _first(found: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return next(filter(None, found), ())


def _told(record: Record, ids: Mapping[str, tuple[str, ...]], pairs: Iterable[str]) -> Record:
    if all(ids.values()):
        return {**record, "known": list(dict.fromkeys(name for found in ids.values() for name in found))}
    new = [key for key in pairs if not ids[key]]
    return {**record, "new_pairs": new} if new else record


def _pairs(record: Record, split: dict[str, Any], odd: Container[str]) -> Iterator[str]:
    """The keys of each two camps in which nobody odd is, with the roots in which these differ.

    Camps are told apart by what they answered: one implementation may be in several.
    """
    of = split["of"]
    for camps in combinations(split["clusters"], _TWO):
        sides = [sorted(set(camp["peers"].values())) for camp in camps]
        if not any(label in odd for label in set().union(*sides)):
            yield f"agree:{of}{_where(of, camps)} {_behind(record, sides)}"


def _behind(record: Record, sides: Sequence[Sequence[str]]) -> str:
    """The end of the key of two that part: with those of the cast that stand in neither."""
    others = sorted(set(record["cast"]).difference(*sides))
    return f"{_between(sides)}{BESIDE}{','.join(others)}" if others else _between(sides)


def _symptom(record: Record) -> tuple[str, str, str]:
    """A finding's symptom; of odd bytes also what was shown, and behind it which oddity tells of it."""
    symptom = symptom_of(record)
    shown, space, told = symptom.rpartition(" ")
    return symptom, shown + space, told


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
    said = record["key"].removeprefix(f"{_symptom(record)[0]} ")
    return frozenset(said.partition(" ")[0].split(","))
