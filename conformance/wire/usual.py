"""The structs that most updates v1 are made of, by one pattern: bytes that are compared as they stand.

A regular expression cannot count, but it can list every short length. What is longer, or not ASCII, or of another
kind, is left to the decoder.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from conformance.wire.lib0 import Reader, Writer
from conformance.wire.model import (
    GC_REF,
    HAS_ORIGIN,
    HAS_PARENT_SUB,
    HAS_RIGHT_ORIGIN,
    ContentAny,
    ContentDeleted,
    ContentString,
)
from conformance.wire.values import read_any, write_any

if TYPE_CHECKING:
    from re import Match, Pattern

_LONGEST_NAME = 8
_LONGEST_TEXT = 24

_ORIGINS = HAS_ORIGIN | HAS_RIGHT_ORIGIN
_VARUINT = rb"[\x80-\xff]{0,6}[\x00-\x7f]"  # below 2^49
_LENGTH = rb"(?!\x00)" + _VARUINT
_ID = _VARUINT + _VARUINT
_NUMBER = rb"(?P<number>\x7d%b|\x7c[\x00-\xff]{4}|\x7b[\x00-\xff]{8})" % _VARUINT
_SIMPLE = rb"[\x78\x79\x7e\x7f]"  # true, false, null, undefined


def usual_structs(data: bytes, start: int, count: int) -> tuple[list[bytes], int]:
    """The structs from `start` on, up to the first unusual one or to `count`, and the byte behind them.

    Of what says the same, one form is given: a number at the end of a struct is a varint where one holds it, and info
    does not say that there is a key where there is an origin.
    """
    pattern = _usual()
    structs: list[bytes] = []
    end = start
    # One at a time: each struct of another kind ends the run, and what stands behind it is not looked at twice.
    for found in islice(pattern.finditer(data, start), count):
        group = found.lastindex
        if group == pattern.groups:
            break
        structs.append(found[0] if group is None else _in_one_form(found))
        end = found.end()
    return structs, end


def _in_one_form(struct: Match[bytes]) -> bytes:
    data = struct[0]
    number = struct["number"]
    if number is not None:
        data = data[: -len(number)] + _as_varint(number)
    info = data[0]
    return b"%c%b" % (info & ~HAS_PARENT_SUB, data[1:]) if info & _ORIGINS else data


@lru_cache(maxsize=1024)
def _as_varint(number: bytes) -> bytes:
    value = read_any(Reader(number))
    if not isinstance(value, float) or not value.is_integer() or abs(value) >= 2**31 or str(value) == "-0.0":
        return number
    writer = Writer()
    write_any(writer, int(value))
    return bytes(writer.data)


@cache
def _usual() -> Pattern[bytes]:
    text = _ascii(_LONGEST_TEXT)
    usual = (
        _item(ContentString.ref, text),
        _item(ContentDeleted.ref, _LENGTH),
        _item(ContentAny.ref, rb"\x01(?:%b|%b|\x77(?:%b))" % (_NUMBER, _SIMPLE, text)),
        _byte(GC_REF) + _LENGTH,
        rb"([\x00-\xff])",  # the last group: something else begins here
    )
    return re.compile(b"|".join(usual))


def _item(ref: int, content: bytes) -> bytes:
    name = _ascii(_LONGEST_NAME)
    parent = rb"(?:\x01(?:%b)|\x00%b)" % (name, _ID)
    heads = (
        b"[%b%b]%b" % (_byte(HAS_ORIGIN | ref), _byte(HAS_RIGHT_ORIGIN | ref), _ID),
        _byte(_ORIGINS | ref) + _ID + _ID,
        b"([%b%b])%b" % (_byte(HAS_PARENT_SUB | HAS_ORIGIN | ref), _byte(HAS_PARENT_SUB | HAS_RIGHT_ORIGIN | ref), _ID),
        b"(%b)" % _byte(HAS_PARENT_SUB | _ORIGINS | ref) + _ID + _ID,
        _byte(ref) + parent,
        _byte(HAS_PARENT_SUB | ref) + parent + b"(?:%b)" % name,
    )
    return b"(?:%b)(?:%b)" % (b"|".join(heads), content)


def _byte(number: int) -> bytes:
    return b"\\x%02x" % number


def _ascii(longest: int) -> bytes:
    return b"|".join(rb"%b[\x00-\x7f]{%d}" % (_byte(length), length) for length in range(1, longest))
