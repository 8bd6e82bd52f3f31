"""The cache of what was provided, in a folder of its own."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.provision.support import provided, refused

if TYPE_CHECKING:
    import pytest


class TestCache:
    def test_two_processes_at_once_both_succeed(self, tmp_path: Path) -> None:
        program = (
            "from conformance.model.manifest import load_manifests; from conformance.model.spec import parse_spec\n"
            "from conformance.provision import provide; from conformance.resources import data_root\n"
            "print(provide(parse_spec('ywasm@0.18.3'), load_manifests(data_root())['ywasm'], lambda line: None))"
        )
        env = {**os.environ, "YJS_CONFORMANCE_CACHE": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])}
        both = [
            subprocess.Popen([sys.executable, "-c", program], env=env, stdout=subprocess.PIPE, text=True)
            for _ in range(2)
        ]
        assert len({process.communicate()[0] for process in both}) == 1
        assert [process.returncode for process in both] == [0, 0]
        assert len([path for path in (tmp_path / "envs").iterdir() if path.is_dir()]) == 1

    def test_a_failed_attempt_leaves_no_environment(self, cache: Path) -> None:
        refused("yjs@13.5.998")
        assert not list((cache / "envs").glob("*13.5.998*/"))
        assert not list((cache / "envs").glob(".new-*"))

    def test_a_cache_that_cannot_be_written(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "file").write_text("", encoding="utf-8")
        monkeypatch.setenv("YJS_CONFORMANCE_CACHE", str(tmp_path / "file"))
        error = refused("pycrdt")
        assert "YJS_CONFORMANCE_CACHE" in error.mend

    def test_a_full_disk(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(*_: object, **__: object) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setenv("YJS_CONFORMANCE_CACHE", str(tmp_path))
        monkeypatch.setattr(Path, "mkdir", full)
        assert refused("yjs").mend.startswith("free some disk space")

    def test_what_is_provided_needs_no_subprocess(self, monkeypatch: pytest.MonkeyPatch) -> None:
        texts = ("yjs", "yjs@13.5.0", "pycrdt", "ypy")
        launches = [provided(text)[0] for text in texts]
        monkeypatch.setattr(subprocess, "Popen", None)
        assert [provided(text)[0] for text in texts] == launches
