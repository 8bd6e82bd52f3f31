"""Feeding: raw updates into a fresh document of every implementation, and what each makes of them.

Document `a` gets the updates in the order that is asked for, document `b` in the order in which they were given.
What `a` holds is read, then the two exchange what the other lacks, by state vector, and `a` is read again: content that
only waited for something shows itself then.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.judge.decoded import decoded_state_vector
from conformance.model.value import canonical_bytes, project
from conformance.model.vector import Case
from conformance.plan.casting import Performance
from conformance.plan.program import compile_case
from conformance.wire.lib0 import WireError
from conformance.wire.roots import root_kinds
from conformance.wire.update import decode_update

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from conformance.execute.engine import Engine
    from conformance.execute.session import Outcome
    from conformance.model.implementation import Implementation

_CLIENTS = {"a": 1000000001, "b": 1000000002}


@dataclass(frozen=True, slots=True)
class Fed:
    """What one implementation made of the updates.

    Attributes:
        outcome: ok, error (refused or unsupported), crash or timeout.
        state, resynced_state: root name -> typed value, before and after the exchange; None when it was not reached.
        state_vector, resynced_state_vector: client id (as text) -> next clock.
        update: the document re-encoded whole, base64.
        pending: whether something waits for what is missing; None when the library cannot say.
    """

    impl: str
    version: str
    outcome: str
    message: str
    state: Any
    state_vector: Mapping[str, int] | None
    update: str | None
    pending: bool | None
    resynced_state: Any
    resynced_state_vector: Mapping[str, int] | None


def roots_named(updates: Iterable[bytes], update_format: str) -> dict[str, str]:
    """Root name -> kind, inferred from the contents of those updates that can be decoded."""
    decoded = []
    for update in updates:
        try:
            decoded.append(decode_update(update, "v2" if update_format == "v2" else "v1"))
        except WireError:
            continue
    return dict(root_kinds(decoded))


def feed(
    engine: Engine,
    implementations: Sequence[Implementation],
    updates: Sequence[bytes],
    order: Sequence[int],
    roots: Mapping[str, str],
    update_format: str,
) -> Iterator[Fed]:
    """Feed the updates to every implementation; results come as they are ready.

    Args:
        order: places in `updates`, from 0, in which document `a` gets them.
    """
    performances = [
        Performance(_program(implementation, updates, order, roots, update_format), (player,), (player,))
        for player, implementation in enumerate(implementations)
    ]
    for outcomes in engine.run(iter(performances)):
        for outcome in outcomes:
            yield _fed(implementations[outcome.performance.players[0]], outcome)


def _program(
    implementation: Implementation,
    updates: Sequence[bytes],
    order: Sequence[int],
    roots: Mapping[str, str],
    update_format: str,
) -> Any:
    case = Case(
        id="feed/updates",
        title="",
        reason="",
        level="informational",
        verdict="invalid",
        flags=(),
        links=(),
        roots=roots,
        peers={name: {"client": client} for name, client in _CLIENTS.items()},
        steps=tuple(_steps(implementation, updates, order, update_format)),
        expect={},
        file=Path(),
    )
    return compile_case(case, (0, 0), "v1", with_finale=False)


def _steps(
    implementation: Implementation, updates: Sequence[bytes], order: Sequence[int], update_format: str
) -> Iterator[dict[str, Any]]:
    def apply(peer: str, place: int) -> dict[str, Any]:
        data = base64.b64encode(updates[place]).decode()
        return {"op": "apply", "peer": peer, "update": {"base64": data}, "format": update_format}

    yield from (apply("a", place) for place in order)
    yield {"op": "state", "peer": "a", "as": "state"}
    yield {"op": "state_vector", "peer": "a", "as": "state_vector"}
    yield {"op": "encode", "peer": "a", "as": "update", "format": update_format}
    if "pending" in implementation.hello.features:
        yield {"op": "pending", "peer": "a", "as": "pending"}
    yield from (apply("b", place) for place in range(len(updates)))
    for sender, receiver in (("b", "a"), ("a", "b")):
        since, missing = f"since.{receiver}", f"missing.{receiver}"
        yield {"op": "state_vector", "peer": receiver, "as": since}
        yield {"op": "encode", "peer": sender, "since": since, "as": missing, "format": update_format}
        yield {"op": "apply", "peer": receiver, "update": missing, "format": update_format}
    yield {"op": "state", "peer": "a", "as": "resynced_state"}
    yield {"op": "state_vector", "peer": "a", "as": "resynced_state_vector"}


def _fed(implementation: Implementation, outcome: Outcome) -> Fed:
    steps = outcome.performance.program.steps
    seen = {
        step["as"]: answer["ok"]
        for step, answer in zip(steps, outcome.answers, strict=True)
        if answer is not None and "ok" in answer and "as" in step
    }
    name, message = _outcome(outcome)
    return Fed(
        impl=implementation.label,
        version=implementation.hello.version,
        outcome=name,
        message=message,
        state=seen.get("state"),
        state_vector=decoded_state_vector(seen.get("state_vector")),
        update=seen.get("update"),
        pending=seen.get("pending"),
        resynced_state=seen.get("resynced_state"),
        resynced_state_vector=decoded_state_vector(seen.get("resynced_state_vector")),
    )


def _outcome(outcome: Outcome) -> tuple[str, str]:
    if outcome.fault is not None:
        kind = "timeout" if outcome.fault.kind == "timeout" else "crash"
        stderr = outcome.fault.stderr.splitlines()[-1:] if outcome.fault.stderr else []
        return kind, ": ".join([outcome.fault.message, *stderr])
    for answer in outcome.answers:
        if answer is not None and "unsupported" in answer:
            return "error", f"unsupported: {answer['unsupported']}"
        if answer is not None and "error" in answer:
            kind = "crash" if answer["error"]["kind"] == "panic" else "error"
            return kind, answer["error"]["message"]
    return "ok", ""


def clusters(fed: Sequence[Fed], lossy: Mapping[str, tuple[str, ...]]) -> list[list[Fed]]:
    """Group what is the same. An implementation that cannot see a distinction joins a group that it cannot tell apart.

    Args:
        lossy: implementation -> the distinctions that its library cannot report.
    """
    groups: list[list[Fed]] = []
    for item in sorted(fed, key=lambda item: len(lossy[item.impl])):
        for group in groups:
            if _agree(group[0], item, lossy[item.impl]):
                group.append(item)
                break
        else:
            groups.append([item])
    return sorted(groups, key=len, reverse=True)


def _agree(exact: Fed, other: Fed, lossy: tuple[str, ...]) -> bool:
    def same(a: Any, b: Any) -> bool:
        if a is None or b is None:
            return a is b
        return canonical_bytes(project(a, lossy)) == canonical_bytes(project(b, lossy))

    return (
        exact.outcome == other.outcome
        and exact.state_vector == other.state_vector
        and exact.resynced_state_vector == other.resynced_state_vector
        and same(exact.state, other.state)
        and same(exact.resynced_state, other.resynced_state)
    )
