"""Files with their hashes and case ids: what a vector folder's `manifest.json` lists."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import orjson

from conformance.jsonio import loads
from conformance.model.vector import suite_files
from conformance.scenario.model import scenarios_among

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MANIFEST = "manifest.json"
SUITE_SCHEMA = "schema/suite.schema.json"


def entry(content: bytes) -> dict[str, Any]:
    """The hash of a file, and the ids of its cases when it is a suite.

    Raises:
        ValueError: the content is not JSON.
    """
    return {"sha256": sha256(content), "cases": case_ids(content)}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def case_ids(content: bytes) -> list[str]:
    """The case ids of a suite, in its order, as far as they can be read.

    Raises:
        ValueError: the content is not JSON.
    """
    document = loads(content)
    cases = document.get("cases") if isinstance(document, dict) else None
    return [
        case["id"]
        for case in (cases if isinstance(cases, list) else ())
        if isinstance(case, dict) and isinstance(case.get("id"), str)
    ]


def listed(folder: Path) -> tuple[Path, ...]:
    """The files of a folder of vectors that have cases: suites, and scenarios."""
    return (*suite_files(folder), *scenarios_among(folder))


def take(folder: Path) -> dict[str, Any]:
    """The manifest of a folder of vectors.

    A file that it lists passed the checks, so it is trusted as long as it has that hash; `schema` is the hash of the
    suite schema that it was checked with.
    """
    schema = folder / SUITE_SCHEMA
    files = listed(folder)
    entries = {file.relative_to(folder).as_posix(): entry(file.read_bytes()) for file in files}
    return {
        **({"schema": sha256(schema.read_bytes())} if schema.is_file() else {}),
        "files": dict(sorted(entries.items())),
    }


def text(manifest: Mapping[str, Any]) -> bytes:
    """A manifest as it is written: a change of one file is a change of few lines."""
    return orjson.dumps(manifest, option=orjson.OPT_INDENT_2) + b"\n"
