"""nbformat's own judgement of a notebook."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Callable, List

Validate = Callable[[Any], List[str]]


def validator() -> Validate | None:
    """A function from a notebook to what nbformat finds wrong with it, or None where nbformat is not installed."""
    try:
        library = import_module("nbformat.validator")
    except ImportError:
        return None

    def is_valid(notebook: Any) -> bool:
        """By the validator that stops at the first fault, which is much faster than the one that finds all."""
        try:
            quick = library.get_validator(notebook["nbformat"], notebook["nbformat_minor"], name="fastjsonschema")
            quick.validate(notebook)
        except Exception:
            return False
        return True

    def validate(notebook: Any) -> list[str]:
        found = set() if is_valid(notebook) else {_line(error) for error in library.iter_validate(notebook)}
        return sorted(found | set(_repeated_ids(notebook)))

    return validate


def _line(error: Any) -> str:
    """The place, without numbers, and the rule that is broken there."""
    if not hasattr(error, "relative_path"):
        return str(error).splitlines()[0]
    place = "/".join("#" if isinstance(part, int) else str(part) for part in error.relative_path)
    wanted = error.validator_value if isinstance(error.validator_value, (str, int)) else ""
    return f"{place or 'notebook'}: {error.validator} {wanted}".strip()


def _repeated_ids(notebook: Any) -> list[str]:
    """Ids of cells are unique (nbformat 4.5), which the schema cannot say."""
    ids = [cell["id"] for cell in notebook.get("cells", ()) if isinstance(cell, dict) and "id" in cell]
    return ["cells/#/id: repeated"] if len(set(map(str, ids))) < len(ids) else []
