"""What may be left out of a case, or said more simply: the passes of a minimisation, in their order.

A pass lists the smallest edits of a case, the *atoms*. Where `chunks` is set neighbours are first tried together, many
at a time, as in ddmin. Alternatives for one place stand simplest first: of those that are good the first is taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.minimize.content import content_edits
from conformance.minimize.edit import CLIENTS, GONE, RAW, ROOTS
from conformance.minimize.raw import raw_updates
from conformance.minimize.renumber import clients_of
from conformance.minimize.structs import byte_edits, raw_content_edits, raw_edits, unit_edits
from conformance.model.steps import is_local
from conformance.plan.script import slots_of
from conformance.wire.rewrite import names_in
from conformance.wire.roots import root_kinds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from conformance.minimize.edit import Edit
    from conformance.model.vector import Case

_OPTIONAL = ("note", "origin", "assoc", "timeout", "doc", "manager", "origins", "since")


@dataclass(frozen=True, slots=True)
class Pass:
    """`atoms` of a case, and whether neighbours among them are tried together."""

    name: str
    atoms: Callable[[Case], Iterable[Edit]]
    chunks: bool = False


def _steps(case: Case) -> Iterator[Edit]:
    return ({("steps", place): GONE} for place in range(len(case.steps)))


def _inner(case: Case) -> Iterator[Edit]:
    for place, step in enumerate(case.steps):
        for inner in range(len(step.get("steps", ()))):
            yield {("steps", place, "steps", inner): GONE}


def _transactions(case: Case) -> Iterator[Edit]:
    """One op of a transaction in its place, with what the transaction had beside its ops."""
    for place, step in enumerate(case.steps):
        for inner in step.get("steps", ()):
            around = {key: value for key, value in step.items() if key not in ("op", "steps")}
            yield {("steps", place): {**inner, **around}}


def _peers(case: Case) -> Iterator[Edit]:
    names = list(case.peers)
    yield from ({("peers", name): GONE} for name in names)
    for kept in names:
        yield from (_merged(case, kept, name) for name in names if name != kept)
    for name, options in case.peers.items():
        yield from ({("peers", name, option): GONE} for option in options if option != "client")


def _merged(case: Case, kept: str, gone: str) -> Edit:
    """One peer does what two did."""
    edit: dict[tuple[Any, ...], Any] = {("peers", gone): GONE}
    for place, step in enumerate(case.steps):
        if step["peer"] == gone:
            edit["steps", place, "peer"] = kept
            for inner in range(len(step.get("steps", ()))):
                edit["steps", place, "steps", inner, "peer"] = kept
    return edit


def _deliveries(case: Case) -> Iterator[Edit]:
    """Updates as they were made instead of merged, diffed or converted ones; whole ones; one format."""
    makers = {step["as"]: (place, step) for place, step in enumerate(case.steps) if "as" in step}
    for slot, (place, step) in makers.items():
        if step["op"] in ("merge", "diff", "convert", "snapshot.restore"):
            for operand in slots_of(step):
                if operand != slot:
                    yield {("steps", place): GONE, **_instead(case, slot, operand)}
    for place, step in enumerate(case.steps):
        if len(step.get("updates", ())) > 1:
            yield from ({("steps", place, "updates", number): GONE} for number in range(len(step["updates"])))
    yield {("steps", place, "format"): GONE for place, step in enumerate(case.steps) if "format" in step}
    for slot in makers:
        yield {
            ("steps", place, "format"): GONE
            for place, step in enumerate(case.steps)
            if "format" in step and (step.get("as") == slot or slot in slots_of(step))
        }


def _instead(case: Case, slot: str, other: str) -> dict[tuple[Any, ...], Any]:
    """Every use of a slot replaced by another."""
    edit: dict[tuple[Any, ...], Any] = {}
    for place, step in enumerate(case.steps):
        for key in ("update", "snapshot", "message", "position"):
            if step.get(key) == slot:
                edit["steps", place, key] = other
        for key in ("updates", "snapshots"):
            for number, operand in enumerate(step.get(key, ())):
                if operand == slot:
                    edit["steps", place, key, number] = other
    return edit


def _options(case: Case) -> Iterator[Edit]:
    for place, step in enumerate(case.steps):
        yield from ({("steps", place, key): GONE} for key in _OPTIONAL if key in step)


def _unread(case: Case) -> Iterator[Edit]:
    """Names of slots that no step reads."""
    read = {slot for step in case.steps for slot in slots_of(step)}
    for place, step in enumerate(case.steps):
        if (is_local(step) or step["op"] == "transact") and "as" in step and step["as"] not in read:
            yield {("steps", place, "as"): GONE}


def _expectations(case: Case) -> Iterator[Edit]:
    """Fewer answers that must be the same, and no finale where such answers are all that matters."""
    same = case.expect.get("same", ())
    yield from ({("expect", "same", place): GONE} for place in range(len(same)))
    if same and "agree" in case.expect:
        yield {("expect", "agree"): GONE}


def _roots(case: Case) -> Iterator[Edit]:
    """Roots that no update names: what stands in the others would not be shown any more."""
    updates = [raw.update for raw in raw_updates(case.steps) if raw.update is not None]
    named = root_kinds(updates)
    return ({("roots", name): GONE} for name in case.roots if name not in named)


def _names(case: Case) -> Iterator[Edit]:
    """Roots, and keys in updates, with names of one letter."""
    found = [names_in(raw.update) for raw in raw_updates(case.steps) if raw.update is not None]
    keys = {key for _, of_one in found for key in of_one}
    letters = (letter for letter in "tlmxabcdefg" if letter not in case.roots)
    for name in case.roots:
        if len(name) > 1 and (letter := next(letters, None)):
            yield {(ROOTS, name): letter}
    letters = (letter for letter in "klmnopqrstuvwxyz" if letter not in keys)
    for key in sorted(keys):
        if len(key) > 1 and (letter := next(letters, None)):
            yield {(RAW, "key", key): letter}


def _clients(case: Case) -> Iterator[Edit]:
    """Client ids from 1, in their order; where one must stay as it is, those around it as small as they can be."""
    clients = clients_of(case.peers, case.steps)
    dense = {client: number for number, client in enumerate(clients, 1)}
    yield _renumbered(dense)
    for kept, client in enumerate(clients):
        above = {other: client + number - kept for number, other in enumerate(clients) if number > kept}
        yield _renumbered({**{other: dense[other] for other in clients[:kept]}, **above})


def _renumbered(clients: Mapping[int, int]) -> Edit:
    return {(CLIENTS, old): new for old, new in clients.items() if old != new}


PASSES = (
    Pass("steps", _steps, chunks=True),
    Pass("peers", _peers),
    Pass("ops of transactions", _inner, chunks=True),
    Pass("deliveries", _deliveries),
    Pass("structs", unit_edits, chunks=True),
    Pass("parts of updates", raw_edits, chunks=True),
    Pass("bytes", byte_edits, chunks=True),
    Pass("transactions", _transactions),
    Pass("options", _options),
    Pass("names of slots", _unread, chunks=True),
    Pass("expectations", _expectations, chunks=True),
    Pass("roots", _roots),
    Pass("content", content_edits),
    Pass("content of updates", raw_content_edits),
    Pass("names", _names, chunks=True),
    Pass("clients", _clients),
)
"""All passes. Those that leave most out come first, since the later ones are cheap on what is left."""
