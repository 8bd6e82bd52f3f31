"""Layer 6: when notebooks are the same, and where real notebooks come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.corpus import Corpus, corpus_file, find_corpus, read_packages
from conformance.corpus.value import read_value
from conformance.errors import ProvisionError, UsageError
from conformance.scenario.notebook import differences

if TYPE_CHECKING:
    from pathlib import Path


def _notebook(cell: dict[str, Any], minor: int = 5, **others: Any) -> dict[str, Any]:
    code: dict[str, Any] = {
        "id": "c",
        "cell_type": "code",
        "metadata": {},
        "source": "x",
        "execution_count": None,
        "outputs": [],
    }
    return {"nbformat": 4, "nbformat_minor": minor, "metadata": {}, "cells": [{**code, **cell}], **others}


def _stream(text: Any) -> dict[str, Any]:
    return {"outputs": [{"output_type": "stream", "name": "stdout", "text": text}]}


def _bundle(mime: str, value: Any) -> dict[str, Any]:
    return {"outputs": [{"output_type": "display_data", "metadata": {}, "data": {mime: value}}]}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (_notebook({"source": ["a\n", "b"]}), _notebook({"source": "a\nb"})),
        (_notebook(_stream(["a\n"])), _notebook(_stream("a\n"))),
        (_notebook(_bundle("text/plain", ["a\n", "b"])), _notebook(_bundle("text/plain", "a\nb"))),
        (_notebook({"metadata": {"trusted": True}}), _notebook({})),
        (_notebook({}, metadata={"orig_nbformat": 3}), _notebook({})),
        (_notebook({"id": "c"}, 4), _notebook({"id": "d"}, 4)),
        (_notebook({"metadata": {"n": 1}}), _notebook({"metadata": {"n": 1.0}})),
    ],
)
def test_what_nbformat_says_is_equal_is_the_same_notebook(one: Any, other: Any) -> None:
    assert differences(one, other) == ()
    assert differences(other, one) == ()


@pytest.mark.parametrize(
    ("wanted", "seen", "what"),
    [
        (_notebook({"execution_count": 0}), _notebook({}), "cells/#/execution_count changed"),
        (_notebook({"id": "c"}), _notebook({"id": "d"}), "cells/#/id changed"),
        (_notebook({"attachments": {}}), _notebook({}), "cells/#/attachments lost"),
        (_notebook({}), _notebook({}, metadata={"kernelspec": {}}), "metadata/kernelspec added"),
        (_notebook({}), _notebook({}, cells=[]), "cells length"),
        (
            _notebook(_bundle("application/json", ["a", "b"])),
            _notebook(_bundle("application/json", "ab")),
            "cells/#/outputs/#/data changed",
        ),
        (_notebook({"metadata": {"a+b": 1}}), _notebook({"metadata": {"a+b": 2}}), "cells/#/metadata/a_b changed"),
    ],
)
def test_a_difference_names_its_place(wanted: Any, seen: Any, what: str) -> None:
    assert [difference.what for difference in differences(wanted, seen)] == [what]


def test_a_real_notebook_is_what_the_package_shipped(tmp_path: Path) -> None:
    corpus = find_corpus("notebooks", print)
    names = dict(corpus)
    assert len(names) == len(corpus) > 250
    for name in ("nbformat/tests/test4.ipynb", "@nteract/examples/python/altair.ipynb"):
        assert names[name]["nbformat"] == 4
    changed = Corpus("notebooks", tmp_path, corpus.packages)
    first = next(iter(corpus.packages[0].files))
    (tmp_path / first).parent.mkdir(parents=True)
    (tmp_path / first).write_text("{}")
    with pytest.raises(ProvisionError, match="was changed"):
        next(iter(changed))


def test_a_corpus_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no corpus at"):
        read_packages(corpus_file("novels"))
    (tmp_path / "broken.json").write_text("{}")
    with pytest.raises(UsageError, match="is no corpus"):
        read_packages(tmp_path / "broken.json")


def test_a_file_says_more_than_json_can() -> None:
    text = '{"a": NaN, "b": -Infinity, "c": -0.0, "d": 9007199254740993, "e": 1e400, "$f": 1, "g": 1.0}'
    assert read_value(text) == {
        "$object": {
            "a": {"$number": "NaN"},
            "b": {"$number": "-Infinity"},
            "c": {"$number": "-0"},
            "d": {"$bigint": "9007199254740993"},
            "e": {"$number": "Infinity"},
            "$f": 1,
            "g": 1.0,
        }
    }
