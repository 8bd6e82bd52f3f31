"""Observed bytes, decoded: they come as base64, and may be anything."""

from __future__ import annotations

import base64
import binascii
from functools import lru_cache
from typing import TYPE_CHECKING

from conformance.wire.lib0 import WireError
from conformance.wire.state_vector import decode_state_vector

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.model.value import Value


STATE_VECTORS = frozenset({"state_vector", "update_state_vector"})
"""The ops that observe a state vector, in which each library has an order of clients of its own."""


def decoded_awareness(observed: Value) -> Value:
    """Client id (as text) -> clock and state, of an awareness update in base64; None when it is not one."""
    from conformance.wire.awareness import decode_awareness

    try:
        entries = decode_awareness(bytes_of(observed)).entries
    except WireError:
        return None
    return {str(entry.client): {"clock": entry.clock, "state": entry.state} for entry in entries}


def bytes_of(observed: Value) -> bytes:
    """Raises WireError."""
    try:
        return base64.b64decode(observed, validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise WireError(0, "not base64") from None


def decoded_state_vector(observed: Value) -> Mapping[str, int] | None:
    """Client id (as text) -> next clock, of a state vector in base64; None when it is not one."""
    return _decoded(observed) if isinstance(observed, str) else None


@lru_cache(maxsize=256)  # peers that agree say the same
def _decoded(observed: str) -> Mapping[str, int] | None:
    try:
        pairs = decode_state_vector(base64.b64decode(observed, validate=True))
    except (binascii.Error, WireError, ValueError):
        return None
    return {str(client): clock for client, clock in pairs.items() if clock > 0}
