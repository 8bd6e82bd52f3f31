"""A runner's manifest: one TOML file that says what an implementation is and how its runner is started."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from conformance.errors import ManifestError, UsageError
from conformance.model.layers import ALL_ROLES, DIALECTS, PEER, Y_WEBSOCKET
from conformance.model.versions import within

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.model.spec import Spec, SpecRange

PLACEHOLDER = re.compile(r"\{(\w+)\}")

# What each provider fills in, besides {root} and {here}.
PROVIDERS = {
    "npm": ("node", "module"),
    "pypi": ("python", "site"),
    "cargo": ("binary",),
    "cdylib": ("python", "site", "library"),
    "go": ("binary",),
    "command": (),
}

INSTALLED = ("module", "library", "site", "binary")
"""The placeholders that name what a provider installed."""

_NEEDED = ("name", "title", "homepage", "language", "provider", "argv")
_NEEDED_BY = {
    "npm": ("package", "version"),
    "pypi": ("package", "version", "module"),
    "cargo": ("package", "version", "source", "binary"),
    "cdylib": ("package", "version", "source", "binary", "lock"),
    "go": ("package", "version", "source", "binary"),
    "command": (),
}
_TEXTS = (
    "name", "title", "homepage", "language", "provider",
    "package", "version", "supported", "module", "binary", "hint", "engine", "repro", "speaks",
)  # fmt: skip
_LISTS = ("argv", "aliases", "beside", "roles")
_TABLES = ("requires", "env", "together")
_PATHS = ("lock", "source")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What `runners/<name>.toml` says; `vectors/schema/manifest.schema.json` describes each key.

    `argv` and the values of `env` are templates over {root} (the kit's data), {here} (the manifest's folder)
    and what the provider adds: {node} and {module} (npm), {python} and {site} (pypi), {binary} (cargo, go),
    {python}, {site} and {library} (cdylib); {chromium} where `requires` has it.
    `version` is the pinned default and `supported` the range that the runner can host. `requires` bounds the
    runtime, for example {"node": ">=20"}. `lock` pins the default version with all its dependencies. `engine` is
    the code that does the work, where several implementations share it; `repro` the dialect of programs for reports.
    `beside` names packages that the runner's part needs and the package does not bring: the lock has them, and other
    releases get them at the lock's versions. `together` names packages that are released with the package under its
    numbers, but for the first, which differs by so much ("-2"); other releases get theirs.
    `roles` says what it plays: documents of layers 0 to 3 (`peer`), or roles of scenarios;
    `speaks` what it speaks as a client or a server, and such a one meets only its like.
    """

    name: str
    title: str
    homepage: str
    language: str
    provider: str
    argv: tuple[str, ...]
    path: Path
    package: str = ""
    aliases: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    roles: tuple[str, ...] = (PEER,)
    version: str = ""
    supported: str = ""
    module: str = ""
    binary: str = ""
    source: Path | None = None
    lock: Path | None = None
    requires: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    env: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    together: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    hint: str = ""
    engine: str = ""
    repro: str = ""
    speaks: str = Y_WEBSOCKET


class _Manifests(Mapping[str, Manifest]):
    """Manifests that are read when they are asked for: a run of one implementation does not wait for all."""

    def __init__(self, root: Path, others: Sequence[Path]) -> None:
        shipped = sorted((root / "runners").glob("*.toml"), key=lambda path: path.stem)
        self._read = {manifest.name: manifest for manifest in map(load_manifest, others)}
        self._paths = {path.stem: path for path in shipped} | {name: each.path for name, each in self._read.items()}

    def __getitem__(self, name: str) -> Manifest:
        if name not in self._read:
            path = self._paths[name]
            manifest = load_manifest(path)
            if manifest.name != name:
                raise ManifestError(f"{path}: name", f"{manifest.name!r} differs from the file's name")
            self._read[name] = manifest
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


def load_manifests(root: Path, others: Sequence[Path] = ()) -> Mapping[str, Manifest]:
    """Those in `root/runners`, by name and sorted, and others that stand before those of the same name.

    Raises:
        ManifestError: one of the others is malformed. What is wrong with one of `root` shows when it is asked for.
    """
    return _Manifests(root, others)


def load_manifest(path: Path) -> Manifest:
    """One manifest, from anywhere; its relative paths start at its own folder. Raises ManifestError."""
    import tomllib

    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ManifestError(str(path), f"cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ManifestError(str(path), f"is not TOML: {error}") from error
    _check(table, str(path))
    here = path.absolute().parent
    values: dict[str, Any] = {key: table[key] for key in _TEXTS if key in table}
    values |= {key: tuple(table[key]) for key in _LISTS if key in table}
    values |= {key: MappingProxyType(table[key]) for key in _TABLES if key in table}
    values |= {key: Path(here, table[key]).resolve() for key in _PATHS if key in table}
    return Manifest(path=path.absolute(), **values)


def find_manifest(spec: Spec | SpecRange, manifests: Mapping[str, Manifest]) -> Manifest:
    """The manifest that `spec` names; raises UsageError with the names that exist."""
    manifest = manifests.get(spec.name)
    if manifest is None:
        raise UsageError(
            f"{spec.label!r}: no implementation is called {spec.name!r}; "
            f"there are {', '.join(sorted(manifests))}, and others with --runner MANIFEST.toml"
        )
    return manifest


def _check(table: dict[str, Any], where: str) -> None:
    provider = table.get("provider")
    if provider is not None and provider not in PROVIDERS:
        raise ManifestError(f"{where}: provider", f"{provider!r} is none of {', '.join(PROVIDERS)}")
    for key in (*_NEEDED, *_NEEDED_BY.get(str(provider), ())):
        if key not in table:
            raise ManifestError(where, f"the key {key!r} is missing")
    for key, value in table.items():
        if key == "$schema":
            continue
        wanted = _wanted(key)
        if not wanted:
            raise ManifestError(f"{where}: {key}", "no such key")
        if not _fits(value, wanted):
            raise ManifestError(f"{where}: {key}", f"must be {wanted}")
    for role in table.get("roles", ()):
        if role not in ALL_ROLES:
            raise ManifestError(f"{where}: roles", f"{role!r} is none of {', '.join(ALL_ROLES)}")
    if (speaks := table.get("speaks", Y_WEBSOCKET)) not in DIALECTS:
        raise ManifestError(f"{where}: speaks", f"{speaks!r} is none of {', '.join(DIALECTS)}")
    for bounds in (table.get("supported", ""), *table.get("requires", {}).values()):
        try:
            within("0", bounds)
        except ValueError as error:
            raise ManifestError(where, str(error)) from error
    for name, offset in table.get("together", {}).items():
        if not re.fullmatch(r"[+-]\d+", offset):
            raise ManifestError(f"{where}: together", f"{name} is {offset!r}, and not a difference such as -2")
    browser = ("chromium",) if "chromium" in table.get("requires", {}) else ()
    known = ("root", "here", *PROVIDERS[table["provider"]], *browser)
    for template in (*table["argv"], *table.get("env", {}).values()):
        for name in PLACEHOLDER.findall(template):
            if name not in known:
                raise ManifestError(where, f"{{{name}}} is none of the placeholders {', '.join(known)}")


def _wanted(key: str) -> str:
    if key in _TEXTS or key in _PATHS:
        return "a string"
    if key in _LISTS:
        return "a list of strings"
    return "a table of strings" if key in _TABLES else ""


def _fits(value: object, wanted: str) -> bool:
    if wanted == "a string":
        return isinstance(value, str) and bool(value)
    if wanted == "a list of strings":
        return isinstance(value, list) and bool(value) and all(isinstance(item, str) for item in value)
    return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
