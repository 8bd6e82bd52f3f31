"""What the registries and this machine have."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from conformance.errors import ProvisionError
from conformance.provision import available, releases
from tests.provision.support import MANIFESTS

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", MANIFESTS)
def test_the_releases_of_the_registry(name: str) -> None:
    if MANIFESTS[name].provider in ("cargo", "cdylib") and not shutil.which("cargo"):
        pytest.skip("there is no cargo on PATH")
    try:
        found = releases(MANIFESTS[name], print)
    except ProvisionError as error:  # some proxies of Go serve a version and list none
        assert MANIFESTS[name].provider == "go"
        assert "refuses" in str(error)
        return
    assert MANIFESTS[name].version in found
    assert len(found) == len(set(found))
    assert len(found) > 1 or name == "yffi"  # of which one release fits the runner


def test_a_runner_of_ones_own_has_no_releases(tmp_path: Path) -> None:
    manifest = replace(MANIFESTS["yjs"], name="port", provider="command", argv=(str(tmp_path / "runner"),))
    with pytest.raises(ProvisionError, match="knows no releases"):
        releases(manifest, print)


@pytest.mark.parametrize("name", MANIFESTS)
def test_this_machine_can_provide(name: str) -> None:
    assert available(MANIFESTS[name]) is None
