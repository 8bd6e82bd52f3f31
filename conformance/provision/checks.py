"""Checks that all providers make before they begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.errors import ProvisionError

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.model.manifest import Manifest
    from conformance.model.spec import Spec


def wanted_version(spec: Spec, manifest: Manifest) -> str:
    """The version that a spec without a path asks for."""
    return spec.version or manifest.version


def check_version(spec: Spec, manifest: Manifest) -> None:
    """Raises ProvisionError when the runner does not know how to host the version that `spec` asks for."""
    from conformance.model.versions import within

    version = wanted_version(spec, manifest)
    if not within(version, manifest.supported):
        raise ProvisionError(
            spec.label,
            f"the runner hosts {manifest.package} {manifest.supported}, and {version} is outside",
            f"name a version inside, or {spec.name} for {manifest.version}",
        )


def check_exists(label: str, path: Path) -> None:
    """Raises ProvisionError when there is nothing at `path`."""
    if not path.exists():
        raise ProvisionError(label, f"there is nothing at {path}", "name a checkout, package folder or archive")
