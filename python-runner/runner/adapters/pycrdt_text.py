"""Texts of pycrdt are counted in UTF-8 bytes."""

from __future__ import annotations

from typing import Any

_EMBED = b"\x00"
"""Stands for an embed, which counts one in UTF-8 and in UTF-16."""


def content(text: Any) -> bytes:
    """What a text's offsets count."""
    plain = str(text).encode()
    if len(plain) == len(text) or not hasattr(text, "diff"):
        return plain  # no embed is in it
    return b"".join(insert.encode() if type(insert) is str else _EMBED for insert, _ in text.diff())


def utf16_units(counted: bytes, length: int) -> int:
    """The UTF-16 units in the first `length` bytes; bytes past the end count one each."""
    head = counted[:length]
    if head.isascii():
        return length
    # A character counts where it begins; those of four bytes are surrogate pairs.
    return length - len(head) + sum(2 if byte >= 0xF0 else byte < 0x80 or byte >= 0xC0 for byte in head)


def utf8_bytes(counted: bytes, units: int) -> int:
    """The bytes that hold the first `units` UTF-16 units; what is past the end counts one each.

    Raises:
        UnicodeDecodeError: they end within a surrogate pair.
    """
    if counted[:units].isascii():
        return units
    wide = counted.decode().encode("utf-16-le")
    head = wide[: 2 * units]
    return len(head.decode("utf-16-le").encode()) + units - len(head) // 2


class Ruler:
    """Measures a text from its start, length after length."""

    def __init__(self, counted: bytes) -> None:
        self._rest = counted

    def units(self, length: int) -> int:
        units = utf16_units(self._rest, length)
        self._rest = self._rest[length:]
        return units
