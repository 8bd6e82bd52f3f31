"""Performing cases to see what they cover.

Every case is performed by one implementation alone, in both formats. Before every step that applies an update, the
state vector of its peer is read, which tells what the update waits for.
"""

from __future__ import annotations

import base64
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

from conformance.coverage.cells import cell
from conformance.coverage.contents import History, has_replacement, vector_cells
from conformance.coverage.usage import SURROGATE_SPLIT, case_cells, step_cells
from conformance.jsonio import dumps
from conformance.model.implementation import SPEAKS_V2
from conformance.plan.casting import Performance
from conformance.plan.program import compile_case
from conformance.plan.script import has_format, parts
from conformance.wire.lib0 import Reader, WireError
from conformance.wire.state_vector import decode_state_vector
from conformance.wire.update import decode_update

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from conformance.execute.engine import Engine
    from conformance.execute.session import Answer, Outcome
    from conformance.model.implementation import Implementation
    from conformance.model.vector import Case
    from conformance.wire.model import Format, StateVector

Step = dict[str, Any]
_T = TypeVar("_T")

_PROBE = "@coverage."
_APPLIES = {"apply": "update", "sync.read": "message"}
_UPDATE_MAKERS = frozenset(("encode", "merge", "diff", "snapshot.restore"))
_UPDATE_READERS = frozenset(("apply", "merge", "diff", "update_state_vector", "snapshot.contains", "sync.update"))


@dataclass(frozen=True, slots=True)
class Coverage:
    """`cases` maps a cell to the ids of the cases that cover it, in the order of the vectors; `empty` to none.

    `performed` counts performances; `cut_short` names the cases that no implementation performed to their end.
    """

    cases: Mapping[str, tuple[str, ...]]
    performed: int
    cut_short: tuple[str, ...]


def measure(
    engine: Engine, implementations: Sequence[Implementation], cases: Sequence[Case], known: Iterable[str]
) -> Coverage:
    """Perform all cases and say which of the `known` cells each of them covers."""
    wanted = frozenset(known)
    found: defaultdict[str, set[str]] = defaultdict(set)
    done: set[str] = set()
    performed = 0
    for case in cases:
        for name in case_cells(case):
            found[name].add(case.id)
    for outcomes in engine.run(_performances(implementations, cases)):
        for outcome in outcomes:
            case = outcome.performance.program.case
            performed += 1
            if outcome.done or case.verdict == "invalid":
                done.add(case.id)
            for name in _Reading(outcome).cells():
                found[name].add(case.id)
    order = {case.id: place for place, case in enumerate(cases)}
    listed = {name: tuple(sorted(found[name], key=order.__getitem__)) for name in found if name in wanted}
    return Coverage(listed, performed, tuple(case.id for case in cases if case.id not in done))


def _performances(implementations: Sequence[Implementation], cases: Sequence[Case]) -> Iterator[Performance]:
    for case in cases:
        pattern = (0,) * len(parts(case))
        for update_format in ("v1", "v2") if has_format(case) else ("v1",):
            program = compile_case(case, pattern, update_format)
            probed = replace(case, steps=tuple(_probed(program.steps)), expect={})
            # The steps have their format and their finale by now.
            watched = replace(compile_case(probed, pattern, "v1", with_finale=False), format=update_format)
            for player, implementation in enumerate(implementations):
                if update_format == "v1" or implementation.hello.features >= SPEAKS_V2:
                    yield Performance(watched, (player,) * len(pattern), (player,))


def _probed(steps: Iterable[Step]) -> Iterator[Step]:
    for place, step in enumerate(steps):
        if step["op"] in _APPLIES:
            within = {"doc": step["doc"]} if "doc" in step else {}
            yield {"op": "state_vector", "peer": step["peer"], **within, "as": f"{_PROBE}{place}"}
        yield step


class _Reading:
    """The cells of one performance, read from its steps and answers in their order."""

    def __init__(self, outcome: Outcome) -> None:
        program = outcome.performance.program
        self._case = program.case
        self._steps = list(zip(program.steps, outcome.answers, strict=True))
        self._slots: dict[str, str] = {}
        self._history = History()
        self._have: StateVector | None = None
        self._gives_replacement = "\ufffd" in dumps(self._case.steps).decode()

    def cells(self) -> Iterator[str]:
        for step, answer in self._steps:
            if answer is None or "unsupported" in answer:
                continue
            if str(step.get("as", "")).startswith(_PROBE):
                self._have = _decoded(decode_state_vector, answer.get("ok"))
                continue
            if not step["peer"].startswith("@") and not str(step.get("as", "")).startswith("@"):
                yield from step_cells(self._case, step)
            # What is refused says nothing of what can be read.
            if "ok" in answer and self._case.verdict != "invalid":
                yield from self._bytes_cells(step, answer)

    def _bytes_cells(self, step: Step, answer: Answer) -> Iterator[str]:
        op, update_format = step["op"], cast("Format", step.get("format", "v1"))
        if "since" in step:
            yield from self._vector_cells(step["since"], "given")
        for operand in [step[key] for key in ("update",) if key in step] + list(step.get("updates", ())):
            if op in _UPDATE_READERS:
                have = self._have if op in _APPLIES else None
                yield from self._update_cells(operand, update_format, have)
            elif op == "convert":
                yield from self._update_cells(operand, cast("Format", step["from"]), None)
        if op == "sync.read":
            yield from self._message_cells(self._bytes(step["message"]), self._have)
        observed = answer["ok"]
        if not isinstance(observed, str):
            return
        if "as" in step:
            self._slots[step["as"]] = observed
        made = {"base64": observed}
        if op in _UPDATE_MAKERS or op == "transact" or "path" in step:
            yield from self._made_cells(made, update_format)
        elif op == "convert":
            yield from self._made_cells(made, cast("Format", step["to"]))
        elif op == "state_vector":
            yield from self._vector_cells(made, "document")
        elif op == "update_state_vector":
            yield from self._vector_cells(made, "update")
        elif op.startswith("sync."):
            yield from self._message_cells(observed, None)

    def _bytes(self, operand: Any) -> str | None:
        return self._slots.get(operand) if isinstance(operand, str) else operand["base64"]

    def _vector_cells(self, operand: Any, column: str) -> Iterator[str]:
        vector = _decoded(decode_state_vector, self._bytes(operand))
        if vector is not None:
            yield from vector_cells(vector, column)

    def _update_cells(self, operand: Any, update_format: Format, have: StateVector | None) -> Iterator[str]:
        update = _decoded(lambda data: decode_update(data, update_format), self._bytes(operand))
        if update is not None:
            yield from self._history.cells(update, update_format, have)

    def _made_cells(self, made: Any, update_format: Format) -> Iterator[str]:
        """Those of an update that the implementation made."""
        update = _decoded(lambda data: decode_update(data, update_format), self._bytes(made))
        if update is None:
            return
        yield from self._history.cells(update, update_format, None)
        if not self._gives_replacement and has_replacement(update):
            yield cell("feature", SURROGATE_SPLIT, "used")

    def _message_cells(self, message: str | None, have: StateVector | None) -> Iterator[str]:
        """Those of a sync message: its kind (0 to 2), then a state vector or an update (y-protocols `sync.js`)."""
        if message is None:
            return
        try:
            reader = Reader(base64.b64decode(message))
            kind, payload = reader.varuint(), reader.buffer()
        except WireError:
            return
        inner = {"base64": base64.b64encode(payload).decode()}
        if kind == 0:
            yield from self._vector_cells(inner, "given")
        else:
            yield from self._update_cells(inner, "v1", have)


def _decoded(decode: Callable[[bytes], _T], data: object) -> _T | None:
    """None for what cannot be read: there are vectors about that."""
    if not isinstance(data, str):
        return None
    try:
        return decode(base64.b64decode(data))
    except (WireError, ValueError):
        return None
