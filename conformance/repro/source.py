"""What all dialects share: names, lines, helpers, and an honest word where a step has no translation."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from conformance.model.steps import folded, runs
from conformance.plan.finale import RELAY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.repro.part import Part, Step

VALUES = ("state", "state_vector", "bytes", "value")  # checks of what a step observes
SHARED = ("$text", "$array", "$map", "$fragment", "$element", "$xmltext", "$doc")


class UntranslatedError(Exception):
    """A step, or a value in it, that a dialect has no source for; the message names it."""


@dataclass(frozen=True, slots=True)
class Library:
    """The package under test, for the program's first lines."""

    title: str
    package: str
    version: str


class Dialect(Protocol):
    """A library in a language. `fence` is the name of the language in a fenced block of Markdown."""

    fence: str

    def program(self, part: Part, library: Library) -> str:
        """A whole program; steps without a translation are comments, and its first lines say so."""


@dataclass(frozen=True, slots=True)
class Loop:
    """How a language says lines `N` times: what stands before them, in front of each, and behind them, if anything."""

    head: str
    indent: str
    end: str = "}"

    def around(self, lines: Sequence[str], times: int) -> list[str]:
        inner = [f"{self.indent}{line}" for line in lines]
        return [self.head.replace("N", str(times)), *inner, *filter(None, [self.end])]


@dataclass(slots=True)
class Writer:
    """The program as it grows: names of peers and slots, the helpers that were used, lines."""

    part: Part
    keywords: frozenset[str]
    loop: Loop
    comment: str = "//"
    lines: list[str] = field(default_factory=list)
    helpers: dict[str, None] = field(default_factory=dict)
    untranslated: list[str] = field(default_factory=list)
    peers: dict[str, str] = field(default_factory=dict)
    slots: dict[str, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def name(self, wanted: str) -> str:
        """A new identifier that reads like `wanted`."""
        plain = re.sub(r"\W+", "_", wanted.replace(">", "_to_").replace("@", "")).strip("_").lower() or "x"
        plain = f"x{plain}" if plain[0].isdigit() else plain
        name, number = plain, 2
        while name in self.taken or name in self.keywords:
            name, number = f"{plain}{number}", number + 1
        self.taken.add(name)
        return name

    def peer(self, peer: str) -> str:
        if peer not in self.peers:
            self.peers[peer] = self.name("relay" if peer == RELAY else peer)
        return self.peers[peer]

    def fill(self, slot: str) -> str:
        """The identifier under which a slot is filled now."""
        self.slots[slot] = self.name(slot)
        return self.slots[slot]

    def slot(self, slot: str) -> str:
        """The identifier of a slot: of the last step that filled it, or of bytes from elsewhere."""
        return self.slots[slot] if slot in self.slots else self.fill(slot)

    def translate(self, source: Callable[[Writer, Step, int], list[str]]) -> None:
        """The lines of all steps, by their place in the part; a step without a translation stands there in words."""
        steps, goal = self.part.steps, self.part.goal
        before = steps if goal is None else steps[:goal]  # what is looked at is in no loop
        behind = [(place, 1) for place in range(len(before), len(steps))]
        for place, times in [*runs(before), *behind]:
            try:
                self.lines += self._repeated(source(self, steps[place], place), times)
            except UntranslatedError as missing:
                self.untranslate(folded(steps[place : place + times])[0], str(missing))

    def each(self, ops: Sequence[Step], source: Callable[[Step], list[str]]) -> list[str]:
        """The lines of the ops of a transaction."""
        return [line for place, times in runs(ops) for line in self._repeated(source(ops[place]), times)]

    def _repeated(self, lines: list[str], times: int) -> list[str]:
        return lines if times == 1 else self.loop.around(lines, times)

    def use(self, helper: str) -> None:
        self.helpers[helper] = None

    def untranslate(self, step: Step, why: str) -> None:
        self.untranslated.append(why)
        text = json.dumps(step, ensure_ascii=False)
        self.lines.append(f"{self.comment} NOT TRANSLATED ({why}): {text}")

    def heading(self, library: Library, install: str) -> list[str]:
        """The comment that a program begins with."""
        part, sign = self.part, self.comment
        lines = [f"{sign} {part.case.id}: {part.case.title}", f"{sign} {library.title} {library.version}; {install}"]
        if part.failure is None:
            lines.append(f"{sign} The process dies, or does not end, on the way.")
        if self.untranslated:
            what = ", ".join(dict.fromkeys(self.untranslated))
            lines.append(f"{sign} INCOMPLETE: this program has no source for {what}; see the lines NOT TRANSLATED.")
        return lines


def described(part: Part, step: Step) -> str:
    """The step that is looked at in a few words, and where what is expected comes from."""
    what = f"{step['op']} of {step['peer'].removeprefix('@')}"
    return f"{what}; {part.note}" if part.note else what


def heard(step: Step) -> str:
    """The slot of the variable in which a program keeps what it hears of a peer's subdocuments."""
    return f"subdocs {step['peer']}"


def tagged(value: Any) -> tuple[str, Any] | None:
    """The tag of a typed value and what stands under it; None for plain data."""
    if isinstance(value, dict):
        for key, content in value.items():
            if key.startswith("$"):
                return key, content
    return None


def tag_of(value: Any) -> tuple[str, Any]:
    """As `tagged`, with an empty tag for plain data."""
    return tagged(value) or ("", None)


def chunks(content: Any) -> list[dict[str, Any]]:
    """The content of a text as a list of chunks."""
    if isinstance(content, str):
        return [{"insert": content}] if content else []
    return list(content)


def is_flat(part: Part) -> bool:
    """Whether all roots hold plain texts and plain values only, so that nothing has to be walked through."""
    if part.rich or part.failure is None or "xml" in part.roots.values():
        return False
    views = [part.failure.expected, part.failure.observed]
    return not any(_holds_shared(view, depth=0) for view in views)


def _holds_shared(value: object, depth: int) -> bool:
    if isinstance(value, list):
        return any(_holds_shared(item, depth) for item in value)
    if not isinstance(value, dict):
        return False
    found = tagged(value)
    inner = depth + (found is not None and found[0] in SHARED)
    return inner > 1 or any(_holds_shared(item, inner) for item in value.values())


def preferred(expected: Any) -> Any:
    """The first of several right answers."""
    return expected[0] if isinstance(expected, list) and expected else expected


def demanded(expected: Any, key: str) -> Any:
    """What a failure expects, without the name of its check."""
    if isinstance(expected, list) and expected and all(isinstance(each, dict) and key in each for each in expected):
        expected = expected[0]
    if isinstance(expected, dict) and set(expected) - {"note"} == {key}:
        return expected[key]
    return preferred(expected) if key == "state" else expected
