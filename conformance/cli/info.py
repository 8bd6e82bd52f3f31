"""`info`: what this machine and this kit are, to be pasted into a bug report."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from conformance.cli import options

if TYPE_CHECKING:
    from pathlib import Path

_TOOLS = {
    "node": ("node", "--version"),
    "npm": ("npm", "--version"),
    "cargo": ("cargo", "--version"),
    "rustc": ("rustc", "--version"),
    "go": ("go", "version"),
    "uv": ("uv", "--version"),
    "pip": (sys.executable, "-m", "pip", "--version"),
}


def main(argv: list[str]) -> int:
    """Print it, as aligned lines or as JSON. Nothing is installed or changed."""
    from conformance.jsonio import dumps

    parser = options.parser("info", "What this machine and this kit are, for a bug report.")
    parser.add_argument("--json", action="store_true", help="one object")
    arguments = parser.parse_args(argv)
    found = collect()
    if arguments.json:
        print(dumps(found).decode())
        return 0
    for title, value in found.items():
        if not isinstance(value, dict):
            print(f"{title:<16} {value}")
            continue
        print(title)
        for name, text in value.items():
            print(f"  {name:<14} {text}")
    return 0


def collect() -> dict[str, Any]:
    """Title -> a text, or a table of texts."""
    import platform

    from conformance.version import kit_version

    return {
        "kit": kit_version(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.release()}, {platform.machine()}, {os.cpu_count()} cores",
        "tools": {
            **{name: _tool(argv) for name, argv in _TOOLS.items()},
            "chromium": _chromium(),
            "toxiproxy": _toxiproxy(),
        },
        "vectors": _vectors(),
        "scenarios": _scenarios(),
        "cache": _cache(),
        "implementations": _implementations(),
    }


def _tool(argv: tuple[str, ...]) -> str:
    """The first line that a program says of itself, without the folder that pip adds."""
    from conformance.provision.tools import answer, which

    program = which(argv[0])
    if program is None:
        return "not found"
    said = answer([program, *argv[1:]])
    return said.splitlines()[0].partition(" from ")[0] if said else "does not answer"


def _chromium() -> str:
    from conformance.provision.chromium import find
    from conformance.provision.tools import answer

    program = find("")
    return (answer([program, "--version"]) or "does not answer") if program else "not found"


def _toxiproxy() -> str:
    from conformance.provision.tools import answer
    from conformance.provision.toxiproxy import find

    program = find()
    return (answer([program, "--version"]) or "does not answer").split()[-1] if program else "not found"


def _vectors() -> str:
    from conformance.errors import UsageError
    from conformance.model.vector import load_cases
    from conformance.resources import data_root
    from conformance.run import digest_of

    try:
        cases = load_cases([data_root() / "vectors"])
    except UsageError as error:
        return f"invalid: {error}"
    return f"{len(cases)} cases, digest {digest_of(cases)}"


def _scenarios() -> str:
    from conformance.errors import UsageError
    from conformance.model.layers import UPPER
    from conformance.resources import data_root
    from conformance.scenario.model import FOLDER, digest_of, load_scenarios

    try:
        scenarios = load_scenarios([data_root() / "vectors" / FOLDER], tuple(UPPER))
    except UsageError as error:
        return f"invalid: {error}"
    counts = [f"{sum(scenario.layer == layer for scenario in scenarios)} {layer}" for layer in UPPER]
    return f"{', '.join(counts)}, digest {digest_of(scenarios)}"


def _cache() -> str:
    from conformance.resources import cache_root

    folder = cache_root()
    return f"{folder}, {_size(folder) >> 20} MiB" if folder.is_dir() else f"{folder}, not made yet"


def _size(folder: Path) -> int:
    """The bytes of all files below `folder`; other processes may be changing it."""
    total = 0
    for below, _, files in os.walk(folder):
        for name in files:
            try:
                total += os.lstat(os.path.join(below, name)).st_size  # noqa: PTH118 - many files
            except FileNotFoundError:
                continue
    return total


def _implementations() -> dict[str, str]:
    from conformance.model.manifest import load_manifests
    from conformance.provision import available
    from conformance.resources import data_root

    reasons = {name: (manifest.version, available(manifest)) for name, manifest in load_manifests(data_root()).items()}
    return {
        name: f"{version}, {'available' if reason is None else f'left out: {reason}'}"
        for name, (version, reason) in reasons.items()
    }
