"""The layout of suite files. Only white space is changed: every string and number stays as its author wrote it.

The suite, its notes, its cases and the steps and items of a case have a line for each member, so that a change of one
is a change of one line. A step, an item and a note stay on one line, whatever its length; of a transaction that is too
wide each op has a line. Everything else is broken up where it is too wide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.errors import UsageError
from conformance.jsonio import JSONDecodeError, loads

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH = 160
_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+)')
_ALWAYS_BROKEN = re.compile(r"|/notes|/cases|/cases/\d+|/cases/\d+/(?:steps|items)")
_NEVER_BROKEN = re.compile(r"/notes/.*|/cases/\d+/(?:steps|items)/.*")
_STEP = re.compile(r"/cases/\d+/steps/\d+")


@dataclass(frozen=True, slots=True)
class _Node:
    """A JSON value: its text where it is no container, else its members, with keys in an object."""

    text: str
    members: tuple[tuple[str, _Node], ...] = ()

    @property
    def inline(self) -> str:
        if self.text not in "[{":
            return self.text
        parts = [f"{key}: {node.inline}" if key else node.inline for key, node in self.members]
        return self.text + ", ".join(parts) + ("]" if self.text == "[" else "}")


def formatted(text: str, where: str) -> str:
    """A suite file in its canonical layout.

    Raises:
        UsageError: it is not JSON; `where` names the file.
    """
    try:
        loads(text)
    except JSONDecodeError as error:
        raise UsageError(f"{where}:{error.lineno}:{error.colno}: not JSON: {error.msg}") from None
    return "\n".join(_lines(_parse(_tokens(text)), "", 0)) + "\n"


def appended(text: str, case: str) -> str:
    """A suite, in any layout, with one more case at its end; both are valid JSON."""
    suite = _parse(_tokens(text))
    members = []
    for key, member in suite.members:
        if key == '"cases"':
            member = _Node(member.text, (*member.members, ("", _parse(_tokens(case)))))
        members.append((key, member))
    return _Node(suite.text, tuple(members)).inline


def _tokens(text: str) -> Iterator[str]:
    return (match[1] for match in _TOKEN.finditer(text))


def _parse(tokens: Iterator[str]) -> _Node:
    """The value that begins with the next token; the text was checked before."""
    stack: list[tuple[str, list[tuple[str, _Node]]]] = []
    key = last = ""
    for token in tokens:
        node = None
        if token in "[{":
            stack.append((key, []))
            stack[-1][1].append(("", _Node(token)))
            key = ""
        elif token in "]}":
            key, members = stack.pop()
            node = _Node(members[0][1].text, tuple(members[1:]))
        elif token == ":":
            key = last
            stack[-1][1].pop()
        elif token != ",":
            node = _Node(token)
        last = token
        if node is not None:
            if not stack:
                return node
            stack[-1][1].append((key, node))
            key = ""
    raise AssertionError("the text was checked before")


def _lines(node: _Node, path: str, depth: int, *, before: int = 0) -> list[str]:
    """The lines of a value; the first has no indentation. `before` characters stand in front of it, one comes after."""
    inline = node.inline
    wide = before + len(inline) + 1 > WIDTH
    if wide and _STEP.fullmatch(path) and node.members and node.members[-1][0] == '"steps"':
        return _transaction(node, depth)
    broken = _ALWAYS_BROKEN.fullmatch(path) or (wide and not _NEVER_BROKEN.fullmatch(path))
    if not broken or not node.members:
        return [inline]
    indent = "  " * (depth + 1)
    lines = [node.text]
    for place, (key, member) in enumerate(node.members):
        start = f"{indent}{key}: " if key else indent
        below = f"{path}/{key[1:-1] if key else place}"
        inner = _lines(member, below, depth + 1, before=len(start))
        comma = "," if place < len(node.members) - 1 else ""
        lines += [start + inner[0], *inner[1:]]
        lines[-1] += comma
    return [*lines, "  " * depth + ("]" if node.text == "[" else "}")]


def _transaction(node: _Node, depth: int) -> list[str]:
    """A step whose last member is a list of steps: its head on one line, a line for each op."""
    key, steps = node.members[-1]
    head = "".join(f"{name}: {member.inline}, " for name, member in node.members[:-1])
    inner = ",\n".join("  " * (depth + 1) + step.inline for _, step in steps.members).split("\n")
    return [f"{{{head}{key}: [", *inner, "  " * depth + "]}"]
