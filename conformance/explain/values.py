"""Values and contents as a reader would write them on one line, and as JSON with the tags of runners/PROTOCOL.md."""

from __future__ import annotations

import base64
import json
import math
from typing import TYPE_CHECKING, Any

from conformance.wire.model import (
    TYPE_NAMES,
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
)
from conformance.wire.values import BigInt, Undefined

if TYPE_CHECKING:
    from conformance.wire.model import ID, Content, Parent, WeakLink
    from conformance.wire.values import Value

SHOWN = 60
"""Characters of a content that are shown; more are cut."""


def shorten(text: str) -> str:
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."


def quote(text: str) -> str:
    """A string in quotes, what cannot be printed as an escape; long ones are cut first, since texts can be large."""
    quoted = json.dumps(text[: SHOWN + 1], ensure_ascii=False)
    if quoted.isprintable():
        return quoted
    return "".join(char if char.isprintable() else _escape(char) for char in quoted)


def _escape(char: str) -> str:
    number = ord(char)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\u{{{number:x}}}"


def show_value(value: Value) -> str:
    """As JavaScript would write it."""
    if isinstance(value, str):
        return quote(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _number_name(value) or repr(value).removesuffix(".0")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, BigInt):
        return f"{value.value}n"
    if isinstance(value, Undefined):
        return "undefined"
    if isinstance(value, bytes):
        return _show_bytes(value)
    if isinstance(value, list):
        return f"[{', '.join([show_value(member) for member in value[:SHOWN]])}]"
    entries = list(value.items())[:SHOWN]
    return f"{{{', '.join([f'{quote(key)}: {show_value(member)}' for key, member in entries])}}}"


def show_content(content: Content) -> tuple[str, str]:
    """The kind of a content, and what it holds, shortened."""
    match content:
        case ContentString(text):
            return "String", shorten(quote(text))
        case ContentDeleted():
            return "Deleted", ""
        case ContentAny(values):
            return "Any", shorten(", ".join([show_value(value) for value in values[:SHOWN]]))
        case ContentJSON(values):
            return "JSON", shorten(", ".join([show_value(value) for value in values[:SHOWN]]))
        case ContentBinary(data):
            return "Binary", _show_bytes(data)
        case ContentEmbed(value):
            return "Embed", shorten(show_value(value))
        case ContentFormat(key, value):
            return "Format", shorten(f"{quote(key)}: {show_value(value)}")
        case ContentType(type_ref, name, link):
            held = "" if name is None else shorten(quote(name))
            return _type_name(type_ref), held if link is None else _show_link(link)
        case ContentDoc(guid, options):
            return "Doc", shorten(f"{quote(guid)} {show_value(options)}")
        case ContentMove(start, end, flags):
            return "Move", f"{start} to {end}, flags {flags:#x}"


def show_parent(parent: Parent) -> str:
    return f"root {shorten(quote(parent.name))}" if isinstance(parent, RootName) else str(parent)


def json_value(value: Value) -> Any:
    """A value as the runner protocol writes it: what JSON lacks is an object with one `$` key."""
    if isinstance(value, Undefined):
        return {"$undefined": True}
    if isinstance(value, BigInt):
        return {"$bigint": str(value.value)}
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, float):
        name = _number_name(value)
        return value if name is None else {"$number": name}
    if isinstance(value, list):
        return [json_value(member) for member in value]
    if isinstance(value, dict):
        members = {key: json_value(member) for key, member in value.items()}
        # A key that looks like a tag: the object is wrapped, as in the protocol.
        return {"$object": members} if any(key.startswith("$") for key in members) else members
    return value


def json_content(content: Content) -> dict[str, Any]:
    """`kind` as in the listing, and what it holds under names of its own."""
    kind = show_content(content)[0] if isinstance(content, ContentType) else type(content).__name__[len("Content") :]
    match content:
        case ContentString(text):
            return {"kind": kind, "text": text}
        case ContentAny(values) | ContentJSON(values):
            return {"kind": kind, "values": [json_value(value) for value in values]}
        case ContentBinary(data):
            return {"kind": kind, "value": json_value(data)}
        case ContentEmbed(value):
            return {"kind": kind, "value": json_value(value)}
        case ContentFormat(key, value):
            return {"kind": kind, "key": key, "value": json_value(value)}
        case ContentType(type_ref, name, link):
            shown = {"kind": kind, "type_ref": type_ref}
            if name is not None:
                shown["name"] = name
            return shown if link is None else {**shown, "link": _json_link(link)}
        case ContentDoc(guid, options):
            return {"kind": kind, "guid": guid, "options": json_value(options)}
        case ContentMove(start, end, flags):
            return {"kind": kind, "start": json_id(start), "end": json_id(end), "flags": flags}
    return {"kind": kind}


def json_id(id: ID) -> dict[str, int]:
    return {"client": id.client, "clock": id.clock}


def json_parent(parent: ID | RootName) -> dict[str, Any]:
    return {"root": parent.name} if isinstance(parent, RootName) else json_id(parent)


def _type_name(ref: int) -> str:
    return TYPE_NAMES.get(ref, f"Type {ref}")


def _show_bytes(data: bytes) -> str:
    return f"{len(data)} bytes" if not data else shorten(f"{len(data)} bytes {data[:SHOWN].hex()}")


def _show_link(link: WeakLink) -> str:
    return f"{show_parent(link.start)} to {show_parent(link.end)}, flags {link.flags:#x}"


def _json_link(link: WeakLink) -> dict[str, Any]:
    return {"start": json_parent(link.start), "end": json_parent(link.end), "flags": link.flags}


def _number_name(number: float) -> str | None:
    """The name of a number that JSON cannot write, as in the runner protocol."""
    if number != number:
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    return "-0" if number == 0 and math.copysign(1, number) < 0 else None
