"""The bench: releases are provided one at a time and perform the same cases, each once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from conformance.errors import ProvisionError
from conformance.model.spec import Spec
from conformance.provision import provide
from conformance.provision.engine import bundled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.model.manifest import Manifest
    from conformance.provision import Launch, Report

RELEASE = 0
"""The number of the release in a cast; others are numbered from 1."""

Cast = tuple[int, ...]
"""Who plays: of a vector the writer and the reader, of a scenario each of its roles."""


class Key(NamedTuple):
    """One performance: the case's id, who plays, and the format of updates."""

    case: str
    cast: Cast
    format: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a performance. `signature` is empty unless it failed; `detail` names a feature that is lacking."""

    verdict: str
    signature: str = ""
    detail: str = ""

    @property
    def is_use(self) -> bool:
        """Whether the release could perform it."""
        return self.verdict != "unsupported"

    @property
    def passed(self) -> bool:
        return self.verdict == "pass"


@dataclass(frozen=True, slots=True)
class Seen:
    """A release: the version of its engine if it tells, and its answers; or why it could not be provided."""

    version: str
    engine: str | None
    answers: Mapping[Key, Answer]
    skipped: str = ""

    def of(self, case: str, update_format: str) -> Answer | None:
        """The answer of the only cast in which a case was performed; None where it was not."""
        found = (answer for key, answer in self.answers.items() if (key.case, key.format) == (case, update_format))
        return next(found, None)


class Case(Protocol):
    """A vector or a scenario."""

    @property
    def id(self) -> str: ...


class Performer(Protocol):
    """What the releases perform, and with whom.

    Attributes:
        cases: all of them.
        formats: of updates, in which they are performed.
    """

    @property
    def cases(self) -> Sequence[Case]: ...

    @property
    def formats(self) -> Sequence[str]: ...

    def perform(self, spec: Spec, launch: Launch) -> Iterator[tuple[Key, Answer]]:
        """The answers of one release. Raises ProvisionError: its runner, or that of another, is no use."""

    def casting(self) -> str:
        """Who plays, in words."""

    def as_json(self) -> dict[str, Any]:
        """Who plays."""

    def others(self) -> Sequence[str]:
        """The labels of those who play beside the release."""


@dataclass(slots=True)
class Bench:
    """Releases of `manifest`; `seen` is what was tried, in the order in which it was."""

    manifest: Manifest
    manifests: Mapping[str, Manifest]
    performer: Performer
    report: Report
    seen: dict[str, Seen] = field(default_factory=dict)

    def at(self, version: str) -> Seen:
        """What a release makes of all cases; performed when it is first asked for.

        Raises:
            ProvisionError: one of the others cannot be had. A release that cannot is `skipped`.
        """
        if version not in self.seen:
            self.seen[version] = self._perform(version)
        return self.seen[version]

    def _perform(self, version: str) -> Seen:
        label = f"{self.manifest.name}@{version}"
        spec = Spec(self.manifest.name, version, None, label)
        try:
            launch = provide(spec, self.manifest, self.report)
            engine = bundled(self.manifest, launch.installed)
            answers = dict(self.performer.perform(spec, launch))
        except ProvisionError as error:
            if error.implementation != label:
                raise
            self.report(f"skipped {label}: {error.what}")
            return Seen(version, None, {}, error.what)
        self.report(f"{label}: {_summary(answers)}")
        return Seen(version, engine, answers)


def _summary(answers: Mapping[Key, Answer]) -> str:
    """`3 fail, 1 pass`, or of one performance its verdict."""
    counts: dict[str, int] = {}
    for answer in answers.values():
        counts[answer.verdict] = counts.get(answer.verdict, 0) + 1
    if len(counts) == 1:
        return next(iter(counts))
    return ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items())) or "performs none of it"
