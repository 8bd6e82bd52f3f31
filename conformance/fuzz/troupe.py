"""A troupe: the implementations that can play a profile, and the performances that seeds ask of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from conformance.errors import UsageError
from conformance.fuzz.casting import able, casts, lacking
from conformance.fuzz.finding import parted, symptom
from conformance.fuzz.generate import Generator
from conformance.fuzz.inquiry import Inquiry
from conformance.fuzz.ledger import Failed, Performed
from conformance.fuzz.written import written
from conformance.model.vector import ASKED, case_json
from conformance.plan.casting import Performance, pattern_of
from conformance.plan.program import Program, cast_script
from conformance.plan.script import parts, write_script
from conformance.report.records import GOOD, result_record

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from conformance.execute.session import Outcome
    from conformance.fuzz.inquiry import Cast
    from conformance.fuzz.profile import Profile
    from conformance.judge.judge import Judge, Verdict
    from conformance.model.implementation import Implementation
    from conformance.model.vector import Case


class NobodyCanError(UsageError):
    """No implementation has the features of a profile."""


@dataclass(frozen=True, slots=True)
class Script:
    """What is performed of each seed.

    Attributes:
        peers: the least and the greatest number of them.
        casts: in how many casts, drawn by the seed.
        cast: labels of the one cast, in place of those.
    """

    profile: Profile
    peers: tuple[int, int] = (2, 3)
    casts: int = 4
    cast: tuple[str, ...] | None = None


class Troupe:
    """One profile on some implementations: the same seed is performed in the same casts wherever that is."""

    def __init__(self, script: Script, implementations: Sequence[Implementation]) -> None:
        """Raises NobodyCanError, or UsageError when the script's cast names somebody else."""
        self.script = script
        self.implementations = tuple(implementations)
        self._generator = Generator(script.profile, script.peers)
        self.labels = [implementation.label for implementation in implementations]
        features = [implementation.hello.features for implementation in implementations]
        self.left_out = {
            label: ", ".join(lacking(script.profile, has))
            for label, has in zip(self.labels, features, strict=True)
            if lacking(script.profile, has)
        }
        self._everybody = able(script.profile, features)
        self._fixed = self._players_of(script.cast or ())
        self._players = self._fixed or self._everybody
        if not self._players:
            missing = "; ".join(f"{label} lacks {what}" for label, what in self.left_out.items())
            raise NobodyCanError(f"nobody can play the profile {script.profile.name}: {missing}")
        self.inquires = not self._fixed and len(self._everybody) > 1

    def _players_of(self, cast: Sequence[str]) -> list[int]:
        if unknown := set(cast) - set(self.labels):
            raise UsageError(f"--cast names {', '.join(sorted(unknown))}, which --impls does not")
        return [self.labels.index(label) for label in cast]

    def performances(self, seed: int) -> list[Performance]:
        """The program of a seed in its casts."""
        case = self._generator.program(seed)
        return list(_cast(case, self._chosen(seed, len(parts(case)))))

    def _chosen(self, seed: int, size: int) -> Iterable[Cast]:
        if self._fixed:
            return [tuple(self._players[part % len(self._players)] for part in range(size))]
        return casts(seed, self._players, size, self.script.casts)

    def looks_at_structs(self, cast: Cast) -> bool:
        """Whether structs, which cost more than all else, are looked at: in some casts, and in one that is named."""
        return bool(self._fixed) or sum(cast) % self.script.casts == 0

    def inquiry(self, seed: int) -> tuple[Inquiry, list[Performance]]:
        """The program of a seed by everybody alone and by all pairs."""
        case = self._generator.program(seed)
        inquiry = Inquiry(self._everybody, len(parts(case)))
        asked = list(_cast(replace(case, id=case.id + ASKED), inquiry.casts()))
        inquiry.waiting = len(asked)
        return inquiry, asked


def _cast(case: Case, chosen: Iterable[Cast]) -> Iterator[Performance]:
    script = write_script(case, "v1")
    programs: dict[tuple[int, ...], Program] = {}
    for cast in chosen:
        pattern, players = pattern_of(cast)
        if pattern not in programs:
            programs[pattern] = cast_script(script, pattern)
        yield Performance(programs[pattern], cast, players)


@dataclass(frozen=True, slots=True)
class Answered:
    """What an inquiry into the program of a seed said (inquiry.py)."""

    seed: int
    sides: Mapping[str, str]


@dataclass(slots=True)
class _Open:
    """A seed whose program is being performed."""

    performed: Performed
    size: int  # ops of the program
    left: int
    failed: dict[Cast, Failed]


class Performing:
    """From the outcomes of a troupe's performances to what its seeds and inquiries came to."""

    def __init__(self, troupe: Troupe, judge: Judge, settled: Container[str] = ()) -> None:
        """Of the ways to fail that are `settled`, nothing but their number is kept."""
        self._troupe = troupe
        self._judge = judge
        self._settled = settled
        self._open: dict[int, _Open] = {}
        self._inquiries: dict[int, Inquiry] = {}

    def begin(self, seed: int) -> list[Performance]:
        """The performances of a seed, whose outcomes are entered from now on."""
        performances = self._troupe.performances(seed)
        steps = performances[0].program.steps
        size = len(steps) + sum([len(step["steps"]) - 1 for step in steps if "steps" in step])
        self._open[seed] = _Open(Performed(seed), size, len(performances), {})
        return performances

    def inquire(self, seed: int) -> list[Performance]:
        """The performances of an inquiry, whose outcomes are entered from now on."""
        self._inquiries[seed], asked = self._troupe.inquiry(seed)
        return asked

    def enter(self, outcome: Outcome) -> Performed | Answered | None:
        """Judge an outcome; what it was the last one of."""
        case = outcome.performance.program.case
        seed = int(case.origin.rpartition("-")[2])
        structs = case.is_asked or self._troupe.looks_at_structs(outcome.performance.cast)
        verdict = self._judge.judge(outcome, structs=structs)
        if case.is_asked:
            shown = symptom(verdict, case.flags) if verdict.name not in GOOD else None
            return self._answered(seed, outcome.performance, shown)
        entry = self._open[seed]
        performed = entry.performed
        performed.performances += 1
        performed.operations += entry.size
        performed.unsupported += verdict.name == "unsupported"
        if verdict.name not in GOOD:
            entry.failed[outcome.performance.cast] = self._failed(seed, outcome, verdict)
        entry.left -= 1
        if entry.left:
            return None
        del self._open[seed]
        performed.failed = [entry.failed[cast] for cast in sorted(entry.failed)]
        return performed

    def _failed(self, seed: int, outcome: Outcome, verdict: Verdict) -> Failed:
        labels = self._troupe.labels
        read = written(outcome, verdict, labels)
        shown = symptom(verdict, outcome.performance.program.case.flags)
        bare = Failed(shown, parted(verdict, labels), None, read.told if read else "")
        if bare.way in self._settled:
            return bare
        record = {
            **result_record(outcome, verdict, labels, ()),
            "profile": self._troupe.script.profile.name,
            "seed": seed,
            "program": case_json(outcome.performance.program.case),
            **({"written": read.as_record()} if read else {}),
        }
        return replace(bare, record=record)

    def _answered(self, seed: int, performance: Performance, shown: str | None) -> Answered | None:
        inquiry = self._inquiries[seed]
        inquiry.waiting -= 1
        if shown is not None:
            inquiry.showed(shown, performance.players)
        if inquiry.waiting:
            return None
        del self._inquiries[seed]
        return Answered(seed, inquiry.sides(self._troupe.labels))
