"""Of all that is odd about bytes (oddity.py), what tells of what went wrong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_RANKS = tuple(
    map(
        re.compile,
        (
            r"type-\d+|xml-hook",
            r"unreadable-.*",
            r"feature-flag-overlong",
            r"beyond-53-bits",
            r"(?:delete-)?beyond-32-bits",
            r".*-to-come",
            r"parent-no-type",
            r"json|move",
            r"nul|empty|empty-gc-or-skip|delete-of-nothing",
            r"bytes-behind",
            r"empty-section|not-shortest",
            r"format-under-a-key",
            r".*-under-a-key",
            r"value-in-text",
            r"neighbours-in-two-places|neighbours-swapped",
            r"key-proto",
            r".*-collected",
            r".*-in-xml",
            r"key-in-.*",
            r"string-in-array",
            r".*-in-(?:text|array)|.*-without-key",
            r"(?!type-as-attribute|format-in-xml-text|nested-fragment|set-at-once|inserted-at-once|delete-from-a-gc).*",
        ),
    )
)
"""What keeps an update from being read, or structs from their place, comes before what they hold. Last is what honest
peers make too, and some readers are known to get wrong."""

DEMAND = "with-"
"""How the name of what is not odd, but demanded of a reader (demands.py), begins."""
_DEMANDS = rf"{DEMAND}.*"
_BEHIND = re.compile(rf"bytes-behind|{_DEMANDS}")
_SILENT = {
    "agree:same-apply": re.compile(_DEMANDS),
    "agree:same-state": re.compile(rf".*-to-come|parent-no-type|bytes-behind|{_DEMANDS}"),
}
"""By symptom, the oddities that tell nothing of it; `_BEHIND` of all others. Demands tell of none."""


def rank(name: str) -> int:
    """The place of an oddity: the lower, the more it tells."""
    return next((place for place, pattern in enumerate(_RANKS) if pattern.fullmatch(name)), len(_RANKS))


def telling(symptom: str, flags: Sequence[str]) -> str:
    """Of what is odd, the most telling first, the oddity that tells of what went wrong.

    What says only whether an update is taken, or a struct of it, tells nothing of what a document holds.
    """
    silent = _SILENT.get(symptom, _BEHIND)
    return next((flag for flag in flags if not silent.fullmatch(flag)), flags[0])
