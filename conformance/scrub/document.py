"""The updates of a document with neutral content, and all the text that was in them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from conformance.errors import UsageError
from conformance.scrub.neutral import OPTIONS, Neutral
from conformance.scrub.tokens import can_be_exchanged, exchanged
from conformance.wire.lib0 import WireError
from conformance.wire.model import (
    ContentAny,
    ContentBinary,
    ContentDoc,
    ContentEmbed,
    ContentFormat,
    ContentJSON,
    ContentString,
    ContentType,
    Item,
    RootName,
    WeakLink,
)
from conformance.wire.rewrite import of_clients
from conformance.wire.update import decode_update, encode_update

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.scrub.alphabet import Alphabet
    from conformance.wire.model import ID, Content, Format, Parent, Struct, Update
    from conformance.wire.values import Value

SHORTEST = 2
"""Characters of a text that must not be left; a single one tells nothing."""
SHORTEST_BYTES = 4
"""Bytes of what is no text; less of them stand in any update."""
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Scrubbed:
    """Updates with neutral content, and the kinds of their roots by their neutral names."""

    updates: tuple[bytes, ...]
    roots: Mapping[str, str]


def decoded(updates: Sequence[bytes], update_format: Format, names: Sequence[str]) -> list[Update]:
    """All updates; `names` are those of their files.

    Raises:
        UsageError: one cannot be read, so nobody can say what is content in it.
    """
    found = []
    for data, name in zip(updates, names, strict=True):
        try:
            found.append(decode_update(data, update_format))
        except WireError as error:
            raise UsageError(
                f"{name}: is no update {update_format} ({error}); what cannot be read cannot be scrubbed"
            ) from None
    return found


def scrub(
    given: Sequence[bytes],
    updates: Sequence[Update],
    roots: Mapping[str, str],
    update_format: Format,
    alphabet: Alphabet,
    clients: Mapping[int, int],
) -> Scrubbed:
    """The updates with neutral content.

    Args:
        given, updates: the same, in bytes and decoded.
        clients: client -> client id in its place.

    Raises:
        UsageError: the kit cannot write one of them.
    """
    neutral = Neutral(alphabet)
    order = {client: place for place, client in enumerate(sorted(clients))}

    def new(data: bytes, update: Update) -> bytes:
        if update_format == "v1" and can_be_exchanged(update):
            return exchanged(data, neutral, clients, order)
        return encode_update(of_clients(_scrubbed(update, neutral, order), clients), update_format)

    try:
        data = tuple(new(data, update) for data, update in zip(given, updates, strict=True))
    except ValueError as error:
        raise UsageError(f"an update cannot be written with other content: {error}") from None
    return Scrubbed(data, {neutral.name(name): kind for name, kind in roots.items()})


def _scrubbed(update: Update, neutral: Neutral, order: Mapping[int, int]) -> Update:
    def parent(parent: Parent) -> Parent:
        return RootName(neutral.name(parent.name)) if isinstance(parent, RootName) else parent

    def new(struct: Struct) -> Struct:
        if not isinstance(struct, Item):
            return struct
        key = None if struct.parent_sub is None else neutral.name(struct.parent_sub)
        content = _content(struct.content, struct.id, neutral, order)
        return replace(struct, parent=parent(struct.parent), parent_sub=key, content=content)

    return replace(update, structs={client: tuple(map(new, of)) for client, of in update.structs.items()})


def _content(content: Content, id: ID, neutral: Neutral, order: Mapping[int, int]) -> Content:
    match content:
        case ContentString(text):
            return ContentString(neutral.text(text, order.get(id.client, 0), id.clock))
        case ContentAny(values):
            return ContentAny(neutral.values(values))
        case ContentJSON(values):
            return ContentJSON(neutral.values(values))
        case ContentBinary(data):
            return ContentBinary(neutral.data(data))
        case ContentEmbed(value):
            return ContentEmbed(neutral.value(value))
        case ContentFormat(key, value):
            return ContentFormat(neutral.name(key), neutral.value(value))
        case ContentDoc(guid, options):
            return ContentDoc(neutral.name(guid), neutral.options(options))
        case ContentType(type_ref, name, link):
            return ContentType(type_ref, None if name is None else neutral.name(name), _link(link, neutral))
    return content


def _link(link: WeakLink | None, neutral: Neutral) -> WeakLink | None:
    def end(bound: ID | RootName) -> ID | RootName:
        return RootName(neutral.name(bound.name)) if isinstance(bound, RootName) else bound

    return None if link is None else replace(link, start=end(link.start), end=end(link.end))


# --- what was there ------------------------------------------------------------------------------------------------


def originals(updates: Sequence[Update], roots: Mapping[str, str]) -> set[str | bytes]:
    """All that must not be left: texts, whole and word by word, and bytes, from `SHORTEST` on.

    A text without a letter or digit tells nothing, and its characters are those of any format.
    """
    found: set[str | bytes] = set()
    for text in (*roots, *(text for update in updates for text in _texts(update))):
        if isinstance(text, str):
            parts = [text, *_WORD.findall(text)]
            found.update(part for part in parts if len(part) >= SHORTEST and any(map(str.isalnum, part)))
        elif len(text) >= SHORTEST_BYTES:
            found.add(text)
    return found


def _texts(update: Update) -> Iterator[str | bytes]:
    for structs in update.structs.values():
        for struct in structs:
            if isinstance(struct, Item):
                if isinstance(struct.parent, RootName):
                    yield struct.parent.name
                if struct.parent_sub is not None:
                    yield struct.parent_sub
                yield from _texts_of(struct.content)


def _texts_of(content: Content) -> Iterator[str | bytes]:
    match content:
        case ContentString(text):
            yield text
        case ContentAny(values) | ContentJSON(values):
            yield from (text for value in values for text in _texts_in(value))
        case ContentBinary(data):
            yield data
        case ContentEmbed(value):
            yield from _texts_in(value)
        case ContentFormat(key, value):
            yield key
            yield from _texts_in(value)
        case ContentDoc(guid, options):
            yield guid
            yield from _texts_in_options(options)
        case ContentType(name=str(name)):
            yield name


def _texts_in(value: Value) -> Iterator[str | bytes]:
    match value:
        case str() | bytes():
            yield value
        case list():
            yield from (text for member in value for text in _texts_in(member))
        case dict():
            for key, member in value.items():
                yield key
                yield from _texts_in(member)


def _texts_in_options(options: Value) -> Iterator[str | bytes]:
    if not isinstance(options, dict):
        yield from _texts_in(options)
        return
    for key, member in options.items():
        yield from () if key in OPTIONS else (key,)
        yield from _texts_in(member)
