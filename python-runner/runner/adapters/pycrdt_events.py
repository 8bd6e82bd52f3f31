"""Observers of pycrdt's shared types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterator

from .events import Log, Path, Watch, key_changes, list_delta, path_before, text_delta
from .pycrdt_text import Ruler, content

if TYPE_CHECKING:
    from .pycrdt_read import Values

_TEXTS = ("text", "xmltext")
_LISTS = ("array", "xml", "element")


class Observers:
    """The observed types of one document."""

    def __init__(self, doc: Any, values: Values) -> None:
        self._values = values
        self._log = Log()
        self.take = self._log.take
        # Observers of a document are told after those of its types.
        self._subscriptions = [(doc, doc.observe(self._log.guard(lambda _event: self._log.close())))]

    def watch(self, nodes: list[Any], path: list[Any], deep: bool) -> None:
        """Observes the last of the nodes along a path, which begin with the root."""
        watch = Watch(path)
        for depth, container in enumerate(nodes[:-1], 1):
            if type(path[depth]) is int:
                self._follow(watch, depth, container)
        node = nodes[-1]
        contents = self._contents(node, deep)

        def tell(events: list[Any]) -> None:
            nonlocal contents
            self._tell(watch, events, contents)
            contents = self._contents(node, deep)

        if deep:
            self._subscriptions.append((node, node.observe_deep(self._log.guard(tell))))
        else:
            self._subscriptions.append((node, node.observe(self._log.guard(lambda event: tell([event])))))

    def close(self) -> None:
        """A subscription and its document keep each other alive until it is dropped."""
        for owner, subscription in self._subscriptions:
            if hasattr(owner, "unobserve"):
                owner.unobserve(subscription)
        self._subscriptions = []

    def _follow(self, watch: Watch, depth: int, container: Any) -> None:
        guarded = self._log.guard(lambda event: watch.shift(depth, event.delta))
        self._subscriptions.append((container, container.observe(guarded)))

    def _contents(self, node: Any, deep: bool) -> dict[Path, bytes]:
        """The texts in a type: what is deleted from one can be measured only by what it was."""
        if not deep and self._values.kind(node) not in _TEXTS:
            return {}
        return {path: content(text) for path, text in self._texts(node, ())}

    def _texts(self, node: Any, path: Path) -> Iterator[tuple[Path, Any]]:
        kind = self._values.kind(node)
        if kind in _TEXTS:
            yield path, node
        elif kind is not None:
            for key, child in self._values.children(kind, node):
                yield from self._texts(child, (*path, key))

    def _tell(self, watch: Watch, events: list[Any], contents: dict[Path, bytes]) -> None:
        values = self._values
        lists = {tuple(event.path): event.delta for event in events if values.kind(event.target) in _LISTS}
        for event in events:
            parts = getattr(event, "delta", None) or ()
            if values.kind(event.target) in _TEXTS:
                before = contents.get(path_before(tuple(event.path), lists), b"")
                delta = text_delta(parts, values.read, values.attributes, Ruler(before).units)
            else:
                delta = list_delta(parts, values.read)
            keys = key_changes(getattr(event, "keys", None) or {}, values.read, values.is_shared)
            self._log.tell(watch, event.path, delta, keys)
