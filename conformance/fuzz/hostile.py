"""Bytes that nobody should send: a drafted update with one thing wrong, by knowledge of the structure.

All peers get the same bytes. Each may refuse them or take them, but they must do the same, hold the same document
afterwards and go on working: what one refuses and another takes, a server spreads to some of its clients.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.fuzz.drafting import CLIENTS, draft
from conformance.fuzz.telling import telling
from conformance.wire.model import (
    GC,
    ID,
    SUB_DOC,
    UNDEFINED_TYPE,
    WEAK,
    XML_FRAGMENT,
    ContentDeleted,
    ContentType,
    Item,
    RootName,
    Skip,
    Struct,
    Update,
    WeakLink,
)
from conformance.wire.update import encode_update

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from conformance.fuzz.chance import Chance
    from conformance.wire.model import Format

Step = dict[str, Any]
_HUGE = (2**31 - 1, 2**32, 2**53 - 1)
_OPEN = frozenset(("gap", "format-under-a-key"))
"""What stands behind a gap may be shown or wait (the vector pending/independent-keys), and the key of a format may be
missing or undefined (malformed/format-under-a-key)."""
_SENSELESS = frozenset(
    (
        "unreadable-client-appears-twice",  # readers take the first section, the last or both
        "unreadable-info-flags-on-a-gc",  # a reader of five bits does not see them
        "unreadable-info-flags-on-a-skip",
        "unreadable-string-up-to-unit-of",  # cut where the column of strings ends, or refused
        "unreadable-feature-flag-wanted-not-an-update-v",  # of a format to come
        "string-under-a-key",
        "embed-under-a-key",
        "several-under-a-key",
    )
)
"""What nobody writes and no rule gives a sense. The value of a key is the item's last unit or all of it (vectors
malformed/client-section-twice, flags-on-a-gc, string-under-a-key, v2-string-column-short)."""


def bytes_of(chance: Chance, name: str, format: Format) -> bytes:
    """A drafted update that was spoiled in the way of this name."""
    update = draft(chance, 4 + chance.below(12))
    if name in _BYTES:
        return _BYTES[name](chance, encode_update(update, format))
    try:
        return encode_update(_STRUCTS[name](chance, update), format)
    except ValueError:  # what v2 cannot say: the bytes stay as they were
        return encode_update(update, format)


def steps_of(peers: str, spoiled: bytes, format: Format, odd: Sequence[str]) -> tuple[list[Step], list[list[str]]]:
    """The program of these bytes, and the observations that must be the same.

    Documents need not be the same where something that is odd (oddity.py) leaves open what they hold, or where what
    would name the finding has no sense, nor refusals where the most telling leaves all open; then nobody may break, and
    that is all.
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
    if odd[0] in _SENSELESS:
        return steps, [[each] for each in taken]
    is_open = _OPEN.intersection(odd) or telling("agree:same-state", odd) in _SENSELESS
    return steps, [taken] if is_open else [taken, held, after]


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


def _some_type(chance: Chance, item: Item) -> ContentType:
    """A fragment, or one of those that Yrs alone knows: a link to a single element, a document, none."""
    ref = chance.pick((XML_FRAGMENT, WEAK, SUB_DOC, UNDEFINED_TYPE))
    return ContentType(ref, None, WeakLink(0, item.id, item.id) if ref == WEAK else None)


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
    "type": _one_item(lambda chance, item: _of(item, content=_some_type(chance, item))),
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
