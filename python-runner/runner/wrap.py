"""Numbers that are taken modulo what there is, so that every local op means something on every document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict

if TYPE_CHECKING:
    from .adapters import Peer

Step = Dict[str, Any]

_SUITED = {
    "text": ("text", "xmltext"),
    "array": ("array",),
    "map": ("map",),
    "xml": ("xml", "element"),
    "xml.set": ("element", "xmltext"),
    "xml.unset": ("element", "xmltext"),
    "position": ("text", "xmltext", "array", "xml", "element"),
}
"""Op, or family of ops -> the kinds of types that it works on."""

_LISTS = ("array", "xml", "element")
_INSERTING = ("text.insert", "text.embed", "array.insert", "xml.insert", "position")


def wrapped(peer: Peer, root_kind: str, op: Step) -> tuple[Any, Step] | None:
    """The type that a local op works on and the op as it is performed; None when there is nothing for it to do."""
    path = list(op["path"])
    node, kind = peer.root(path[0]), root_kind
    for place, part in enumerate(path[1:], 1):
        if type(part) is int:
            length = peer.length(node, kind) if kind in _LISTS else 0
            if length == 0:
                return None
            path[place] = part % length
        elif kind != "map":
            return None
        try:
            node = peer.child(node, path[place])
        except KeyError:
            return None
        found = peer.kind(node)
        if found is None:
            return None
        kind = found
    name = op["op"]
    if kind not in _SUITED.get(name, _SUITED[name.partition(".")[0]]):
        return None
    if "index" not in op:
        return node, {**op, "path": path}
    there = peer.length(node, kind)
    if name in _INSERTING:
        return node, {**op, "path": path, "index": op["index"] % (there + 1)}
    if there == 0:
        return None
    start = op["index"] % there
    return node, {**op, "path": path, "index": start, "length": min(op["length"], there - start)}
