"""Client ids replaced in a whole case: of peers, in updates given as bytes, and where steps name clients."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from conformance.minimize.raw import raw_updates, with_data
from conformance.wire.lib0 import WireError
from conformance.wire.rewrite import of_clients
from conformance.wire.state_vector import decode_state_vector, encode_state_vector
from conformance.wire.update import encode_update

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
        data = [
            raw.data if raw.update is None else encode_update(of_clients(raw.update, clients), raw.format)
            for raw in found
        ]
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
