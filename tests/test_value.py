"""Values: when two are the same, and how they look to a library that cannot tell everything apart."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.jsonio import JSONDecodeError, loads
from conformance.model.value import canonical_bytes, digest, join_chunks, project, same

# Few of each kind, so that two drawn values are often equal.
SCALARS = st.sampled_from(
    [None, True, False, 0, 1, 1.0, 2, 0.5, -1, 2**53, 2.0**53, 2**53 + 1, "", "1", "true", "\ud800"]
)
VALUES = st.recursive(
    SCALARS | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)


def equal(a: Any, b: Any) -> bool:
    """The protocol's equality, written down a second time: numbers are doubles, all else is as in Python."""
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(equal, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(equal(a[key], b[key]) for key in a)
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, int | float) and isinstance(b, int | float):
        return float(a) == float(b)
    return type(a) is type(b) and bool(a == b)


@given(VALUES, VALUES)
def test_canonical_bytes_are_equal_if_and_only_if_values_are(a: Any, b: Any) -> None:
    assert (canonical_bytes(a) == canonical_bytes(b)) is same(a, b) is equal(a, b)
    assert same(a, a)


@given(VALUES, st.randoms())
def test_keys_have_no_order_and_numbers_no_notation(value: Any, random: Any) -> None:
    def otherwise(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: otherwise(value[key]) for key in random.sample(list(value), len(value))}
        if isinstance(value, list):
            return [otherwise(item) for item in value]
        if isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        return value

    assert same(value, otherwise(value))
    assert digest(value) == digest(otherwise(value))


def test_kinds_are_told_apart() -> None:
    assert same(1, 1.0)
    different = [1, True, "1", None, {"$undefined": True}, {"$bigint": "1"}, [1], {"a": 1}, {"$map": {"a": 1}}]
    assert len({canonical_bytes(value) for value in different}) == len(different)


def test_a_digest_is_the_same_in_every_version_of_the_kit() -> None:
    assert digest({"t": {"$text": "abc"}, "n": [1.0, True, None]}) == "af9e673f"


@pytest.mark.parametrize("text", ["[NaN]", "[Infinity]", "[-Infinity]", "[1e999]"])
def test_what_no_json_number_can_say_is_not_read(text: str) -> None:
    with pytest.raises(JSONDecodeError):
        loads(text)


# --- projections: runners/PROTOCOL.md has the table ---


BOLD, PLAIN = {"insert": "bold", "attributes": {"b": True}}, {"insert": "plain"}
EMBED = {"insert": {"$embed": {"image": "x"}}}


@pytest.mark.parametrize(
    ("lossy", "state", "seen"),
    [
        ("undefined", {"$array": [{"$undefined": True}, 1]}, {"$array": [None, 1]}),
        ("bigint", {"$array": [{"$bigint": "-9007199254740993"}]}, {"$array": [-9007199254740992.0]}),
        ("bigint", {"$array": [{"$bigint": "1" + "0" * 400}]}, {"$array": [{"$number": "Infinity"}]}),
        ("map.undefined", {"$map": {"k": {"$undefined": True}, "l": {"m": {"$undefined": True}}}}, {"$map": {"l": {}}}),
        ("text.attributes", {"$text": [BOLD, PLAIN]}, {"$text": "boldplain"}),
        ("text.attributes", {"$text": [BOLD, EMBED, PLAIN]}, {"$text": [{"insert": "bold"}, EMBED, PLAIN]}),
        ("text.embeds", {"$text": [PLAIN, EMBED, PLAIN]}, {"$text": "plainplain"}),
        ("text.embeds", {"$text": [EMBED]}, {"$text": ""}),
        (
            "xml.attributes.any",
            {"$fragment": [{"$element": "p", "attributes": {"n": 1, "b": True, "s": "x"}}]},
            {"$fragment": [{"$element": "p", "attributes": {"n": "1", "b": "true", "s": "x"}}]},
        ),
        ("root.kind", {"$fragment": [{"$element": "p"}]}, [{"$element": "p"}]),
    ],
)
def test_a_projection_leaves_what_a_lossy_library_can_see(lossy: str, state: Any, seen: Any) -> None:
    assert same(project({"root": state}, [lossy]), {"root": seen})


@given(VALUES)
def test_without_a_loss_nothing_is_projected(value: Any) -> None:
    assert project({"root": value}, ()) == {"root": value}


def test_chunks_of_a_text_are_joined_where_their_attributes_are_equal() -> None:
    assert join_chunks([PLAIN, PLAIN]) == "plainplain"
    assert join_chunks([BOLD, BOLD, PLAIN]) == [{"insert": "boldbold", "attributes": {"b": True}}, PLAIN]
    assert join_chunks([PLAIN, EMBED, EMBED]) == [PLAIN, EMBED, EMBED]
    assert join_chunks([]) == ""
