"""From an implementation as the user names it to the command line of its runner.

A provider makes an environment in the cache, once, and fills the placeholders of the manifest's `argv`. No
provider knows an implementation by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

from conformance.errors import ProvisionError
from conformance.model.manifest import INSTALLED, PLACEHOLDER
from conformance.resources import data_root

if TYPE_CHECKING:
    from typing import Protocol

    from conformance.model.manifest import Manifest
    from conformance.model.spec import Spec

    class Provider(Protocol):
        """A module of this package, named as in a manifest's `provider`."""

        COMPILES: bool  # which takes minutes, where installing takes seconds

        def provide(self, spec: Spec, manifest: Manifest, report: Report) -> Provision: ...

        def available(self, manifest: Manifest) -> str | None: ...

        def releases(self, manifest: Manifest, report: Report) -> Sequence[str]: ...


Report = Callable[[str], None]

# What a provider found or made: values for the manifest's placeholders, and variables for the runner.
Provision = tuple[Mapping[str, str], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Launch:
    """How to start a runner: `env` is laid over the coordinator's environment, `cwd` None means its own.

    `installed` is the package's folder or the binary that a provider made or found.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path | None
    installed: Path | None = None


def provide(spec: Spec, manifest: Manifest, report: Report) -> Launch:
    """Makes `spec` runnable and says how; `report` gets a line for each long step.

    Returns without network or subprocess when it was provided before. Raises ProvisionError.
    """
    if spec.path is not None and not spec.path.exists():
        raise ProvisionError(spec.label, f"there is nothing at {spec.path}", "name a checkout, folder or archive")
    try:
        values, variables = _provider(manifest).provide(spec, manifest, report)
        values = {**values, **_browser(spec, manifest)}
    except OSError as error:
        raise ProvisionError(spec.label, f"cannot be set up: {error}", _mend(error)) from error
    argv = tuple(fill(part, manifest, values) for part in manifest.argv)
    env = {key: fill(value, manifest, values) for key, value in manifest.env.items()}
    installed = [Path(values[name]) for name in INSTALLED if name in values]
    return Launch(argv, {**variables, **env}, None, next(iter(installed), None))


class _LongStepError(Exception):
    """Something would have to be made."""


def at_hand(spec: Spec, manifest: Manifest) -> Launch | None:
    """How to start what is in the cache already; None where it would have to be made. Raises ProvisionError."""

    def refuse(line: str) -> None:
        raise _LongStepError(line)  # the first long step that is announced ends it

    try:
        return provide(spec, manifest, refuse)
    except _LongStepError:
        return None


def is_quick(spec: Spec, manifest: Manifest) -> bool:
    """Whether it is at hand, or comes compiled: what is compiled here takes minutes. Raises ProvisionError."""
    return not _provider(manifest).COMPILES or at_hand(spec, manifest) is not None


def releases(manifest: Manifest, report: Report) -> tuple[str, ...]:
    """All versions that the registry has of an implementation and offers to this machine, in no order.

    Uses the network. Raises ProvisionError.
    """
    try:
        return tuple(_provider(manifest).releases(manifest, report))
    except OSError as error:
        raise ProvisionError(manifest.name, f"its releases cannot be listed: {error}", _mend(error)) from error


def available(manifest: Manifest) -> str | None:
    """None when this machine can provide the pinned version, else the reason; does not use the network."""
    reason = _provider(manifest).available(manifest)
    if reason is None and "chromium" in manifest.requires:
        from conformance.provision import chromium

        return chromium.lacking(manifest.requires["chromium"])
    return reason


def _browser(spec: Spec, manifest: Manifest) -> Mapping[str, str]:
    """{chromium}, for a manifest that requires it: a browser comes beside what any provider installs."""
    if "chromium" not in manifest.requires:
        return {}
    from conformance.provision import chromium

    return {"chromium": chromium.chromium(spec.label, manifest)}


def _provider(manifest: Manifest) -> Provider:
    return cast("Provider", import_module(f"conformance.provision.{manifest.provider}"))


def fill(template: str, manifest: Manifest, values: Mapping[str, str]) -> str:
    """The template with {root}, {here} and the provider's `values` in their places."""
    places = {"root": str(data_root()), "here": str(manifest.path.parent), **values}
    return PLACEHOLDER.sub(lambda match: places[match[1]], template)


def _mend(error: OSError) -> str:
    import errno

    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "free some disk space, or put the cache elsewhere with YJS_CONFORMANCE_CACHE"
    return "put the cache elsewhere with YJS_CONFORMANCE_CACHE, or make that path usable"
