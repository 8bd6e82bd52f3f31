"""The implementation that a user asks for, as typed: `NAME`, `NAME@VERSION` or `NAME=PATH`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from conformance.errors import UsageError

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_VERSION = re.compile(r"[0-9][0-9A-Za-z.+_-]*")


@dataclass(frozen=True, slots=True)
class Spec:
    """An implementation by name, at the pinned version, at `version`, or built from `path` (absolute).

    At most one of `version` and `path` is set. `label` is the text as typed and names the implementation in
    every result.
    """

    name: str
    version: str | None
    path: Path | None
    label: str


def parse_spec(text: str) -> Spec:
    """Reads one spec; raises UsageError. Whether the name exists is known to the manifests, not here."""
    label = text.strip()
    name, assigned, path = label.partition("=")
    if assigned:
        _check_name(name, label)
        if not path:
            raise UsageError(f"{label!r}: no path after '='; write {name}=PATH, a checkout, package folder or archive")
        return Spec(name, None, Path(path).expanduser().absolute(), label)
    name, at, version = label.partition("@")
    _check_name(name, label)
    if at and not _VERSION.fullmatch(version):
        raise UsageError(f"{label!r}: {version!r} is not an exact version; write {name}@1.2.3, or just {name}")
    return Spec(name, version or None, None, label)


def parse_specs(text: str) -> tuple[Spec, ...]:
    """Reads a comma-separated list of specs, in order; raises UsageError when one is wrong or comes twice."""
    specs: list[Spec] = []
    seen: dict[tuple[str, str | None, Path | None], Spec] = {}
    for part in text.split(","):
        spec = parse_spec(part)
        key = (spec.name, spec.version, spec.path)
        if key in seen:
            raise UsageError(f"{text!r}: {spec.label!r} is named twice; leave one out")
        seen[key] = spec
        specs.append(spec)
    return tuple(specs)


def _check_name(name: str, label: str) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{label!r} is not an implementation; write NAME, NAME@VERSION or NAME=PATH, such as yjs@13.6.0"
        )
