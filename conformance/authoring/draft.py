"""A case that is being written: read from TOML or JSON, with what it leaves out filled in."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.authoring.program import roots, steps
from conformance.errors import UsageError
from conformance.model.steps import expanded
from conformance.model.vector import LEVELS, Case

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_NEEDED = ("suite", "title", "reason", "program")
_KEYS = {*_NEEDED, "id", "file", "level", "flags", "links", "roots", "peers", "expect", "notes"}
_SHORTEST_REASON = 4  # words, as lint has it


@dataclass(frozen=True, slots=True)
class Draft:
    """`case` has the shape of a suite's case, its `expect` as far as the author gave one."""

    suite: str
    file: str
    case: Mapping[str, Any]
    notes: Mapping[str, Any]

    def as_case(self, path: Path) -> Case:
        """The case as it is performed: nothing is demanded of it but that its steps are done."""
        raw = self.case
        return Case(
            id=raw["id"],
            title=raw["title"],
            reason=raw["reason"],
            level=raw["level"],
            verdict="valid",
            flags=(),
            links=(),
            roots=raw["roots"],
            peers=raw["peers"],
            steps=expanded(raw["steps"]),
            expect={"converged": {}},
            file=path,
        )


def read_draft(path: Path) -> Draft:
    """A draft from `path`: TOML, or JSON when its name ends so.

    Raises:
        UsageError: it cannot be read, or lacks something that only its author can give.
    """
    try:
        text = path.read_text(encoding="utf-8")
        table = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"{path}: is not {'JSON' if path.suffix == '.json' else 'TOML'}: {error}") from None
    if not isinstance(table, dict):
        raise UsageError(f"{path}: a case is a table of {', '.join(_NEEDED)}")
    for key in _NEEDED:
        if key not in table:
            raise UsageError(f"{path}: {key} is missing{'; say why the expected value is right' * (key == 'reason')}")
    if unknown := table.keys() - _KEYS:
        raise UsageError(f"{path}: unknown key {', '.join(sorted(unknown))}; there are {', '.join(sorted(_KEYS))}")
    if len(str(table["reason"]).split()) < _SHORTEST_REASON:
        raise UsageError(
            f"{path}: the reason does not say why the expected value is right; name the rule that gives it"
        )
    return _filled(table, path)


def _filled(table: Mapping[str, Any], path: Path) -> Draft:
    program = table["program"]
    found = steps(program.splitlines() if isinstance(program, str) else program)
    if not found:
        raise UsageError(f"{path}: the program has no steps")
    suite = table["suite"]
    level = table.get("level", "required")
    if level not in LEVELS:
        raise UsageError(f"{path}: level is one of {', '.join(LEVELS)}")
    case: dict[str, Any] = {
        "id": table.get("id") or f"{suite}/{_slug(table['title'])}",
        "title": table["title"],
        "reason": table["reason"],
        **({"links": table["links"]} if table.get("links") else {}),
        "level": level,
        **({"flags": table["flags"]} if table.get("flags") else {}),
        "roots": table.get("roots") or roots(found),
        "peers": _peers(table.get("peers", {}), [step["peer"] for step in found]),
        "steps": found,
    }
    if "expect" in table:
        case["expect"] = table["expect"]
    return Draft(suite, table.get("file", "basic.json"), case, table.get("notes", {}))


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def _peers(given: Mapping[str, Any], named: list[str]) -> dict[str, dict[str, Any]]:
    """Client ids of peers that the author gave none: the least that are free, in the order of first use."""
    peers: dict[str, dict[str, Any]] = {}
    taken = {options if isinstance(options, int) else options["client"] for options in given.values()}
    for name in dict.fromkeys([*given, *named]):
        options = given.get(name)
        if options is None:
            client = next(number for number in range(1, len(named) + len(taken) + 2) if number not in taken)
            taken.add(client)
            options = client
        peers[name] = {"client": options} if isinstance(options, int) else dict(options)
    return peers
