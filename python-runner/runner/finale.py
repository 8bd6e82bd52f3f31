"""The steps that every case ends with: see docs/vectors.md."""

from __future__ import annotations

from typing import Any

RELAY = "@relay"
RELAY_CLIENT = 1234567890


def finale(peers: list[str], formatted: str) -> list[dict[str, Any]]:
    """The finale of a case with these peers, exchanging updates in the format `formatted`."""
    steps: list[dict[str, Any]] = []

    def look(suffix: str) -> None:
        for peer in peers:
            steps.append({"op": "state", "peer": peer, "as": f"@{peer}.state{suffix}"})
            steps.append({"op": "state_vector", "peer": peer, "as": f"@{peer}.sv{suffix}"})

    look("")
    if len(peers) > 1:
        for source in peers:
            for target in peers:
                if source != target:
                    vector = f"@{source}>{target}.since"
                    update = f"@{source}>{target}.update"
                    steps += [
                        {"op": "state_vector", "peer": target, "as": vector},
                        {"op": "encode", "peer": source, "since": vector, "as": update, "format": formatted},
                        {"op": "apply", "peer": target, "update": update, "format": formatted},
                    ]
        look("2")
    return [
        *steps,
        {"op": "encode", "peer": peers[-1], "as": "@relay.update", "format": formatted},
        {"op": "apply", "peer": RELAY, "update": "@relay.update", "format": formatted},
        {"op": "state", "peer": RELAY, "as": "@relay.state"},
        {"op": "state_vector", "peer": RELAY, "as": "@relay.sv"},
    ]


def in_format(step: dict[str, Any], formatted: str) -> dict[str, Any]:
    """The step in the run's format, unless it has one of its own or its bytes stand in the vector."""
    if "format" in step or step["op"] == "convert":
        return step
    given = [step.get("update"), step.get("snapshot"), *step.get("updates", []), *step.get("snapshots", [])]
    if any(type(item) is dict for item in given):
        return step
    return {**step, "format": formatted}
