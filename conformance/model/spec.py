"""The implementation that a user asks for, as typed: `NAME`, `NAME@VERSION` or `NAME=PATH`; and a range, `NAME@A:B`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from conformance.errors import UsageError
from conformance.model.versions import order

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


@dataclass(frozen=True, slots=True)
class SpecRange:
    """Releases of an implementation, from `first` to `last`, both included; None leaves an end open.

    An end may be cut short: `13.4` is the first and `13.6` the last of all that begin so.
    """

    name: str
    first: str | None
    last: str | None
    label: str

    def holds(self, version: str) -> bool:
        """Whether a release is one of these."""
        if self.first is not None and order(version) < order(self.first):
            return False
        return self.last is None or order(version) <= order(self.last) or version.startswith(f"{self.last}.")


def parse_range(text: str) -> SpecRange:
    """Reads `NAME`, `NAME@VERSION`, `NAME@A:B`, `NAME@A:` or `NAME@:B`; raises UsageError."""
    label = text.strip()
    name, at, versions = label.partition("@")
    _check_name(name, label, "NAME or NAME@FIRST:LAST, such as yjs@13.4:13.6")
    first, colon, last = versions.partition(":")
    if not colon:
        last = first
    for version in filter(None, (first, last)):
        if not _VERSION.fullmatch(version):
            raise UsageError(f"{label!r}: {version!r} is not a version; write {name}@1.2:1.4")
    if at and not (first or last):
        raise UsageError(f"{label!r}: no version after '@'; write {name}@1.2:1.4, or just {name}")
    return SpecRange(name, first or None, last or None, label)


def _check_name(name: str, label: str, forms: str = "NAME, NAME@VERSION or NAME=PATH, such as yjs@13.6.0") -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(f"{label!r} is not an implementation; write {forms}")
