"""An implementation that takes part in a run, as its runner introduced it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.provision import Launch

PROTOCOL = 1
SPEAKS_V2 = frozenset({"apply.v2", "encode.v2"})
"""Features of one that takes part in performances whose updates are v2."""
WRAP = "wrap"
"""The feature of one that takes part in cases that wrap."""


@dataclass(frozen=True, slots=True)
class Hello:
    """What a runner says of itself; runners/PROTOCOL.md describes each field."""

    name: str
    version: str
    language: str
    runtime: str
    features: frozenset[str]
    lossy: tuple[str, ...]
    like: bool = False


@dataclass(frozen=True, slots=True)
class Implementation:
    """`label` is the spec as the user typed it; it names the implementation in results."""

    label: str
    name: str
    launch: Launch
    hello: Hello


def parse_hello(answer: object) -> Hello:
    """The `hello` object of an answer.

    Raises:
        ValueError: a field is missing or has the wrong type.
    """
    if not isinstance(answer, dict):
        raise ValueError("hello was not answered with an object")
    if answer.get("protocol") != PROTOCOL:
        raise ValueError(f"speaks protocol {answer.get('protocol')!r}, not {PROTOCOL}")
    texts = [answer.get(key) for key in ("name", "version", "language", "runtime")]
    lists = [answer.get(key) for key in ("features", "lossy")]
    if not all(isinstance(text, str) for text in texts) or not all(
        isinstance(items, list) and all(isinstance(item, str) for item in items) for items in lists
    ):
        raise ValueError("hello lacks name, version, language, runtime, features or lossy")
    like = answer.get("like", False)
    if not isinstance(like, bool):
        raise ValueError(f"hello says like: {like!r:.100}, which is neither true nor false")
    name, version, language, runtime = map(str, texts)
    return Hello(name, version, language, runtime, frozenset(lists[0] or ()), tuple(lists[1] or ()), like)
