"""Specs as users type them, and the manifests that they name."""

from __future__ import annotations

import json
import re
import tomllib
from itertools import pairwise
from pathlib import Path

import jsonschema
import pytest

from conformance.errors import ManifestError, UsageError
from conformance.model.manifest import find_manifest, load_manifest, load_manifests
from conformance.model.spec import Spec, parse_range, parse_spec, parse_specs
from conformance.model.versions import order, within
from conformance.resources import data_root

ROOT = data_root()
MANIFESTS = load_manifests(ROOT)
SCHEMA = json.loads((ROOT / "vectors/schema/manifest.schema.json").read_bytes())

THIRD_PARTY = """\
name = "port"
title = "A port"
homepage = "https://example.org/port"
language = "go"
provider = "command"
argv = ["{here}/runner", "--quiet"]
"""


def test_a_name_a_version_and_a_path() -> None:
    assert parse_spec("yjs") == Spec("yjs", None, None, "yjs")
    assert parse_spec("ywasm@0.16.10") == Spec("ywasm", "0.16.10", None, "ywasm@0.16.10")
    assert parse_spec("yjs=../yjs") == Spec("yjs", None, Path.cwd() / "../yjs", "yjs=../yjs")


def test_a_path_may_contain_an_at_sign() -> None:
    assert parse_spec("yjs14=/src/@y/y").path == Path("/src/@y/y")


def test_a_list_keeps_its_order_and_allows_two_versions() -> None:
    assert [spec.label for spec in parse_specs("pycrdt, yjs,yjs@13.5.0")] == ["pycrdt", "yjs", "yjs@13.5.0"]


def test_a_range_includes_both_ends_and_all_that_begin_so() -> None:
    held = parse_range("yjs@13.4:13.5")
    assert [held.holds(version) for version in ("13.3.9", "13.4.0", "13.5.53", "13.6.0")] == [False, True, True, False]
    assert parse_range("yjs@13.5.1").holds("13.5.1") and not parse_range("yjs@13.5.1").holds("13.5.10")
    assert parse_range("yjs@:13.5").holds("13.0.0") and parse_range("yjs@13.5:").holds("13.6.0")
    assert parse_range("yjs").holds("1.0.0")
    assert parse_range("yjs14@14.0.0-rc:").holds("14.0.0-rc.7") and not parse_range("yjs14@14.0.0-rc:").holds(
        "14.0.0-16"
    )


@pytest.mark.parametrize("text", ["yjs@", "yjs@:", "yjs@latest", "yjs@13:next", "Y.js@13:14", "yjs=../yjs"])
def test_what_is_no_range(text: str) -> None:
    with pytest.raises(UsageError):
        parse_range(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is not an implementation"),
        ("yjs,", "is not an implementation"),
        ("Y.js", "is not an implementation"),
        ("yjs@", "is not an exact version"),
        ("yjs@latest", "is not an exact version"),
        ("yjs@^13", "is not an exact version"),
        ("yjs=", "no path"),
        ("yjs,ypy,yjs", "'yjs' is named twice"),
    ],
)
def test_a_malformed_spec_is_refused(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        parse_specs(text)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"'ysharp'; there are hocuspocus, .*yrs, .*--runner"):
        find_manifest(parse_spec("ysharp"), MANIFESTS)
    assert find_manifest(parse_spec("yrs"), MANIFESTS).package == "yrs"


def test_versions_of_all_indexes_are_ordered() -> None:
    ordered = [
        "0.9",
        "0.12.0a1",
        "0.12.0",
        "0.12.1",
        "13.6.33",
        "14.0.0-0",
        "14.0.0-16",
        "14.0.0-rc.7",
        "14",
        "14.0.0.post1",
    ]
    assert all(order(one) < order(next_one) for one, next_one in pairwise(ordered))
    assert order("1.0") == order("1") == order("v1.0.0")


def test_a_range_holds_when_all_its_comparators_do() -> None:
    assert within("13.6.33", ">=13.5.0,<14.0.0-0")
    assert not within("14.0.0-16", ">=13.5.0,<14.0.0-0")
    assert within("14.0.0-16", "<14")
    assert not within("3.13.0", ">=3.11,<3.13")
    assert within("1", "")
    with pytest.raises(ValueError, match="comparator"):
        within("1.0", "~=1.0")


@pytest.mark.parametrize("name", MANIFESTS)
def test_the_manifests_of_the_kit_match_the_schema(name: str) -> None:
    table = tomllib.loads((ROOT / f"runners/{name}.toml").read_text(encoding="utf-8"))
    jsonschema.validate(table, SCHEMA)


@pytest.mark.parametrize("name", [name for name, manifest in MANIFESTS.items() if manifest.version])
def test_the_pinned_version_is_supported_and_locked(name: str) -> None:
    manifest = MANIFESTS[name]
    assert within(manifest.version, manifest.supported)
    if manifest.provider == "go":
        assert manifest.source is not None
        assert f"{manifest.package} v{manifest.version}\n" in (manifest.source / "go.mod").read_text(encoding="utf-8")
        assert f"{manifest.package} v{manifest.version} h1:" in (manifest.source / "go.sum").read_text(encoding="utf-8")
        return
    assert manifest.lock is not None
    lock = manifest.lock.read_text(encoding="utf-8")
    if manifest.provider == "npm":
        assert json.loads(lock)["packages"][f"node_modules/{manifest.package}"]["version"] == manifest.version
    elif manifest.provider == "pypi":
        assert f"{manifest.package}=={manifest.version} \\\n    --hash=sha256:" in lock
    else:
        if manifest.provider == "cdylib":
            assert "--hash=sha256:" in lock
            assert manifest.source is not None
            lock = (manifest.source / "Cargo.lock").read_text(encoding="utf-8")
        assert f'name = "{manifest.package}"\nversion = "{manifest.version}"' in lock


@pytest.mark.parametrize("lock", sorted((ROOT / "runners/locks").iterdir()), ids=lambda path: path.name)
def test_python_locks_name_no_index(lock: Path) -> None:
    assert not re.search(r"://|--(extra-)?index-url|--find-links", lock.read_text(encoding="utf-8"))


def test_a_manifest_from_outside_is_read_relative_to_itself(tmp_path: Path) -> None:
    path = tmp_path / "port.toml"
    path.write_text(THIRD_PARTY + 'lock = "../x.lock"\n', encoding="utf-8")
    manifest = load_manifest(path)
    assert (manifest.name, manifest.argv) == ("port", ("{here}/runner", "--quiet"))
    assert manifest.lock == tmp_path.parent / "x.lock"
    assert not manifest.requires


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (THIRD_PARTY.replace('title = "A port"\n', ""), "the key 'title' is missing"),
        (
            THIRD_PARTY.replace('"command"', '"docker"'),
            "provider: 'docker' is none of npm, pypi, cargo, cdylib, go, command",
        ),
        (THIRD_PARTY.replace('"command"', '"npm"'), "the key 'package' is missing"),
        (THIRD_PARTY + "colour = 1\n", "colour: no such key"),
        (THIRD_PARTY.replace('["{here}/runner", "--quiet"]', '"runner"'), "argv: must be a list of strings"),
        (THIRD_PARTY + 'supported = "~=1"\n', "'~=1' is not a comparator"),
        (THIRD_PARTY + "env = { A = 1 }\n", "env: must be a table of strings"),
    ],
)
def test_loader_and_schema_refuse_the_same_mistakes(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "port.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ManifestError, match=re.escape(says)):
        load_manifest(path)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tomllib.loads(text), SCHEMA)


@pytest.mark.parametrize(
    ("text", "says"),
    [("name =", "is not TOML"), (THIRD_PARTY.replace("{here}", "{site}"), "{site} is none of the placeholders")],
)
def test_the_loader_refuses_what_a_schema_cannot_say(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "port.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ManifestError, match=says):
        load_manifest(path)


def test_a_manifest_is_named_as_its_file(tmp_path: Path) -> None:
    (tmp_path / "runners").mkdir()
    (tmp_path / "runners/other.toml").write_text(THIRD_PARTY, encoding="utf-8")
    with pytest.raises(ManifestError, match="differs from the file's name"):
        load_manifests(tmp_path)["other"]
