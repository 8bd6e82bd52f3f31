"""Simpler content of local ops: shorter texts, fewer values and attributes, smaller numbers, plainer values."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from conformance.minimize.edit import GONE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.minimize.edit import Edit
    from conformance.model.vector import Case

_NUMBERS = ("index", "length", "milliseconds")
_VALUES = ("value", "state")
_LISTS = ("values", "nodes", "delta")
_SHARED_TEXTS = ("$text", "$xmltext")
_LEAST = 1  # members that a list of a step keeps; without any the step itself could go, which another pass tries


def content_edits(case: Case) -> Iterator[Edit]:
    """Simpler forms of what each step writes, and of where."""
    for place, step in enumerate(case.steps):
        yield from _step_edits(("steps", place), step)
        for inner, op in enumerate(step.get("steps", ())):
            yield from _step_edits(("steps", place, "steps", inner), op)
    yield from _key_edits(case)


def _step_edits(at: tuple[Any, ...], step: Mapping[str, Any]) -> Iterator[Edit]:
    for key in _NUMBERS:
        if key in step:
            least = 1 if key == "length" else 0
            yield from ({(*at, key): number} for number in _smaller(step[key], least))
    if "text" in step:
        yield from ({(*at, "text"): text} for text in shorter(step["text"]))
    simpler_value = _simpler_embed if step["op"] == "text.embed" else simpler
    for key in _VALUES:
        if key in step:
            yield from ({(*at, key): value} for value in simpler_value(step[key]))
    if "attributes" in step:
        yield {(*at, "attributes"): GONE}
        yield from _entries((*at, "attributes"), step["attributes"])
    for key in _LISTS:
        if key in step:
            yield from _members((*at, key), step[key], _LEAST)


def _members(at: tuple[Any, ...], items: list[Any], least: int) -> Iterator[Edit]:
    if len(items) > least:
        yield from ({(*at, place): GONE} for place in range(len(items)))
    for place, item in enumerate(items):
        if at[-1] == "delta":
            yield from _chunk_edits((*at, place), item)
        else:
            yield from ({(*at, place): value} for value in simpler(item))


def _chunk_edits(at: tuple[Any, ...], chunk: Mapping[str, Any]) -> Iterator[Edit]:
    for key in ("retain", "delete"):
        if key in chunk:
            yield from ({(*at, key): number} for number in _smaller(chunk[key], 1))
    if isinstance(chunk.get("insert"), str):
        yield from ({(*at, "insert"): text} for text in shorter(chunk["insert"]))
    elif "insert" in chunk:
        yield from ({(*at, "insert", "$embed"): value} for value in _simpler_embed(chunk["insert"]["$embed"]))
    if "attributes" in chunk:
        yield {(*at, "attributes"): GONE}
        yield from _entries((*at, "attributes"), chunk["attributes"])


def _entries(at: tuple[Any, ...], entries: Mapping[str, Any]) -> Iterator[Edit]:
    if len(entries) > 1:
        yield from ({(*at, key): GONE} for key in entries)
    for key, item in entries.items():
        yield from ({(*at, key): value} for value in (True, *simpler(item)) if value is not item)


def _key_edits(case: Case) -> Iterator[Edit]:
    """A map's key in one letter wherever it stands."""
    uses: dict[str, list[tuple[Any, ...]]] = {}

    def note(at: tuple[Any, ...], step: Mapping[str, Any]) -> None:
        for key in ("key", "name"):
            if key in step:
                uses.setdefault(step[key], []).append((*at, key))
        for number, part in enumerate(step.get("path", ())[1:], 1):
            if isinstance(part, str):
                uses.setdefault(part, []).append((*at, "path", number))

    for place, step in enumerate(case.steps):
        note(("steps", place), step)
        for inner, op in enumerate(step.get("steps", ())):
            note(("steps", place, "steps", inner), op)
    letters = (letter for letter in "klmnopqrstuvwxyz" if letter not in uses)
    for key, places in uses.items():
        letter = next(letters, None) if len(key) != 1 else None
        if letter is not None:
            yield dict.fromkeys(places, letter)


# --- values ----------------------------------------------------------------------------------------------------


def _smaller(number: Any, least: int) -> Iterator[int]:
    if isinstance(number, int) and number > least:
        yield from dict.fromkeys((least, least + (number - least) // 2, number - 1))


def shorter(text: str) -> Iterator[str]:
    """Simpler texts, the simplest first; whole characters are taken away."""
    size = len(text)
    found = [text[:1], text[: size // 2], text[size // 2 :], text[:-1], text[1:]]
    plain = "".join(char if char.isascii() else "a" for char in text)
    found += ["a" * size, plain]
    yield from (each for each in dict.fromkeys(found) if each and each != text)


def simpler(value: Any) -> Iterator[Any]:
    """Simpler values, the simplest first. A shared type becomes a number too: whether it matters is not known here."""
    if value is None or isinstance(value, bool):
        if value is not True:
            yield True
        return
    if isinstance(value, int | float):
        yield from (number for number in (0, 1, int(value) // 2) if number != value and abs(number) < abs(value) + 1)
        return
    if isinstance(value, str):
        yield from ([0] if value else [])
        yield from shorter(value)
        return
    yield 0
    if isinstance(value, list):
        yield from _simpler_list(value)
    else:
        yield from _simpler_object(value)


def _simpler_embed(value: Any) -> Iterator[Any]:
    """Simpler values of the same JSON type: some libraries show no embeds but objects, which is another failure."""
    yield from (other for other in simpler(value) if type(other) is type(value))


def _simpler_list(items: list[Any]) -> Iterator[list[Any]]:
    if len(items) > 1:
        yield items[: len(items) // 2]
        yield items[len(items) // 2 :]
    for place in range(len(items)):
        yield items[:place] + items[place + 1 :]
    for place, item in enumerate(items):
        yield from ([*items[:place], other, *items[place + 1 :]] for other in simpler(item))


def _simpler_object(value: dict[str, Any]) -> Iterator[Any]:
    tag = next((key for key in value if key.startswith("$")), None)
    if tag is None or tag in ("$map", "$object"):
        entries = value if tag is None else value[tag]
        yield from (other if tag is None else {tag: other} for other in _simpler_entries(entries))
        return
    content = value[tag]
    if tag in _SHARED_TEXTS:
        if content:
            yield {**value, tag: ""}
        yield from ({**value, tag: text} for text in (shorter(content) if isinstance(content, str) else ()))
        if isinstance(content, list):
            yield from ({**value, tag: items} for items in _simpler_list(content) if items and _are_chunks(items))
    elif tag in ("$array", "$fragment"):
        yield from ({tag: items} for items in _simpler_list(content))
    elif tag == "$bytes":
        data = base64.b64decode(content)
        for other in dict.fromkeys((b"", data[: len(data) // 2], data[len(data) // 2 :], data[:-1], bytes(len(data)))):
            if other != data:
                yield {tag: base64.b64encode(other).decode()}
    for more in ("attributes", "children"):
        if more in value:
            yield {key: item for key, item in value.items() if key != more}
    if "children" in value:
        yield from ({**value, "children": items} for items in _simpler_list(value["children"]) if items)
    if "attributes" in value:
        yield from ({**value, "attributes": other} for other in _simpler_entries(value["attributes"]) if other)


def _are_chunks(items: list[Any]) -> bool:
    return all(isinstance(item, dict) and "insert" in item for item in items)


def _simpler_entries(entries: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for key in entries:
        yield {other: item for other, item in entries.items() if other != key}
    for key, item in entries.items():
        yield from ({**entries, key: other} for other in simpler(item))
