"""What steps remember for later ones, and the values that name it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BYTES = ("update", "since", "message")
"""Keys of a step whose text is the name of a slot with bytes."""


class Slots:
    """Name -> what a step answered."""

    def __init__(self, given: Mapping[str, Any] | None = None) -> None:
        """`given` are values that name no slots."""
        self._held: dict[str, Any] = {}
        self._held |= {name: self.value(value) for name, value in (given or {}).items()}

    def keep(self, name: str, value: Any) -> None:
        self._held[name] = value

    def step(self, step: dict[str, Any]) -> dict[str, Any]:
        """A step without what it demands, whose bytes and values stand in it."""
        return {
            key: {"base64": self._held[value]} if key in BYTES and isinstance(value, str) else self.value(value)
            for key, value in step.items()
            if key not in ("expect", "until")
        }

    def value(self, value: Any) -> Any:
        """A value in which `{"$slot": name}`, or a part of it by `name.key`, is what the slot holds.

        `{"$repeat": {"text", "times"}}` is a long text.
        """
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if not isinstance(value, dict):
            return value
        if set(value) == {"$slot"}:
            return self._part(value["$slot"])
        if set(value) == {"$repeat"}:
            return value["$repeat"]["text"] * value["$repeat"]["times"]
        return {key: self.value(item) for key, item in value.items()}

    def _part(self, path: str) -> Any:
        name, *keys = path.split(".")
        found = self._held.get(name)
        for key in keys:
            if isinstance(found, list):
                found = found[int(key)] if int(key) < len(found) else None
            else:
                found = found.get(key) if isinstance(found, dict) else None
        return found


def slots_read(value: Any) -> Iterator[str]:
    """The slots that a step reads: `{"$slot": name}` anywhere (or `name.key`), and the names under BYTES.

    Those of inner steps are left out.
    """
    if isinstance(value, list):
        for item in value:
            yield from slots_read(item)
    elif isinstance(value, dict):
        if set(value) == {"$slot"}:
            yield value["$slot"].partition(".")[0]
            return
        for key, item in value.items():
            if key in BYTES and isinstance(item, str):
                yield item
            elif key != "steps":
                yield from slots_read(item)
