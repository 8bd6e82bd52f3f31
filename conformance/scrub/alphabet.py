"""Characters that stand for others of the same width, in UTF-8 and in UTF-16.

Libraries count offsets in one or the other, so a text whose characters keep both widths is cut at the same places.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_RARE = ("qxzjvkwy", "QXZJVKWY", "79q48x36", "ZqXjKvWx", "#%&*+=<>")  # letters that few words consist of
_ORDER = "qxzjvkwygphbmufcdlrsnhaiotQXZJVKWYGPHBMUFCDLRSNTAIOE0123456789"
_HIGH, _LOW = 0xD83D, 0xDE00  # the halves of U+1F600 and those behind it
_FACES = 64
_REPLACEMENT = "\ufffd"
"""What a decoder writes for half a surrogate pair: it says nothing, and is kept."""


@dataclass(frozen=True)
class Alphabet:
    """Four widths of characters. There are several of them, for texts which happen to consist of one's letters."""

    number: int = 0

    def at(self, char: str, place: int) -> str:
        """The stand-in of a character, or of half a surrogate pair, at a place; that of the next place is another."""
        code = ord(char)
        if char == _REPLACEMENT:
            return char
        if 0xD800 <= code < 0xDC00:
            return chr(_HIGH)
        if 0xDC00 <= code < 0xE000:
            return chr(_LOW + (place - 1) % _FACES)  # as the pair that begins one unit before
        return self._letters(char)[place % len(self._letters(char))]

    def _letters(self, char: str) -> str:
        """Those that stand for characters of this width."""
        code = ord(char)
        if code < 0x80:
            return _RARE[self.number]
        shift = 0x10 * self.number
        if code < 0x800:
            return _block(0x180 + shift, 16)
        return _block(0x13A0 + shift, 16) if code < 0x10000 else _block(0x1F600, _FACES)

    def name(self, shape: str, number: int) -> str:
        """The name of that number among those with the widths of `shape`; longer where there are no more."""
        chars = []
        for char in reversed(shape):
            letters = self._order if ord(char) < 0x80 else self._letters(char)
            number, place = divmod(number, len(letters))
            chars.append(letters[place])
        while number:
            number, place = divmod(number - 1, len(self._order))
            chars.append(self._order[place])
        return "".join(reversed(chars))

    @property
    def _order(self) -> str:
        shift = 7 * self.number
        return _ORDER[shift:] + _ORDER[:shift]


def alphabets() -> Iterator[Alphabet]:
    """All that there are."""
    return map(Alphabet, range(len(_RARE)))


def _block(start: int, size: int) -> str:
    return "".join(map(chr, range(start, start + size)))


def widths(text: str) -> list[int]:
    """Bytes in UTF-8 of each character; 0 of half a surrogate pair."""
    return [0 if 0xD800 <= ord(char) < 0xE000 else len(char.encode()) for char in text]
