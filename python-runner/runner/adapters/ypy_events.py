"""Observers of Ypy's shared types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .events import Log, Watch, key_changes, list_delta, text_delta

if TYPE_CHECKING:
    from .ypy_read import Values


class Observers:
    """The observed types of one document. What they are told must be read while they are told it."""

    def __init__(self, doc: Any, values: Values) -> None:
        self._values = values
        self._log = Log()
        self.take = self._log.take
        self._subscriptions: list[tuple[Any, Any]] = []
        # There is no way to end this one. It knows the log only, so it keeps no document alive.
        log = self._log
        self._ending = doc.observe_after_transaction(log.guard(lambda _event: log.close()))

    def watch(self, nodes: list[Any], path: list[Any], deep: bool) -> None:
        """Observes the last of the nodes along a path, which begin with the root."""
        watch = Watch(path)
        for depth, container in enumerate(nodes[:-1], 1):
            if type(path[depth]) is int:
                self._follow(watch, depth, container)
        node, guard = nodes[-1], self._log.guard
        if deep:
            subscription = node.observe_deep(guard(lambda events: self._tell(watch, events)))
        else:
            subscription = node.observe(guard(lambda event: self._tell(watch, [event])))
        self._subscriptions.append((node, subscription))

    def close(self) -> None:
        """Callbacks that know shared types keep their document alive."""
        for node, subscription in self._subscriptions:
            node.unobserve(subscription)
        self._subscriptions = []

    def _follow(self, watch: Watch, depth: int, container: Any) -> None:
        guarded = self._log.guard(lambda event: watch.shift(depth, event.delta))
        self._subscriptions.append((container, container.observe(guarded)))

    def _tell(self, watch: Watch, events: list[Any]) -> None:
        values = self._values
        for event in events:
            parts = getattr(event, "delta", None) or ()
            if values.is_text(event.target):
                delta = text_delta(parts, values.read, values.attributes, _same)
            else:
                delta = list_delta(parts, values.read)
            keys = key_changes(getattr(event, "keys", None) or {}, values.read, values.is_shared)
            self._log.tell(watch, event.path(), delta, keys)


def _same(length: int) -> int:
    """The documents count UTF-16 units."""
    return length
