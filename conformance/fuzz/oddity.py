"""What is odd about bytes that nobody should send: in the words of the format, whatever was done to them.

A finding of hostile bytes is named by these, since they say more about the cause than the mutation does: a flipped bit
that makes an origin of its own is the same finding as an origin that was set so.
"""

from __future__ import annotations

import re
from math import inf
from typing import TYPE_CHECKING

from conformance.fuzz.structure import KINDS, Structure
from conformance.fuzz.telling import rank
from conformance.wire.model import XML_HOOK, ContentType, Item, Update
from conformance.wire.update import Partial, decode_partly, encode_update

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.wire.model import Format


def oddities(data: bytes, format: Format) -> tuple[str, ...]:
    """What is odd about an update, the most telling first; `sound` where it is nothing that is looked for.

    Of one that cannot be read, also what is odd about the structs before the fault. One that is `not-shortest` has a
    number in more bytes than it needs, where some readers look at one byte.
    """
    partial = decode_partly(data, format, lenient=True)
    found = {*_types(partial), *Structure(partial.update).oddities()}
    if format == "v2" and data[:1] >= b"\x80":  # who passes over one byte of it reads another update
        found.add("feature-flag-overlong")
    elif partial.fault is not None:
        found.add(f"unreadable-{_slug(partial.fault.what)}")
    elif format == "v1" and _encoded_length(partial.update) + partial.update.trailing < len(data):
        found.add("not-shortest")
    if partial.fault is None and not all(partial.update.structs.values()):
        found.add("empty-section")
    if partial.update.trailing:
        found.add("bytes-behind")
    return tuple(sorted(found, key=lambda name: (rank(name), name))) or ("sound",)


def _encoded_length(update: Update) -> float:
    """Bytes in v1, with all numbers as short as can be; infinite where it cannot be encoded again."""
    try:
        return len(encode_update(update, "v1"))
    except ValueError:
        return inf


def _types(partial: Partial) -> Iterator[str]:
    """Types where readers differ in where they end: those of no known kind, and hooks, whose name some do not read."""
    refs = [partial.fault.type_ref] if partial.fault is not None else []
    for structs in partial.update.structs.values():
        contents = (struct.content for struct in structs if isinstance(struct, Item))
        refs += [content.type_ref for content in contents if isinstance(content, ContentType)]
    for ref in set(refs):
        if ref == XML_HOOK:
            yield "xml-hook"
        elif ref is not None and ref not in KINDS:
            yield f"type-{ref}"


def _slug(what: str) -> str:
    """A reason of the wire codec without what chance made."""
    return "-".join(re.findall(r"[a-z]+", re.sub(r"0x[0-9a-f]+", "", what.lower())))
