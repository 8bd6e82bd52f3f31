"""Which releases of an implementation take part, from the list of a registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.errors import UsageError
from conformance.model.versions import is_prerelease, order, within
from conformance.provision import releases

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conformance.model.manifest import Manifest
    from conformance.model.spec import SpecRange
    from conformance.provision import Report


def candidates(manifest: Manifest, wanted: SpecRange, named: Iterable[str], report: Report) -> tuple[str, ...]:
    """The releases of the registry that `wanted` holds and the runner can host, in order.

    Versions before a release count where the pinned version is one, and where they are `named`. Raises ProvisionError,
    and UsageError when there are none or a named one is not among them.
    """
    named = [version for version in named if version]
    chosen = choose(releases(manifest, report), manifest, wanted, named)
    if not chosen:
        raise UsageError(
            f"{wanted.label!r}: the registry has no such release of {manifest.package} that the runner hosts "
            f"({manifest.supported})"
        )
    for version in named:
        if version not in chosen:
            raise UsageError(
                f"{version!r} is no release of {manifest.package} within {wanted.label} and {manifest.supported}; "
                f"there are {chosen[0]} to {chosen[-1]}"
            )
    return chosen


def choose(listed: Iterable[str], manifest: Manifest, wanted: SpecRange, named: Sequence[str]) -> tuple[str, ...]:
    """Of the versions that a registry lists those that take part, in order."""
    early = is_prerelease(manifest.version)
    ends = {*named, wanted.first, wanted.last}
    found = {
        version
        for version in listed
        if _is_version(version)
        and within(version, manifest.supported)
        and wanted.holds(version)
        and (early or version in ends or not is_prerelease(version))
    }
    return tuple(sorted(found, key=order))


def newest_patches(versions: Sequence[str]) -> tuple[str, ...]:
    """Of ordered releases the newest of each minor; of a minor that has none, all that come before it."""
    newest: dict[tuple[str, ...], list[str]] = {}
    for version in versions:
        minor = newest.setdefault(tuple(version.split("-")[0].split(".")[:2]), [])
        if not is_prerelease(version):
            minor.clear()
        if not minor or is_prerelease(minor[-1]):
            minor.append(version)
    return tuple(version for minor in newest.values() for version in minor)


def _is_version(text: str) -> bool:
    try:
        order(text)
    except ValueError:
        return False
    return True
