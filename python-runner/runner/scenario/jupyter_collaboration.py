"""The current stack of jupyter-collaboration, on pycrdt."""

from __future__ import annotations

from . import jupyter


def load() -> jupyter.Jupyter:
    return jupyter.load("jupyter-collaboration")
