"""A Chromium, or a Chrome, of this machine: the kit drives one and never installs one."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from conformance.errors import ProvisionError
from conformance.model.versions import within
from conformance.provision import tools

if TYPE_CHECKING:
    from conformance.model.manifest import Manifest

VARIABLE = "CHROME"
"""Names a program that comes before all others."""
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def chromium(label: str, manifest: Manifest) -> str:
    """The program; raises ProvisionError."""
    bounds = manifest.requires["chromium"]
    found = find(bounds)
    if found is None:
        raise ProvisionError(label, _absent(bounds), manifest.hint)
    return found


def find(bounds: str) -> str | None:
    """A program whose version is within `bounds`: $CHROME alone when it is set, else the first on PATH."""
    chosen = os.environ.get(VARIABLE)
    for name in (chosen,) if chosen else NAMES:
        program = tools.which(name)
        if program is not None and _fits(program, bounds):
            return program
    return None


def lacking(bounds: str) -> str | None:
    """Why there is none within `bounds`, or None."""
    return None if find(bounds) else _absent(bounds)


def _fits(program: str, bounds: str) -> bool:
    said = tools.remembered(program, lambda path: tools.answer([path, "--version"]))
    version = re.search(r"\d+(?:\.\d+)+", said or "")
    return version is not None and within(version[0], bounds)


def _absent(bounds: str) -> str:
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return f"{VARIABLE} names {chosen!r}, which is no Chromium {bounds}"
    return f"it needs Chromium {bounds}, and none is on PATH: {', '.join(NAMES)}"
