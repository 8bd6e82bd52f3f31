"""The updates of a failing result as structs: what travelled, and what a relay lost of it."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from conformance.explain.listing import listing
from conformance.explain.reading import read
from conformance.plan.finale import RELAYED, RETURNED
from conformance.wire.lib0 import WireError
from conformance.wire.model import Update
from conformance.wire.relayed import relayed_differences

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.report.records import Record
    from conformance.wire.model import Format

_SLOTS, _STRUCTS, _DIFFERENCES = 3, 4, 4  # that are shown of a result; the results file has the rest
_ARGUMENT = 8000  # characters that one argument of a command line may have everywhere


def struct_lines(record: Record) -> Iterator[tuple[str, str]]:
    """Label and text of each line about the bytes of a result."""
    slots = {name: data for name, text in record.get("bytes", {}).items() if (data := _bytes(text)) is not None}
    update_format: Format = "v2" if record["format"] == "v2" else "v1"
    yield from _lost(slots, update_format)
    shown = list(slots.items())[:_SLOTS]
    for name, data in shown:
        yield "update", f"{name}: {_summary(data, update_format)}"
    if shown:
        yield "explain", _how_to_explain(*shown[0])


def _how_to_explain(slot: str, data: bytes) -> str:
    text = base64.b64encode(data).decode()
    if len(text) > _ARGUMENT:
        return f"bytes.{slot} of this result in the results file, saved as FILE: python -m conformance explain FILE"
    return f"python -m conformance explain {text}"


def _bytes(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _lost(slots: dict[str, bytes], update_format: Format) -> Iterator[tuple[str, str]]:
    if RELAYED not in slots or RETURNED not in slots:
        return
    try:
        differences = relayed_differences(slots[RELAYED], slots[RETURNED], update_format)
    except WireError:
        return
    for line in differences[:_DIFFERENCES]:
        yield "structs", f"a = {RELAYED}, b = {RETURNED}: {line}"
    if len(differences) > _DIFFERENCES:
        yield "structs", f"{len(differences) - _DIFFERENCES} more"


def _summary(data: bytes, update_format: Format) -> str:
    """The first structs of an update in one line, or its bytes where it is none."""
    reading = read(data, "update", update_format)
    if not reading.is_whole:
        reading = read(data)
    if not isinstance(reading.value, Update) or not reading.is_whole:
        return base64.b64encode(data).decode()
    structs = [" ".join("".join(text for text, _ in line[1:]).split()) for line in listing(reading) if len(line) > 2]
    others = sum(map(len, reading.value.structs.values())) - len(structs[:_STRUCTS])
    more = f"; {others} more" if others > 0 else ""
    deleted = ", ".join(
        f"{client}:{clock}+{length}" for client, ranges in reading.value.delete_set.items() for clock, length in ranges
    )
    parts = [*structs[:_STRUCTS], *([f"deleted {deleted}"] if deleted else [])]
    return ("; ".join(parts) or "nothing") + more
