"""docs/divergences.md, with a page for each implementation, made of runners/known/*.toml and the recorded examples."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.divergences.examples import digest_of
from conformance.divergences.groups import NOT_FOUND, groups, threads, what_happens
from conformance.errors import UsageError
from conformance.jsonio import dumps
from conformance.repro import dialect
from conformance.repro.source import Library

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.divergences.examples import Example
    from conformance.divergences.groups import Group
    from conformance.judge.known import Divergence
    from conformance.model.manifest import Manifest
    from conformance.model.vector import Case

_LONGEST = 12_000  # characters of a program; a longer one is left to the command
_WIDEST = 300  # characters of a value
_MOST = 8  # cases that are named where there is no example
_HEAD = """\
# Known divergences

For maintainers of the implementations. This file and the pages that it leads to are made by
`python -m conformance known --document` from [runners/known](../runners/known);
[reading a result](results.md#known-divergences) says what an entry means.

Every divergence has a program that shows it with nothing but the library. It ends with exit code 1, or dies, where it
sees something else than is expected. A step that the program has no source for stands in it as a comment that begins
with `NOT TRANSLATED`. `python -m conformance repro CASE --impl NAME` makes such a program for any case. Those of the
layers 4 to 7 have a command instead: their parts are processes, and [the timeline](scenarios.md#when-it-fails) tells
what each of them did.

*Reported* names threads upstream; "not found" means that a search found none; nothing means that nobody looked.
"""

_PAGE_HEAD = """\
[All implementations](../divergences.md) says what stands here and where it comes from.
"""


@dataclass(frozen=True, slots=True)
class Sources:
    """What the document is made of."""

    known: Sequence[Divergence]
    examples: Mapping[str, Example]
    cases: Mapping[str, Case]
    manifests: Mapping[str, Manifest]


@dataclass(frozen=True, slots=True)
class Document:
    """The table of all, and for each implementation, by its name, a page with the reasons and programs."""

    table: str
    pages: Mapping[str, str]


def document(sources: Sources) -> Document:
    """The table and the pages, which stand in a folder `divergences` beside it.

    Raises:
        UsageError: an example is of a case that is gone or was corrected.
    """
    found = groups(sources.known)
    names = dict.fromkeys(group.root.implementation for group in found)
    own = {name: [group for group in found if group.root.implementation == name] for name in names}
    lines = [*_HEAD.splitlines(), ""]
    for name in names:
        lines += [f"## {_title(sources, name)}", "", *_table(sources, own[name], name), ""]
    return Document(_joined(lines), {name: _page(sources, name, own[name]) for name in names})


def _page(sources: Sources, name: str, own: Sequence[Group]) -> str:
    lines = [f"# {_title(sources, name)}", "", *_PAGE_HEAD.splitlines(), ""]
    for group in own:
        lines += _section(sources, group)
    return _joined(lines)


def _joined(lines: Sequence[str]) -> str:
    return "\n".join(lines).rstrip() + "\n"


def _title(sources: Sources, name: str) -> str:
    return sources.manifests[name].title if name in sources.manifests else name


def _table(sources: Sources, own: Sequence[Group], name: str) -> Iterator[str]:
    yield "| divergence | implementations | what happens | reported |"
    yield "| --- | --- | --- | --- |"
    for group in own:
        versions = dict.fromkeys(f"{_title(sources, m.implementation)} {_range(m.versions)}" for m in group.members)
        happens = what_happens(group.root).replace("|", "\\|")
        link = f"divergences/{name}.md#{group.root.id}"
        yield f"| [{group.root.id}]({link}) | {', '.join(versions)} | {happens} | {_reported(group)} |"


def _range(versions: str) -> str:
    return "(all)" if versions == "*" else f"`{versions}`"


def _reported(group: Group) -> str:
    links = [f"[{name}]({link})" for name, link in threads(group).items()]
    if links:
        return ", ".join(links)
    return "not found" if any(NOT_FOUND in member.reason for member in group.members) else ""


def _section(sources: Sources, group: Group) -> Iterator[str]:
    yield f"## {group.root.id}"
    yield ""
    for divergence in group.members:
        if divergence is not group.root:
            yield f"**{divergence.id}**"
            yield ""
        yield divergence.reason.strip()
        yield ""
        yield f"- {_title(sources, divergence.implementation)} {_range(divergence.versions)}{_castings(divergence)}"
        for link in divergence.links:
            yield f"- <{link}>"
        if divergence.is_of_scenarios:
            yield f"- see it: `{_command(divergence)}`"
            yield ""
            continue
        example = sources.examples.get(divergence.id)
        if example is None:
            yield f"- no example is recorded; cases: {_cases(divergence)}"
            yield ""
            continue
        yield from _example(sources, divergence, example)


def _command(divergence: Divergence) -> str:
    """What performs its scenarios; in a report for upstream the timeline takes the place of a program."""
    layers = ",".join(dict.fromkeys(case.partition("/")[0] for case in divergence.cases))
    filters = " ".join(f"--filter {shlex.quote(case)}" for case in divergence.cases if not case.startswith("!"))
    return f"python -m conformance --layers {layers} {filters}"


def _cases(divergence: Divergence) -> str:
    shown = ", ".join(f"`{case}`" for case in divergence.cases[:_MOST])
    more = len(divergence.cases) - _MOST
    return f"{shown} and {more} more" if more > 0 else shown


def _castings(divergence: Divergence) -> str:
    words = []
    if divergence.castings == "cross":
        words.append("with other implementations only")
    if divergence.deliveries == "varied":
        words.append("in varied deliveries only")
    if divergence.others:
        words.append(f"with {', '.join(divergence.others)}")
    if divergence.role != "any":
        words.append(f"as the {divergence.role}")
    if len(divergence.formats) == 1:
        words.append(f"in {divergence.formats[0]}")
    return f", {', '.join(words)}" if words else ""


def _example(sources: Sources, divergence: Divergence, example: Example) -> Iterator[str]:
    case = sources.cases.get(example.case)
    if case is None or digest_of(case) != example.digest:
        raise UsageError(
            f"runners/known/examples.json: the example of {divergence.id} is of another version of the case "
            f"{example.case}; see it again with: python -m conformance known --examples"
        )
    writer, reader = example.cast
    who = f"{writer} writes, {reader} reads" if writer != reader else f"{writer} alone"
    yield f"- example: `{case.id}` ({case.title}), {who}, {example.format}"
    if example.failure is None:
        yield f"- observed: the process of {example.answered_by or divergence.implementation} dies ({example.verdict})"
    else:
        yield f"- expected: `{_shown(example.failure['expected'])}`"
        yield f"- observed: `{_shown(example.failure['observed'])}`, answered by {example.answered_by}"
    yield ""
    for name in _players(divergence, example):
        yield from _program(sources, case, example, name)


def _players(divergence: Divergence, example: Example) -> list[str]:
    """The implementation itself, and the one that gave the wrong answer to what it had made."""
    return list(dict.fromkeys([divergence.implementation, example.answered_by or divergence.implementation]))


def _shown(value: object) -> str:
    text = dumps(value).decode().replace("`", "\\u0060")
    return text if len(text) <= _WIDEST else text[:_WIDEST] + "..."


def _program(sources: Sources, case: Case, example: Example, name: str) -> Iterator[str]:
    manifest = sources.manifests.get(name)
    if manifest is None or not manifest.repro:
        return
    part = example.part(case, name)
    if not part.steps:
        return  # all that it was given comes from the case
    translator = dialect(manifest.repro)
    library = Library(manifest.title, manifest.package, example.versions[name])
    program = translator.program(part, library)
    yield "<details>"
    yield f"<summary>{manifest.title} {library.version}, a program</summary>"
    yield ""
    if len(program) > _LONGEST:
        yield f"It is long; print it with `python -m conformance repro {case.id} --impl {name}`."
    else:
        fence = "`" * (4 if "```" in program else 3)
        yield f"{fence}{translator.fence}"
        yield from program.rstrip("\n").split("\n")
        yield fence
    yield ""
    yield "</details>"
    yield ""
