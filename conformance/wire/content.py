"""The content of an item, by its content ref.

Source: Yjs `structs/Content*.js`; yrs `block.rs` ItemContent, `types/mod.rs` TypeRef, and until
0.23 `moving.rs`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.wire.lib0 import WireError
from conformance.wire.model import (
    ID,
    NAMED_TYPES,
    TYPE_NAMES,
    WEAK,
    Content,
    ContentAny,
    ContentBinary,
    ContentDeleted,
    ContentDoc,
    ContentEmbed,
    ContentFormat,
    ContentJSON,
    ContentMove,
    ContentString,
    ContentType,
    RootName,
    WeakLink,
)
from conformance.wire.values import UNDEFINED, format_json, parse_json, read_any, write_any

if TYPE_CHECKING:
    from conformance.wire.lib0 import Reader, Writer
    from conformance.wire.v1 import FieldReader, FieldWriter
    from conformance.wire.values import Value

_MOVE_COLLAPSED = 0x01
_LINK_QUOTE = 0x01
_LINK_START_UNBOUNDED = 0x08
_LINK_END_UNBOUNDED = 0x10
_LINK_ROOT = 0x20


def read_content(fields: FieldReader, ref: int) -> Content:
    try:
        if ref == ContentString.ref:
            return ContentString(fields.string())
        if ref == ContentDeleted.ref:
            return ContentDeleted(fields.length())
        if ref == ContentAny.ref:
            count, rest = fields.length(), fields.rest
            return ContentAny(tuple([read_any(rest) for _ in range(count)]))
        if ref == ContentFormat.ref:
            return ContentFormat(fields.key(), fields.json())
        if ref == ContentType.ref:
            return _read_type(fields)
        if ref == ContentBinary.ref:
            return ContentBinary(fields.rest.buffer())
        if ref == ContentEmbed.ref:
            return ContentEmbed(fields.json())
        if ref == ContentJSON.ref:
            return ContentJSON(tuple([_read_json_text(fields) for _ in range(fields.length())]))
        if ref == ContentDoc.ref:
            return ContentDoc(fields.string(), read_any(fields.rest))
        if ref == ContentMove.ref:
            return _read_move(fields.rest)
        raise WireError(fields.offset, f"unknown content ref {ref}")
    except WireError as error:
        error.content_ref = ref
        raise


def write_content(fields: FieldWriter, content: Content) -> None:
    """Raises ValueError for a value that the format cannot hold (bytes as an embed in v1, for example)."""
    match content:
        case ContentString(text):
            fields.string(text)
        case ContentDeleted(length):
            fields.length(length)
        case ContentAny(values):
            fields.length(len(values))
            for value in values:
                write_any(fields.rest, value)
        case ContentFormat(key, value):
            fields.key(key)
            fields.json(value)
        case ContentType():
            _write_type(fields, content)
        case ContentBinary(data):
            fields.rest.buffer(data)
        case ContentEmbed(value):
            fields.json(value)
        case ContentJSON(values):
            fields.length(len(values))
            for value in values:
                fields.string("undefined" if value is UNDEFINED else format_json(value))
        case ContentDoc(guid, options):
            fields.string(guid)
            write_any(fields.rest, options)
        case ContentMove():
            _write_move(fields.rest, content)


def _read_json_text(fields: FieldReader) -> Value:
    offset = fields.offset
    text = fields.string()
    return UNDEFINED if text == "undefined" else parse_json(text, offset)


def _read_type(fields: FieldReader) -> ContentType:
    offset = fields.offset
    ref = fields.type_ref()
    try:
        if ref in NAMED_TYPES:
            return ContentType(ref, fields.key())
        if ref == WEAK:
            return ContentType(ref, link=_read_link(fields))
    except WireError as error:
        error.type_ref = ref
        raise
    if ref not in TYPE_NAMES:
        raise WireError(offset, f"unknown type ref {ref}")
    return ContentType(ref)


def _write_type(fields: FieldWriter, content: ContentType) -> None:
    fields.type_ref(content.type_ref)
    if content.type_ref in NAMED_TYPES:
        fields.key(content.name or "")
    elif content.link is not None:
        _write_link(fields, content.link)


def _read_id(rest: Reader) -> ID:
    return ID(rest.varuint(), rest.varuint())


def _write_id(rest: Writer, id: ID) -> None:
    rest.varuint(id.client)
    rest.varuint(id.clock)


def _read_link(fields: FieldReader) -> WeakLink:
    flags = fields.rest.uint8()

    def bound(unbounded: int) -> ID | RootName:
        if flags & unbounded and flags & _LINK_ROOT:
            return RootName(fields.string())
        return _read_id(fields.rest)

    start = bound(_LINK_START_UNBOUNDED)
    if flags & (_LINK_QUOTE | _LINK_END_UNBOUNDED):
        return WeakLink(flags, start, bound(_LINK_END_UNBOUNDED))
    return WeakLink(flags, start, start)


def _write_link(fields: FieldWriter, link: WeakLink) -> None:
    fields.rest.uint8(link.flags)
    bounds = [link.start]
    if link.flags & (_LINK_QUOTE | _LINK_END_UNBOUNDED):
        bounds.append(link.end)
    for bound in bounds:
        if isinstance(bound, RootName):
            fields.string(bound.name)
        else:
            _write_id(fields.rest, bound)


def _read_move(rest: Reader) -> ContentMove:
    flags = rest.varint()
    start = _read_id(rest)
    return ContentMove(start, start if flags & _MOVE_COLLAPSED else _read_id(rest), flags)


def _write_move(rest: Writer, move: ContentMove) -> None:
    rest.varint(move.flags)
    _write_id(rest, move.start)
    if not move.flags & _MOVE_COLLAPSED:
        _write_id(rest, move.end)
