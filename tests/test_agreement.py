"""Agreement: what must be the same where nobody knows what is right."""

from __future__ import annotations

from typing import Any

from conformance.judge.agreement import REFUSED, Voice, partings

LABELS = ("yjs", "yrs", "pycrdt")
LOSSY = ((), (), ("bigint",))


def _voices(group: str, *answers: Any) -> list[Voice]:
    return [Voice(place, "resynced", "abc"[place], place, group, answer) for place, answer in enumerate(answers)]


def _parted(voices: list[Voice]) -> list[tuple[str, str]]:
    return [(parting.aspect, parting.parted(LABELS)) for parting in partings(voices, LOSSY)]


def test_peers_with_the_same_state_vector_have_the_same_content() -> None:
    vectors = _voices("state_vector", {"1": 3}, {"1": 3}, {"1": 3})
    assert not _parted([*vectors, *_voices("state", {"t": "a"}, {"t": "a"}, {"t": "a"})])
    assert _parted([*vectors, *_voices("state", {"t": "a"}, {"t": "b"}, {"t": "a"})]) == [("state", "pycrdt,yjs|yrs")]


def test_other_content_is_fair_where_the_state_vector_differs_but_that_is_not() -> None:
    vectors = _voices("state_vector", {"1": 3}, {"1": 2}, {"1": 3})
    voices = [*vectors, *_voices("state", {"t": "abc"}, {"t": "ab"}, {"t": "abc"})]
    assert _parted(voices) == [("state_vector", "pycrdt,yjs|yrs")]


def test_what_one_cannot_report_is_not_held_against_it() -> None:
    assert not _parted(_voices("same-state 0", {"m": {"$bigint": "1"}}, {"m": {"$bigint": "1"}}, {"m": 1}))


def test_a_refusal_is_an_answer_and_the_last_one() -> None:
    taken = _voices("same-apply 0", None, REFUSED, None)
    held = _voices("same-state 1", {"t": "a"}, {"t": ""}, {"t": "a"})
    assert _parted([*taken, *held]) == [("same-apply", "pycrdt,yjs|yrs")]
    refused = _voices("same-apply 0", REFUSED, REFUSED, REFUSED)
    assert not _parted([*refused, *held])
