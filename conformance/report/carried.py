"""What a suggested command has to say again of the one that suggests it: where things stand that are not shipped."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

RUNNER, VECTORS, PROFILES, WITH_SHIPPED = "--runner", "--vectors", "--profiles", "--with-shipped"
_FLAGS = frozenset({WITH_SHIPPED})


def carried(arguments: Sequence[str], *names: str) -> str:
    """The options of these names as they were given, each with a space before it."""
    return "".join(f" {shlex.quote(word)}" for word in _words(arguments, names))


def _words(arguments: Sequence[str], names: Sequence[str]) -> Iterator[str]:
    words = iter(arguments)
    for word in words:
        name, given, value = word.partition("=")
        if name in names:
            yield name
            if name not in _FLAGS:
                yield value if given else next(words, "")
