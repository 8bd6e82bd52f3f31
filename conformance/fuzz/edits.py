"""The local ops of random programs. Numbers are large and mean something on every document, since programs wrap.

An edit is a function that draws one op, without its peer. Names of keys say what stands there, so that most paths
lead somewhere: m0 and m1 hold maps, l0 an array of maps, t0 a text, the others plain values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from conformance.fuzz.chance import Chance

Op = dict[str, Any]

PLACES = 1 << 20  # far more than any document holds: taken modulo what there is, they fall everywhere
_RUNS = (1, 1, 1, 1, 2, 2, 3, 5, 8)  # lengths of what is deleted or formatted
_WORDS = ("a", "b", "xy", "\n", "é", "漢字", "word ", "lorem ipsum ", "0", "end.", "-", "ü ß")
_ASTRAL = ("😀", "a😀b", "👩‍👧", "𝒳𝒴", "x", "😀😀")
_KEYS = ("a", "b", "c", "d")
_NAMES = ("p", "div", "b", "li")
_MARKS: tuple[Op, ...] = ({"b": True}, {"i": True}, {"color": "red"}, {"color": "blue"}, {"b": True, "i": True})
_UNMARKS: tuple[Op, ...] = ({"b": None}, {"i": None}, {"color": None}, {"b": None, "color": None})
_VALUED: tuple[Op, ...] = (
    *({"b": True}, {"b": False}, {"n": 0}, {"n": 1}, {"s": ""}, {"s": "x"}),
    *({"o": {"k": 1}}, {"o": {"k": 2}}, {"o": {}}, {"l": [1, 2]}, {"b": False, "o": {"k": 1}}, {"b": True, "n": 0}),
)
_PLAIN: tuple[Any, ...] = (0, 1, -5, 12345, True, False, None, "", "s", "text", 0.5, [1, 2], {"k": "v"})
_ANY: tuple[Any, ...] = (
    *_PLAIN,
    *(1.5e300, -2.25, 2**31 - 1, 2**31, -(2**31), 2**53 - 1, -(2**53) + 1, 1e21),
    *({"$bytes": ""}, {"$bytes": "AAH/"}, {"$number": "NaN"}, {"$number": "Infinity"}),
    *([], {}, [[[]]], {"a": {"b": [None, {"c": 1}]}}, "é漢", "x" * 300),
)
_BIGINTS: tuple[Any, ...] = ({"$bigint": "0"}, {"$bigint": "9007199254740993"}, {"$bigint": "-9223372036854775808"})
_MAPS = (["n"], ["n", "m0"], ["n", "m1"], ["n", "m0", "m1"], ["a", 0], ["a", 0, "m0"], ["n", "l0", 0])
_LISTS = (["a"], ["n", "l0"], ["n", "m0", "l0"], ["a", 0, "l0"])
_TEXTS = (["n", "t0"], ["n", "m0", "t0"], ["n", "m1", "t0"], ["a", 0, "t0"], ["n", "l0", 0, "t0"])
_NODES = (["x"], ["x", 0], ["x", 0, 0], ["x", 0, 0, 0])
_GUIDS = ("g1", "g2", "g3", "g4")


def _path(chance: Chance, paths: tuple[list[Any], ...]) -> list[Any]:
    return [chance.below(PLACES) if part == 0 else part for part in chance.pick(paths)]


def _insert_text(path: list[Any], words: tuple[str, ...] = _WORDS) -> Callable[[Chance], Op]:
    return lambda chance: {
        "op": "text.insert",
        "path": path,
        "index": chance.below(PLACES),
        "text": chance.pick(words),
    }


def _cut(op: str, path: list[Any]) -> Callable[[Chance], Op]:
    return lambda chance: {"op": op, "path": path, "index": chance.below(PLACES), "length": chance.pick(_RUNS)}


def _format(marks: tuple[Op, ...]) -> Callable[[Chance], Op]:
    cut = _cut("text.format", ["t"])
    return lambda chance: {**cut(chance), "attributes": chance.pick(marks)}


def _insert_values(values: tuple[Any, ...]) -> Callable[[Chance], Op]:
    return lambda chance: {
        "op": "array.insert",
        "path": ["l"],
        "index": chance.below(PLACES),
        "values": [chance.pick(values) for _ in range(1 + chance.below(3))],
    }


def _set(path: list[Any], values: tuple[Any, ...]) -> Callable[[Chance], Op]:
    return lambda chance: {"op": "map.set", "path": path, "key": chance.pick(_KEYS), "value": chance.pick(values)}


def _embed(chance: Chance) -> Op:
    return {"op": "text.embed", "path": ["t"], "index": chance.below(PLACES), "value": {"image": chance.pick(_KEYS)}}


def _shared(chance: Chance) -> tuple[str, Op]:
    """A key, and a shared type of the kind that stands there."""
    kind = chance.below(5)
    if kind < 2:
        return ("m0", "m1")[kind], {"$map": {"a": 1, "t0": {"$text": "in"}} if chance.happens(0.5) else {}}
    if kind == 2:
        return "l0", {"$array": [{"$map": {}}, 7] if chance.happens(0.5) else []}
    return "t0", {"$text": chance.pick(_WORDS)}


def _nested_set(chance: Chance) -> Op:
    key, value = _shared(chance)
    return {"op": "map.set", "path": _path(chance, _MAPS), "key": key, "value": value}


def _nested_root(chance: Chance) -> Op:
    return {**_nested_set(chance), "path": ["n"]}


def _nested_insert(chance: Chance) -> Op:
    values = [{"$map": dict([_shared(chance)])} if chance.happens(0.7) else chance.pick(_PLAIN)]
    return {"op": "array.insert", "path": _path(chance, _LISTS), "index": chance.below(PLACES), "values": values}


def _nested_entry(chance: Chance) -> Op:
    value = chance.pick(_PLAIN)
    return {"op": "map.set", "path": _path(chance, _MAPS), "key": chance.pick(_KEYS), "value": value}


def _nested_text(chance: Chance) -> Op:
    return {**_insert_text([])(chance), "path": _path(chance, _TEXTS)}


def _nested_cut(chance: Chance) -> Op:
    return {**_cut("text.delete", [])(chance), "path": _path(chance, _TEXTS)}


def _nested_delete(chance: Chance) -> Op:
    return {"op": "map.delete", "path": _path(chance, _MAPS), "key": chance.pick(("m0", "m1", "l0", "t0", "a"))}


def _nested_remove(chance: Chance) -> Op:
    return {**_cut("array.delete", [])(chance), "path": _path(chance, _LISTS), "length": 1}


def _xml_insert(chance: Chance) -> Op:
    node: Op = {"$xmltext": chance.pick(_WORDS)} if chance.happens(0.4) else {"$element": chance.pick(_NAMES)}
    return {"op": "xml.insert", "path": _path(chance, _NODES), "index": chance.below(PLACES), "nodes": [node]}


def _xml_root(chance: Chance) -> Op:
    return {**_xml_insert(chance), "path": ["x"]}


def _xml_delete(chance: Chance) -> Op:
    return {**_cut("xml.delete", [])(chance), "path": _path(chance, _NODES), "length": 1}


def _xml_set(chance: Chance) -> Op:
    path = _path(chance, _NODES[1:])
    return {"op": "xml.set", "path": path, "name": chance.pick(_KEYS), "value": chance.pick(_WORDS)}


def _xml_unset(chance: Chance) -> Op:
    return {"op": "xml.unset", "path": _path(chance, _NODES[1:]), "name": chance.pick(_KEYS)}


def _xml_text(chance: Chance) -> Op:
    return {**_insert_text([])(chance), "path": _path(chance, _NODES[1:])}


def _xml_cut(chance: Chance) -> Op:
    return {**_cut("text.delete", [])(chance), "path": _path(chance, _NODES[1:])}


def _insert_marked(marks: tuple[Op, ...]) -> Callable[[Chance], Op]:
    insert = _insert_text(["t"])
    return lambda chance: {**insert(chance), "attributes": chance.pick(marks)}


_SUBDOCS: tuple[Op, ...] = tuple({"$doc": guid} for guid in _GUIDS)

EDITS: Mapping[str, Callable[[Chance], Op]] = {
    "text.insert": _insert_text(["t"]),
    "text.insert.attributes": _insert_marked(_MARKS),
    "text.insert.valued": _insert_marked(_VALUED),
    "text.astral": _insert_text(["t"], _ASTRAL),
    "text.delete": _cut("text.delete", ["t"]),
    "text.format": _format(_MARKS),
    "text.unformat": _format(_UNMARKS),
    "text.mark": _format(_VALUED),
    "text.unmark": _format(tuple({key: None} for key in "bnsol")),
    "text.embed": _embed,
    "array.insert": _insert_values(_PLAIN),
    "array.delete": _cut("array.delete", ["l"]),
    "map.set": _set(["m"], _PLAIN),
    "map.delete": lambda chance: {"op": "map.delete", "path": ["m"], "key": chance.pick(_KEYS)},
    "any.set": _set(["m"], _ANY),
    "any.insert": _insert_values(_ANY),
    "bigint.set": _set(["m"], _BIGINTS),
    "bigint.insert": _insert_values(_BIGINTS),
    "nested.root": _nested_root,
    "nested.set": _nested_set,
    "nested.insert": _nested_insert,
    "nested.entry": _nested_entry,
    "nested.text": _nested_text,
    "nested.cut": _nested_cut,
    "nested.delete": _nested_delete,
    "nested.remove": _nested_remove,
    "xml.root": _xml_root,
    "xml.insert": _xml_insert,
    "xml.delete": _xml_delete,
    "xml.set": _xml_set,
    "xml.unset": _xml_unset,
    "xml.text": _xml_text,
    "xml.cut": _xml_cut,
    "subdoc.set": _set(["s"], _SUBDOCS),
    "subdoc.value": _set(["s"], _PLAIN),
    "subdoc.delete": lambda chance: {"op": "map.delete", "path": ["s"], "key": chance.pick(_KEYS)},
}
"""Name in the profiles -> draws an op."""

CERTAIN = frozenset(
    {
        *("text.insert", "text.insert.attributes", "text.insert.valued", "text.astral", "text.embed"),
        *("array.insert", "map.set", "any.set", "any.insert", "bigint.set", "bigint.insert"),
        *("nested.root", "xml.root", "subdoc.set", "subdoc.value"),
    }
)
"""The edits that change every document, so that a transaction which ends with one emits an update."""
