"""A finding scrubbed, and the proof: it fails as it did, and no original text is left in what comes of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from conformance.errors import ConformanceError
from conformance.minimize.finding import case_of_updates
from conformance.minimize.raw import raw_updates
from conformance.minimize.seen import alike
from conformance.scrub.document import scrub

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from conformance.minimize.finding import Finding
    from conformance.model.vector import Case
    from conformance.scrub.alphabet import Alphabet
    from conformance.wire.model import Format, Update

NOT_SCRUBBED = 5
_OF_THE_SCHEMA = frozenset({"insert", "attributes", "children"})
_SIZES = tuple(1 << 7 * bytes_ for bytes_ in range(1, 8))  # from here on a client id takes one byte more


class NotScrubbedError(ConformanceError):
    """The failure went away with the content, or some of the content stayed."""

    exit_code = NOT_SCRUBBED


def scrubbed(
    finding: Finding,
    given: Sequence[bytes],
    updates: Sequence[Update],
    roots: Mapping[str, str],
    update_format: Format,
    alphabet: Alphabet,
) -> Finding:
    """The finding with neutral content, which fails as it did.

    Client ids count from 1 in their order; where it takes their size to fail they keep that.

    Raises:
        NotScrubbedError: it does not fail in the same way.
    """
    clients = sorted({client for update in updates for client in (*update.structs, *update.delete_set)})
    for numbers in (dict(zip(clients, range(1, len(clients) + 1), strict=True)), _of_their_size(clients)):
        neutral = scrub(given, updates, roots, update_format, alphabet, numbers)
        case = case_of_updates(neutral.updates, neutral.roots, update_format)
        seen = finding.stage.see([case])[0]
        if finding.same(seen) and alike(seen)(finding.seen):
            return replace(finding, original=case, case=case, seen=seen)
    raise NotScrubbedError(
        "with neutral content of the same shape it does not fail in the same way: the failure is in the content "
        "itself; minimise it (python -m conformance minimize --updates ...) and look at what is left by eye"
    )


def _of_their_size(clients: Sequence[int]) -> dict[int, int]:
    """Client -> an id that takes as many bytes, in the same order."""
    found: dict[int, int] = {}
    last = 0
    for client in clients:
        least = max((size for size in _SIZES if size <= client), default=0)
        last = found[client] = max(last + 1, least + 1)
    return found


# --- what is left --------------------------------------------------------------------------------------------------


def left(originals: Iterable[str | bytes], case: Case) -> list[str | bytes]:
    """Those of the original texts that stand in the bytes, the roots' names or the expected values of a case."""
    hay = [raw.data for raw in raw_updates(case.steps)]
    hay += [text.encode(errors="surrogatepass") for text in (*case.roots, *_strings(case.expect))]
    found = []
    for text in originals:
        needle = text.encode(errors="surrogatepass") if isinstance(text, str) else text
        if any(needle in each for each in hay):
            found.append(text)
    return found


def _strings(expect: Mapping[str, Any]) -> Iterator[str]:
    """The texts of all expected states."""
    for key, view in expect.items():
        if key == "state":
            yield from _in_value(view)
        elif isinstance(view, dict):
            yield from _strings(view)


def _in_value(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _in_value(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if not key.startswith("$") and key not in _OF_THE_SCHEMA:
                yield key
            yield from _in_value(item)
