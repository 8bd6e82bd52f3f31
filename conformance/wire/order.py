"""The order of the elements in texts, arrays and XML nodes, and what the author of an item knew.

Source: Yjs `structs/Item.js` integrate. Only what is needed to say which neighbours an item had: nothing is deleted,
keys of maps have no order, and what hangs on something that no update has is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from conformance.wire.model import ID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.wire.model import Item, Parent
    from conformance.wire.roots import Places

_Links: TypeAlias = "dict[ID, ID | None]"

_MOST = 1 << 18  # elements, each of which is kept by itself; a deleted run may claim any number of them in a few bytes


class Order:
    """All elements of a document's lists, linked."""

    def __init__(self, places: Places) -> None:
        """Raises ValueError where there are more of them than can be kept."""
        if (elements := sum(item.length for item in places.items())) > _MOST:
            raise ValueError(f"{elements} elements are too many to be put in order, one by one")
        self._places = places
        self._left: _Links = {}
        self._right: _Links = {}
        self._starts: dict[Parent, ID] = {}
        self._origins: dict[ID, tuple[ID | None, ID | None]] = {}
        self._known: dict[ID, dict[int, int]] = {}
        for item in self._causal():
            self._known[item.id] = self._known_to(item)
            parent, key = places.of(item)
            if key is None and parent is not None:
                self._place(item, parent)

    def neighbours(self, item: Item, clock: int, is_gone: Callable[[ID], bool]) -> tuple[ID | None, ID | None] | None:
        """The elements beside which the author of an item would have put it, from `clock` on, without those gone.

        None when the item has no place in a list that is known.
        """
        first = ID(item.id.client, clock)
        if first not in self._left:
            return None
        known = self._known[item.id]

        def there(id: ID) -> bool:
            seen = clock if id.client == first.client else known.get(id.client, 0)
            return id.clock < seen and not is_gone(id)

        return self._next(self._left, first, there), self._next(self._right, first, there)

    def listed(self, parent: Parent) -> Iterator[ID]:
        """The elements of a list in their order."""
        found = self._starts.get(parent)
        while found is not None:
            yield found
            found = self._right[found]

    @staticmethod
    def _next(links: _Links, id: ID, there: Callable[[ID], bool]) -> ID | None:
        found = links[id]
        while found is not None and not there(found):
            found = links[found]
        return found

    # --- what is known -----------------------------------------------------------------------------------------

    def _references(self, item: Item) -> Iterator[Item]:
        """What an item must come after."""
        before = ID(item.id.client, item.id.clock - 1)
        for id in (before, item.origin, item.right_origin, item.parent):
            if isinstance(id, ID) and (found := self._places.item_at(id)) is not None and found is not item:
                yield found

    def _causal(self) -> Iterator[Item]:
        """All items, each behind what it refers to; rings, which only bytes that were tampered with have, are cut."""
        done: set[ID] = set()
        for item in self._places.items():
            stack, path = [item], set[ID]()
            while stack:
                top = stack[-1]
                first = [other for other in self._references(top) if other.id not in done and other.id not in path]
                if top.id in done or not first:
                    stack.pop()
                    if top.id not in done:
                        done.add(top.id)
                        yield top
                else:
                    path.add(top.id)
                    stack += first

    def _known_to(self, item: Item) -> dict[int, int]:
        """Client -> clock up to which its elements were known to the author of an item, as far as it shows."""
        known: dict[int, int] = {}
        for other in self._references(item):
            for client, clock in self._known.get(other.id, {}).items():
                known[client] = max(known.get(client, 0), clock)
            client, end = other.id.client, other.id.clock + other.length
            known[client] = max(known.get(client, 0), end)
        return known

    # --- lists -------------------------------------------------------------------------------------------------

    def _place(self, item: Item, parent: Parent) -> None:
        origin, right = item.origin, item.right_origin
        if (origin is not None and origin not in self._left) or (right is not None and right not in self._left):
            return
        left = self._resolved(item, parent)
        after = self._starts.get(parent) if left is None else self._right[left]
        client, clock = item.id
        for number in range(item.length):
            unit = ID(client, clock + number)
            self._origins[unit] = (origin if number == 0 else ID(client, clock + number - 1), right)
            self._left[unit] = left
            if left is None:
                self._starts[parent] = unit
            else:
                self._right[left] = unit
            left = unit
        if left is not None and item.length:
            self._right[left] = after
            if after is not None:
                self._left[after] = left

    def _resolved(self, item: Item, parent: Parent) -> ID | None:
        """The element behind which an item comes, among those that were put at the same place."""
        left, right = item.origin, item.right_origin
        other = self._starts.get(parent) if left is None else self._right[left]
        before: set[ID] = set()
        conflicting: set[ID] = set()
        while other is not None and other != right:
            before.add(other)
            conflicting.add(other)
            origin, others_right = self._origins[other]
            if origin == item.origin:
                if other.client < item.id.client:
                    left = other
                    conflicting.clear()
                elif others_right == right:
                    break
            elif origin is not None and origin in before:
                if origin not in conflicting:
                    left = other
                    conflicting.clear()
            else:
                break
            other = self._right[other]
        return left
