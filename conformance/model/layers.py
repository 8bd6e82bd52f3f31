"""Layers: what a test goes through, from the library alone (0 to 3) up to a live Jupyter Server (7)."""

from __future__ import annotations

from conformance.errors import UsageError

DOCUMENTS = "documents"
"""Layers 0 to 3, one for each group of libraries. They share their vectors, so they are one here."""

UPPER = {"store": 4, "websocket": 5, "ydoc": 6, "collaboration": 7}
"""The layers of scenarios: name -> number."""

PEER = "peer"
"""The role of an implementation that plays documents, which it can from layer 0 on."""

ROLES = {
    "store": ("store",),
    "websocket": ("server", "client", PEER),
    "ydoc": ("document",),
    "collaboration": ("jupyter", "lab"),
}
"""Layer -> the roles that implementations play in its scenarios."""

Y_WEBSOCKET, HOCUSPOCUS = "y-websocket", "hocuspocus"
DIALECTS = (Y_WEBSOCKET, HOCUSPOCUS)
"""What clients and servers speak on a WebSocket: messages of y-protocols as they are, or in Hocuspocus' envelope."""

ALL_ROLES = tuple(dict.fromkeys((PEER, *(role for roles in ROLES.values() for role in roles))))


def parse_layers(text: str) -> tuple[str, ...]:
    """The layers that a text such as `0-3`, `4-7`, `5` or `store,ydoc` means; `0-3` is DOCUMENTS.

    Raises:
        UsageError: there is no such layer, or 0 to 3 are meant in part or together with others.
    """
    numbers: set[int] = set()
    for part in filter(None, (part.strip() for part in text.split(","))):
        numbers |= {UPPER[part]} if part in UPPER else _range(part, text)
    if numbers == {0, 1, 2, 3}:
        return (DOCUMENTS,)
    if not numbers or numbers & {0, 1, 2, 3}:
        raise UsageError(
            f"--layers {text}: give 0-3, whose vectors are one set (choose libraries with --impls), "
            f"or some of {', '.join(f'{number} ({name})' for name, number in UPPER.items())}, which are another run"
        )
    return tuple(name for name, number in UPPER.items() if number in numbers)


def _range(part: str, text: str) -> set[int]:
    low, dash, high = part.partition("-")
    try:
        first = int(low)
        last = int(high) if dash else first
    except ValueError:
        first, last = 1, 0
    if not 0 <= first <= last <= 7:
        raise UsageError(f"--layers {text}: {part!r} is no layer; write 4-7, 5, or {', '.join(UPPER)}")
    return set(range(first, last + 1))


def is_scenario(case: str) -> bool:
    """Whether an id, or a glob of ids, means scenarios: these begin with the name of their layer."""
    return case.lstrip("!").partition("/")[0] in UPPER
