"""Edits of a case: what is written elsewhere or left out, by place, and applied all at once.

A place is a path into the case's roots, peers, steps and expectation, `("steps", 3, "text")`. Two edits of one case go
together where neither reaches into what the other replaces, so those that were found good one by one can be tried
together. Places that begin with `RAW`, `CLIENTS` or `ROOTS` are not in the tree: they concern all updates that the case
gives as bytes too.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from conformance.minimize.raw import rewrite_raw
from conformance.minimize.renumber import rename_roots, renumber
from conformance.minimize.repair import repair

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from conformance.model.vector import Case


class Gone(Enum):
    GONE = "gone"


GONE: Final = Gone.GONE
RAW: Final = "@raw"
CLIENTS: Final = "@clients"
ROOTS: Final = "@roots"
_EVERYWHERE = (RAW, CLIENTS, ROOTS)

Path: TypeAlias = tuple[Any, ...]
Edit: TypeAlias = "Mapping[Path, Any]"
"""Path -> what stands there instead, or GONE."""


def joined(edits: Iterable[Edit]) -> dict[Path, Any]:
    """Edits in one; of two that collide the earlier counts."""
    found: dict[Path, Any] = {}
    prefixes: set[Path] = set()
    for edit in edits:
        if any(_collides(path, found, prefixes) for path in edit):
            continue
        found.update(edit)
        prefixes.update(path[:size] for path in edit for size in range(len(path)))
    return found


def _collides(path: Path, found: Mapping[Path, Any], prefixes: set[Path]) -> bool:
    return path in prefixes or any(path[:size] in found for size in range(len(path) + 1))


def apply(case: Case, edit: Edit) -> Case | None:
    """The case with an edit, made whole again (conformance/minimize/repair.py); None where nothing sensible is left."""
    tree: dict[str, Any] = {
        "roots": case.roots,
        "peers": case.peers,
        "steps": list(case.steps),
        "expect": case.expect,
    }
    changed = _edited(tree, {path: value for path, value in edit.items() if path[0] not in _EVERYWHERE})
    steps: list[dict[str, Any]] | None = changed["steps"]
    raw = {path[1:]: value for path, value in edit.items() if path[0] == RAW}
    clients = {path[1]: value for path, value in edit.items() if path[0] == CLIENTS}
    names = {path[1]: value for path, value in edit.items() if path[0] == ROOTS}
    if raw and steps is not None:
        steps = rewrite_raw(steps, raw)
    if clients and steps is not None:
        changed["peers"], steps = renumber(changed["peers"], steps, clients)
    if names and steps is not None:
        changed["roots"], steps = rename_roots(changed["roots"], steps, names)
    if steps is None:
        return None
    whole = replace(case, roots=changed["roots"], peers=changed["peers"], steps=tuple(steps), expect=changed["expect"])
    return repair(whole)


def _edited(node: Any, edit: Mapping[Path, Any]) -> Any:
    """`node` with the edits below it; no path is empty."""
    below: dict[Any, dict[Path, Any]] = {}
    for path, value in edit.items():
        below.setdefault(path[0], {})[path[1:]] = value
    if isinstance(node, list | tuple):
        return [new for place, item in enumerate(node) if (new := _member(item, below.get(place))) is not GONE]
    return {key: new for key, item in node.items() if (new := _member(item, below.get(key))) is not GONE}


def _member(item: Any, edit: Mapping[Path, Any] | None) -> Any:
    if edit is None:
        return item
    return edit[()] if () in edit else _edited(item, edit)
