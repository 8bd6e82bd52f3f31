"""How the tests ask for a runner, and what they ask it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from conformance.errors import ProvisionError
from conformance.model.manifest import Manifest, load_manifests
from conformance.model.spec import parse_spec
from conformance.provision import Launch, provide
from conformance.resources import data_root

MANIFESTS = load_manifests(data_root())


def provided(text: str, manifest: Manifest | None = None) -> tuple[Launch, list[str]]:
    """The launch of a spec and the lines that were reported."""
    spec = parse_spec(text)
    lines: list[str] = []
    return provide(spec, manifest or MANIFESTS[spec.name], lines.append), lines


def refused(text: str, manifest: Manifest | None = None) -> ProvisionError:
    """The error of a spec; its first line says everything."""
    with pytest.raises(ProvisionError) as caught:
        provided(text, manifest)
    assert caught.value.exit_code == 3
    assert "\n" not in caught.value.line
    assert str(caught.value).startswith(caught.value.line)
    return caught.value


def version_of(launch: Launch) -> str:
    """The version that the launched runner answers to a hello."""
    done = subprocess.run(
        launch.argv,
        input='{"seq": 0, "hello": {"protocol": 1}}\n',
        env={**os.environ, **launch.env},
        capture_output=True,
        text=True,
        check=True,
    )
    return str(json.loads(done.stdout)["hello"]["version"])


def module_of(launch: Launch) -> Path:
    return Path(launch.argv[-1])


def only_these_programs(folder: Path, *names: str) -> str:
    """A PATH of one folder, which holds these programs of the real one and no others."""
    folder.mkdir()
    for name in names:
        program = shutil.which(name)
        assert program is not None
        (folder / name).symlink_to(program)
    return str(folder)
