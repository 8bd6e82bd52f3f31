"""Bytes that nobody should send: a drafted update with one thing wrong, by knowledge of the structure.

All peers get the same bytes. Each may refuse them or take them, but they must do the same, hold the same document
afterwards and go on working: what one refuses and another takes, a server spreads to some of its clients.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from conformance.fuzz.drafting import CLIENTS, draft
from conformance.wire.lib0 import WireError
from conformance.wire.model import (
    GC,
    ID,
    ContentDeleted,
    ContentFormat,
    ContentType,
    Item,
    RootName,
    Skip,
    Struct,
    Update,
)
from conformance.wire.update import decode_update, encode_update

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from conformance.fuzz.chance import Chance
    from conformance.wire.model import Format

Step = dict[str, Any]
_HUGE = (2**31 - 1, 2**32, 2**53 - 1)


def bytes_of(chance: Chance, name: str, format: Format) -> bytes:
    """A drafted update that was spoiled in the way of this name."""
    update = draft(chance, 4 + chance.below(12))
    if name in _BYTES:
        return _BYTES[name](chance, encode_update(update, format))
    try:
        return encode_update(_STRUCTS[name](chance, update), format)
    except ValueError:  # what v2 cannot say: the bytes stay as they were
        return encode_update(update, format)


def steps_of(peers: str, spoiled: bytes, format: Format) -> tuple[list[Step], list[list[str]]]:
    """The program of these bytes, and the observations that must be the same.

    Documents need not be the same where the bytes leave open what they hold.
    """
    given = {"update": {"base64": base64.b64encode(spoiled).decode()}, **({"format": format} if format == "v2" else {})}
    steps: list[Step] = []
    same = []
    for op, name, operands in (
        ("apply", "taken", given),
        ("state", "held", {}),
        ("text.insert", "goes-on", {"path": ["t"], "index": 0, "text": "!"}),
        ("state", "after", {}),
    ):
        same.append([f"{name}.{peer}" for peer in peers])
        steps += [{"op": op, "peer": peer, **operands, "as": f"{name}.{peer}"} for peer in peers]
    taken, held, _, after = same  # what an edit emits differs, and its refusal is a failure
    return steps, [taken] if _is_open(spoiled, format) else [taken, held, after]


def _is_open(spoiled: bytes, format: Format) -> bool:
    """Whether more than one document is right for these bytes.

    What stands behind a gap may be shown or wait (the vector pending/independent-keys), and the key of a format
    may be missing or undefined (malformed/format-under-a-key).
    """
    try:
        update = decode_update(spoiled, format)
    except WireError:
        return False
    return any(
        _is_behind_a_gap(before, struct) or _is_keyed_format(struct)
        for structs in update.structs.values()
        for before, struct in pairwise((None, *structs))
    )


def _is_behind_a_gap(before: Struct | None, struct: Struct | None) -> bool:
    return isinstance(before, Skip) or (before is None and struct is not None and struct.id.clock > 0)


def _is_keyed_format(struct: Struct | None) -> bool:
    return isinstance(struct, Item) and struct.parent_sub is not None and isinstance(struct.content, ContentFormat)


# --- structs -----------------------------------------------------------------------------------------------


def _one_item(change: Callable[[Chance, Item], Struct]) -> Callable[[Chance, Update], Update]:
    """Change one item; the clocks of those after it stay as they are only if its length does."""

    def mutate(chance: Chance, update: Update) -> Update:
        client = chance.pick(tuple(update.structs))
        structs = list(update.structs[client])
        places = [place for place, struct in enumerate(structs) if isinstance(struct, Item)]
        place = chance.pick(places)
        item = structs[place]
        assert isinstance(item, Item)
        structs[place] = change(chance, item)
        return replace(update, structs={**update.structs, client: _moved(structs)})

    return mutate


def _moved(structs: list[Struct]) -> tuple[Struct, ...]:
    """The structs with the clocks that their lengths give them."""
    clock = structs[0].id.clock
    moved: list[Struct] = []
    for struct in structs:
        moved.append(replace(struct, id=ID(struct.id.client, clock)))
        clock += struct.length
    return tuple(moved)


def _of(item: Item, **changed: Any) -> Item:
    fields = {
        "origin": item.origin,
        "right_origin": item.right_origin,
        "parent": item.parent,
        "parent_sub": item.parent_sub,
        **changed,
    }
    if fields["origin"] is None and fields["right_origin"] is None and fields["parent"] is None:
        fields["parent"] = RootName("t")
    if fields["parent"] is None:
        fields["parent_sub"] = None
    return Item.of(item.id, fields.pop("content", item.content), **fields)


def _some_id(chance: Chance) -> ID:
    """An id that may be known, to come, or of nobody."""
    return ID(chance.pick((*CLIENTS, 99)), chance.below(30))


def _parent(chance: Chance, item: Item) -> Item:
    parent = chance.pick((RootName("t"), RootName("m"), RootName("x"), RootName("new"), _some_id(chance)))
    return _of(item, origin=None, right_origin=None, parent=parent)


def _key(chance: Chance, item: Item) -> Item:
    parent = item.parent or RootName(chance.pick(("t", "l", "m")))
    return _of(item, origin=None, right_origin=None, parent=parent, parent_sub=chance.pick(("", "a", "__proto__")))


def _clock(chance: Chance, update: Update) -> Update:
    client = chance.pick(tuple(update.structs))
    start = chance.pick((1, 5, 2**31, 2**32 + 1))
    first, *others = update.structs[client]
    return replace(update, structs={**update.structs, client: _moved([replace(first, id=ID(client, start)), *others])})


def _client(chance: Chance, update: Update) -> Update:
    client = chance.pick(tuple(update.structs))
    new = chance.pick((0, 2**32 - 1, 2**32, 2**53 - 1))
    renamed = tuple(replace(struct, id=ID(new, struct.id.clock)) for struct in update.structs[client])
    others = {other: structs for other, structs in update.structs.items() if other != client}
    return replace(update, structs={new: renamed, **others})


def _order(_: Chance, update: Update) -> Update:
    return replace(update, structs=dict(reversed(list(update.structs.items()))))


def _deletes(chance: Chance, update: Update) -> Update:
    client = chance.pick((*CLIENTS, 99))
    ranges = chance.pick((((0, 50),), ((3, 2), (3, 2)), ((5, 2), (1, 2)), ((1, 4), (2, 5)), ((40, 2),)))
    return replace(update, delete_set={**update.delete_set, client: ranges})


def _huge_delete(chance: Chance, update: Update) -> Update:
    return replace(update, delete_set={**update.delete_set, chance.pick(CLIENTS): ((0, chance.pick(_HUGE)),)})


_STRUCTS: Mapping[str, Callable[[Chance, Update], Update]] = {
    "nothing": lambda _, update: update,
    "origin": _one_item(lambda chance, item: _of(item, origin=_some_id(chance), parent=None)),
    "right-origin": _one_item(lambda chance, item: _of(item, right_origin=_some_id(chance), parent=None)),
    "own-origin": _one_item(lambda _, item: _of(item, origin=item.id, parent=None)),
    "parent": _one_item(_parent),
    "key": _one_item(_key),
    "gc": _one_item(lambda _, item: GC(item.id, item.length)),
    "skip": _one_item(lambda _, item: Skip(item.id, item.length)),
    "deleted": _one_item(lambda _, item: _of(item, content=ContentDeleted(item.length))),
    "longer": _one_item(lambda chance, item: _of(item, content=ContentDeleted(chance.pick(_HUGE)))),
    "type": _one_item(lambda chance, item: _of(item, content=ContentType(chance.pick((4, 7, 9, 15))))),
    "clock": _clock,
    "client": _client,
    "order": _order,
    "deletes": _deletes,
    "huge-delete": _huge_delete,
}


# --- bytes -------------------------------------------------------------------------------------------------


def _flip(chance: Chance, data: bytes) -> bytes:
    place = chance.below(len(data))
    return data[:place] + bytes([data[place] ^ (1 << chance.below(8))]) + data[place + 1 :]


def _cut(chance: Chance, data: bytes) -> bytes:
    return data[: chance.below(len(data))]


def _insert(chance: Chance, data: bytes) -> bytes:
    place = chance.below(len(data) + 1)
    more = chance.pick((b"\x00", b"\x01", b"\x7f", b"\x80", b"\xff", b"\xff\xff\xff\xff\x0f"))
    return data[:place] + more + data[place:]


def _drop(chance: Chance, data: bytes) -> bytes:
    place = chance.below(len(data))
    return data[:place] + data[place + 1 :]


_BYTES: Mapping[str, Callable[[Chance, bytes], bytes]] = {"flip": _flip, "cut": _cut, "insert": _insert, "drop": _drop}

MUTATIONS = frozenset((*_STRUCTS, *_BYTES))
"""Names in the profiles."""
