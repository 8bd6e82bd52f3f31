"""Runners that need no environment: `argv` is run as it stands, with {root} and {here} filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.errors import ProvisionError
from conformance.provision import fill, tools

if TYPE_CHECKING:
    from conformance.model.manifest import Manifest
    from conformance.model.spec import Spec
    from conformance.provision import Provision, Report

COMPILES = False


def provide(spec: Spec, manifest: Manifest, report: Report) -> Provision:  # noqa: ARG001 - nothing takes long
    """Checks that the program exists; raises ProvisionError, also for a spec with a version or path."""
    if spec.version or spec.path:
        raise ProvisionError(
            spec.label,
            "its manifest has the provider 'command', which knows no versions or paths",
            f"write {spec.name}",
        )
    reason = available(manifest)
    if reason:
        raise ProvisionError(spec.label, reason, manifest.hint or f"correct argv in {manifest.path}")
    return {}, {}


def releases(manifest: Manifest, report: Report) -> list[str]:  # noqa: ARG001 - nothing takes long
    """Raises ProvisionError: there is no registry to ask."""
    raise ProvisionError(
        manifest.name, "its manifest has the provider 'command', which knows no releases", "name another implementation"
    )


def available(manifest: Manifest) -> str | None:
    """None, or that the program is not there."""
    program = fill(manifest.argv[0], manifest, {})
    return None if tools.which(program) else f"there is no program {program!r}"
