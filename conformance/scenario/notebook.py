"""When two notebooks are the same, and where they differ.

A notebook is a value as the protocol writes it (runners/PROTOCOL.md). Two are the same when their normal forms are. The
normal form takes away what nbformat itself says is no content, and nothing else:

- Lines. Sources, texts of streams and the text of a MIME bundle are one string or a list of its lines; a bundle's JSON
  is what it is. Source: nbformat 4 schema, `multiline_string`; nbformat/v4/rwbase.py rejoin_lines.
- What is of the moment. `trusted` of a cell, `orig_nbformat`, `orig_nbformat_minor` and `signature` of a notebook are
  taken out whenever a notebook is read or written. Source: nbformat/v4/rwbase.py strip_transient.
- Ids. Cells have ids from 4.5 on (nbformat 4.5 schema); before they are no part of a notebook. A cell that should have
  one and has none gets one from whoever reads it. Source: nbformat/validator.py normalize.
- What every notebook has. A notebook without `metadata`, a cell without it, a code cell without `outputs` or
  `execution_count` is malformed; the empty value is the only one that a reader can put there. Source: the schema's
  `required`.
- Numbers compare by value, keys have no order. Source: JSON.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.model.value import same

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TRANSIENT = ("orig_nbformat", "orig_nbformat_minor", "signature")
_DEEPEST = 5
"""Parts of a place that tell one difference from another; what lies deeper is the same difference."""


def normal(notebook: Any) -> Any:
    """The normal form; what is no notebook is left as it is."""
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        return notebook
    has_ids = _version(notebook) >= (4, 5)
    metadata = notebook.get("metadata", {})
    if isinstance(metadata, dict):
        metadata = {key: value for key, value in metadata.items() if key not in _TRANSIENT}
    cells = [_cell(cell, has_ids) if isinstance(cell, dict) else cell for cell in notebook["cells"]]
    return {**notebook, "metadata": metadata, "cells": cells}


def _version(notebook: Mapping[str, Any]) -> tuple[int, int]:
    major, minor = notebook.get("nbformat"), notebook.get("nbformat_minor")
    # A notebook that does not say gets the newest format from whoever reads it.
    return (major if isinstance(major, int) else 4, minor if isinstance(minor, int) else 5)


def _cell(cell: Mapping[str, Any], has_ids: bool) -> dict[str, Any]:
    made = {key: value for key, value in cell.items() if key != "id" or has_ids}
    metadata = made.get("metadata", {})
    if isinstance(metadata, dict):
        metadata = {key: value for key, value in metadata.items() if key != "trusted"}
    made["metadata"] = metadata
    if "source" in made:
        made["source"] = _joined(made["source"])
    attachments = made.get("attachments")
    if isinstance(attachments, dict):
        made["attachments"] = {name: _bundle(bundle) for name, bundle in attachments.items()}
    if made.get("cell_type") == "code":
        made.setdefault("execution_count", None)
        outputs = made.get("outputs", [])
        made["outputs"] = [_output(output) for output in outputs] if isinstance(outputs, list) else outputs
    return made


def _output(output: Any) -> Any:
    if not isinstance(output, dict):
        return output
    made = dict(output)
    if made.get("output_type") in ("execute_result", "display_data"):
        made["data"] = _bundle(made.get("data", {}))
    elif "text" in made:
        made["text"] = _joined(made["text"])
    return made


def _bundle(bundle: Any) -> Any:
    if not isinstance(bundle, dict):
        return bundle
    return {mime: value if _is_json(mime) else _joined(value) for mime, value in bundle.items()}


def _is_json(mime: str) -> bool:
    return mime == "application/json" or (mime.startswith("application/") and mime.endswith("+json"))


def _joined(value: Any) -> Any:
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "".join(value)
    return value


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference. `what` is a place and what happened there: `added`, `lost`, `changed`, or `length` of a list.

    Places name no indices, so that a difference reads the same in every notebook: `cells/#/execution_count changed`.
    """

    what: str
    wanted: Any
    seen: Any


def differences(wanted: Any, seen: Any) -> tuple[Difference, ...]:
    """Where `seen` is another notebook than `wanted`, the first of each kind; none when they are the same."""
    found: dict[str, Difference] = {}
    for difference in _differences(normal(wanted), normal(seen), ()):
        found.setdefault(difference.what, difference)
    return tuple(found[what] for what in sorted(found))


def _differences(wanted: Any, seen: Any, place: tuple[str, ...]) -> Iterator[Difference]:
    if isinstance(wanted, dict) and isinstance(seen, dict) and not (_is_tagged(wanted) or _is_tagged(seen)):
        for key in {**wanted, **seen}:
            if key not in seen:
                yield Difference(_line((*place, key), "lost"), wanted[key], None)
            elif key in wanted:
                yield from _differences(wanted[key], seen[key], (*place, key))
            elif not (key == "id" and place == ("cells", "#")):
                yield Difference(_line((*place, key), "added"), None, seen[key])
    elif isinstance(wanted, list) and isinstance(seen, list):
        if len(wanted) != len(seen):
            yield Difference(_line(place, "length"), len(wanted), len(seen))
        for one, other in zip(wanted, seen, strict=False):
            yield from _differences(one, other, (*place, "#"))
    elif not same(wanted, seen):
        yield Difference(_line(place, "changed"), wanted, seen)


def _is_tagged(value: Mapping[str, Any]) -> bool:
    return any(key.startswith("$") for key in value)


def _line(place: tuple[str, ...], what: str) -> str:
    # A key may hold anything; a signature is one word, whose parts are joined by a plus.
    parts = [re.sub(r"[^\w#.-]", "_", part)[:40] for part in place[:_DEEPEST]]
    return f"{'/'.join(parts) or 'notebook'} {what}"
