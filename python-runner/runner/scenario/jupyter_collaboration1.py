"""jupyter-collaboration 1, on y-py: the last that needs no pycrdt."""

from __future__ import annotations

from . import jupyter


def load() -> jupyter.Jupyter:
    return jupyter.load("jupyter-collaboration1")
