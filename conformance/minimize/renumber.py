"""Client ids and names of roots replaced in a whole case: in peers, roots, steps and updates given as bytes."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from conformance.minimize.raw import raw_updates, with_data
from conformance.wire.lib0 import WireError
from conformance.wire.rewrite import of_clients, with_names
from conformance.wire.state_vector import decode_state_vector, encode_state_vector

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Step = dict[str, Any]


def clients_of(peers: Mapping[str, Mapping[str, Any]], steps: Sequence[Mapping[str, Any]]) -> list[int]:
    """All client ids of a case, those in bytes too, in ascending order."""
    found = {options["client"] for options in peers.values()}
    for step in steps:
        found.update(step.get("clients", ()))
    for raw in raw_updates(steps):
        if raw.update is not None:
            found.update(raw.update.structs, raw.update.delete_set)
    return sorted(found)


def renumber(
    peers: Mapping[str, Mapping[str, Any]], steps: Sequence[Step], clients: Mapping[int, int]
) -> tuple[dict[str, Mapping[str, Any]], list[Step] | None]:
    """Peers and steps with client ids replaced; no steps where an update cannot be written with them."""
    new_peers: dict[str, Mapping[str, Any]] = {
        name: {**options, "client": clients.get(options["client"], options["client"])}
        for name, options in peers.items()
    }
    found = list(raw_updates(steps))
    try:
        data = [raw.data if raw.update is None else raw.written(of_clients(raw.update, clients)) for raw in found]
        return new_peers, [_renamed(step, clients) for step in with_data(steps, found, data)]
    except (ValueError, WireError):
        return new_peers, None


def _renamed(step: Step, clients: Mapping[int, int]) -> Step:
    changed: dict[str, Any] = {}
    if "clients" in step:
        changed["clients"] = [clients.get(client, client) for client in step["clients"]]
    if isinstance(step.get("since"), dict):
        vector = decode_state_vector(base64.b64decode(step["since"]["base64"]))
        renamed = {clients.get(client, client): clock for client, clock in vector.items()}
        changed["since"] = {"base64": base64.b64encode(encode_state_vector(renamed)).decode()}
    return {**step, **changed} if changed else step


def rename_roots(
    roots: Mapping[str, str], steps: Sequence[Step], names: Mapping[str, str]
) -> tuple[dict[str, str], list[Step] | None]:
    """Roots and steps with roots renamed; no steps where an update cannot be written with them."""
    found = list(raw_updates(steps))
    try:
        data = [raw.data if raw.update is None else raw.written(with_names(raw.update, names, {})) for raw in found]
    except ValueError:
        return dict(roots), None
    new_roots = {names.get(name, name): kind for name, kind in roots.items()}
    return new_roots, [_at_roots(step, names) for step in with_data(steps, found, data)]


def _at_roots(step: Step, names: Mapping[str, str]) -> Step:
    def path(old: list[Any]) -> list[Any]:
        return [names.get(old[0], old[0]), *old[1:]]

    changed: dict[str, Any] = {key: path(step[key]) for key in ("path", "doc") if key in step}
    if "paths" in step:
        changed["paths"] = [path(each) for each in step["paths"]]
    if "steps" in step:
        changed["steps"] = [_at_roots(inner, names) for inner in step["steps"]]
    return {**step, **changed} if changed else step
