"""Calls of y_py whose names changed between its releases, chosen by what the loaded classes have."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple


class Calls(NamedTuple):
    """Each takes the shared type and the transaction first."""

    text_delete: Callable[[Any, Any, int, int], None]
    array_insert: Callable[[Any, Any, int, Any], None]
    """Inserts a list of values."""
    array_delete: Callable[[Any, Any, int, int], None]
    map_delete: Callable[[Any, Any, str], object]


def calls_of(library: Any) -> Calls:
    text, array, mapping = library.YText, library.YArray, library.YMap
    return Calls(
        text_delete=text.delete_range if hasattr(text, "delete_range") else text.delete,
        array_insert=array.insert_range if hasattr(array, "insert_range") else array.insert,
        array_delete=array.delete_range if hasattr(array, "delete_range") else array.delete,
        map_delete=mapping.pop if hasattr(mapping, "pop") else mapping.delete,
    )
