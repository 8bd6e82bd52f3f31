"""What takes part in a run, and the command lines of its runners: all that is needed to start them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conformance.errors import UsageError
from conformance.model.layers import PEER
from conformance.model.manifest import find_manifest
from conformance.model.spec import parse_spec
from conformance.provision import Launch, available, provide

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from conformance.model.manifest import Manifest
    from conformance.model.spec import Spec


@dataclass(frozen=True, slots=True)
class Wanted:
    """What takes part: specs that must be provided, and why others are left out."""

    specs: tuple[Spec, ...]
    manifests: Mapping[str, Manifest]
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> frozenset[str]:
        return frozenset(spec.name for spec in self.specs)


def choose(specs: Sequence[Spec] | None, manifests: Mapping[str, Manifest], roles: Collection[str] = (PEER,)) -> Wanted:
    """The implementations of a run: exactly `specs`, or all that play one of `roles` and that this machine can provide.

    Raises:
        UsageError: a spec names none, or one that plays none of the roles.
    """
    if specs is not None:
        for spec in specs:
            plays = find_manifest(spec, manifests if spec.name in manifests else _fitting(manifests, roles)).roles
            if not set(plays) & set(roles):
                raise UsageError(
                    f"{spec.label} plays {' and '.join(plays)}, and here it takes {' or '.join(sorted(roles))}; "
                    "leave it out, or choose its layers with --layers"
                )
        return Wanted(tuple(specs), manifests)
    fitting = _fitting(manifests, roles)
    left_out = {
        name: f"{reason}; {manifest.hint}" if manifest.hint else reason
        for name, manifest in fitting.items()
        if (reason := available(manifest)) is not None
    }
    return Wanted(tuple(parse_spec(name) for name in fitting if name not in left_out), fitting, left_out)


def _fitting(manifests: Mapping[str, Manifest], roles: Collection[str]) -> dict[str, Manifest]:
    return {name: manifest for name, manifest in manifests.items() if set(manifest.roles) & set(roles)}


def launches(wanted: Wanted, report: Callable[[str], None]) -> list[Launch]:
    """The command lines of all runners; what is missing is made now.

    Raises:
        ProvisionError: an implementation cannot be had.
    """
    return [provide(spec, find_manifest(spec, wanted.manifests), report) for spec in wanted.specs]
