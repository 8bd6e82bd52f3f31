"""Makes a corpus file of packages: `python -m conformance.corpus.compile FILE [npm:]PACKAGE==VERSION...`

Each package's wheel, or tarball where npm has it, is downloaded, and its notebooks are listed: files named .ipynb that
are notebooks of format 4, one of those with the same content. A file of it that is no notebook, or one of another
format, is left out.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.corpus import tarball
from conformance.corpus.value import read_value

if TYPE_CHECKING:
    from collections.abc import Iterator


def main(arguments: list[str]) -> int:
    """Write FILE; its packages are in the order in which they are given."""
    file, *packages = arguments
    seen: set[str] = set()
    made = [_package(package, seen) for package in packages]
    text = {
        "title": "Notebooks of format 4 in packages of PyPI and npm",
        "packages": [package for package in made if package["files"]],
    }
    Path(file).write_text(json.dumps(text, indent=1) + "\n", encoding="utf-8")
    print(f"{file}: {sum(len(package['files']) for package in made)} notebooks of {len(packages)} packages")
    return 0


def _package(wanted: str, seen: set[str]) -> dict[str, Any]:
    registry = "npm" if wanted.startswith("npm:") else "pypi"
    name, _, version = wanted.removeprefix("npm:").partition("==")
    with tempfile.TemporaryDirectory() as folder:
        if registry == "npm":
            argv = ["npm", "pack", "--silent", f"{name}@{version}"]
        else:
            argv = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", wanted]
        subprocess.run(argv, cwd=folder, check=True)
        (archive,) = Path(folder).iterdir()
        content = tarball.files(archive, name) if registry == "npm" else _files(archive)
        files = dict(_notebooks(content, seen))
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    return {"registry": registry, "name": name, "version": version, "sha256": digest, "files": files}


def _files(wheel: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(wheel) as archive:
        for path in sorted(archive.namelist()):
            # What a wheel holds beside its packages is installed elsewhere.
            if ".data/" not in path:
                yield path, archive.read(path)


def _notebooks(files: Iterator[tuple[str, bytes]], seen: set[str]) -> Iterator[tuple[str, str]]:
    for path, content in files:
        digest = hashlib.sha256(content).hexdigest()
        if path.endswith(".ipynb") and digest not in seen and _is_notebook(content):
            seen.add(digest)
            yield path, digest


def _is_notebook(content: bytes) -> bool:
    try:
        value = read_value(content.decode())
    except ValueError:
        return False
    return isinstance(value, dict) and value.get("nbformat") == 4 and isinstance(value.get("cells"), list)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
