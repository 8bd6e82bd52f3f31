"""`diff`: two results files, and what changed from one to the other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from conformance.cli import options

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.report.compare import Change, Comparison, Pairing

NOT_WORSE, WORSE = 0, 1
_MOST = 30  # lines of a kind; --json has all
_TITLES = {
    "broken": "broken",
    "fixed": "fixed",
    "changed": "changed",
}


def main(argv: list[str]) -> int:
    """Compare, and say what got worse."""
    from conformance.jsonio import dumps
    from conformance.report.compare import as_json, compare

    parser = options.parser(
        "diff",
        "What changed between two results files. Exit code 0 when nothing got worse, 1 when something did. "
        "An implementation is found again by its name when only its version changed.",
    )
    parser.add_argument("old", type=Path, metavar="OLD.ndjson")
    parser.add_argument("new", type=Path, metavar="NEW.ndjson")
    parser.add_argument("--json", action="store_true", help="one object with every change")
    arguments = parser.parse_args(argv)
    comparison = compare(arguments.old, arguments.new)
    if arguments.json:
        print(dumps(as_json(comparison)).decode())
    else:
        print("\n".join(_lines(comparison)))
    return WORSE if comparison.is_worse else NOT_WORSE


def _lines(comparison: Comparison) -> Iterator[str]:
    for pairing in comparison.pairings:
        yield _implementation(pairing)
    yield from _cases("new", comparison.new_cases - comparison.old_cases)
    yield from _cases("gone", comparison.old_cases - comparison.new_cases)
    for kind, title in _TITLES.items():
        yield from _group(title, comparison.of_kind(kind))
    yield ""
    if comparison.cut_short:
        yield "the newer run was cut short: what it lacks cannot be compared"
    yield _conclusion(comparison)


def _implementation(pairing: Pairing) -> str:
    old, new = pairing.old, pairing.new
    if old is None or new is None:
        one, what = (old, "gone") if old else (new, "new")
        assert one is not None
        return f"{one['label']} {one['version']}: {what}"
    label = new["label"] if new["label"] == old["label"] else f"{old['label']} -> {new['label']}"
    version = new["version"] if new["version"] == old["version"] else f"{old['version']} -> {new['version']}"
    return f"{label}: {version}"


def _cases(what: str, ids: frozenset[str]) -> Iterator[str]:
    if ids:
        yield f"\n{what} cases ({len(ids)})"
        yield from _some([f"  {case}" for case in sorted(ids)])


def _group(title: str, changes: Sequence[Change]) -> Iterator[str]:
    if not changes:
        return
    yield f"\n{title} ({len(changes)})"
    lines: dict[tuple[str, str], list[str]] = {}
    for change in changes:
        cast = " -> ".join(dict.fromkeys(change.cast))
        lines.setdefault((change.case, _what(change)), []).append(f"{cast} {change.format}")
    yield from _some([f"  {case}: {what}: {', '.join(castings)}" for (case, what), castings in lines.items()])


def _what(change: Change) -> str:
    old, new = change.old, change.new
    assert old is not None and new is not None
    mark = "" if change.worse or change.kind == "fixed" else ", no loss"
    signatures = [text for text in (old.signature, new.signature) if text and text != old.verdict]
    shown = f" [{' -> '.join(dict.fromkeys(signatures))}]" if signatures else ""
    return f"{old} -> {new}{mark}{shown}"


def _some(lines: Sequence[str]) -> Iterator[str]:
    yield from lines[:_MOST]
    if len(lines) > _MOST:
        yield f"  and {len(lines) - _MOST} more; --json has all"


def _conclusion(comparison: Comparison) -> str:
    count = {kind: len(comparison.of_kind(kind)) for kind in ("broken", "fixed", "changed", "new", "gone")}
    return (
        f"{comparison.same} results are the same, {count['fixed']} fixed, {count['broken']} broken, "
        f"{count['changed']} changed, {count['new']} new, {count['gone']} gone: "
        f"{f'{len(comparison.worse)} got worse' if comparison.worse else 'nothing got worse'}"
    )
