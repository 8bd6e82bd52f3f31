"""What is right in a case, and the forms in which right answers came."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.judge.decoded import decoded_state_vector
from conformance.model.value import Value, canonical_bytes, project, quick_bytes

if TYPE_CHECKING:
    from conformance.plan.finale import Demand

_REMEMBERED_VIEWS = 64


class Right:
    """What is right in a case, in the forms in which answers that were right came: most answers are one of them.

    Its keys are ids of states and state vectors of the case, which are kept beside their forms, so that an id names
    one of them only.
    """

    __slots__ = ("_states", "_vectors")

    def __init__(self) -> None:
        self._states: dict[tuple[int, int, tuple[str, ...]], tuple[Demand, set[bytes]]] = {}
        self._vectors: dict[tuple[int, int], tuple[Demand, set[str]]] = {}

    def meets_state(self, demand: Demand, lossy: tuple[str, ...], observed: Value) -> bool:
        views = demand.expected
        key = (id(views[0]["state"]), len(views), lossy)
        if key not in self._states:
            if len(self._states) == _REMEMBERED_VIEWS:  # cases of one id, each cut down further than the one before
                self._states.clear()
            states = [project(view["state"], lossy) for view in views]
            self._states[key] = demand, {quick_bytes(state) for state in states}
        forms = self._states[key][1]
        quick = quick_bytes(observed)
        if quick in forms:
            return True
        if canonical_bytes(observed) not in {canonical_bytes(project(view["state"], lossy)) for view in views}:
            return False
        forms.add(quick)
        return True

    def meets_vector(self, demand: Demand, observed: Value) -> bool:
        """State vectors are compared decoded."""
        if not isinstance(observed, str):
            return False
        views = demand.expected
        key = (id(views[0]["state_vector"]), len(views))
        if key not in self._vectors:
            if len(self._vectors) == _REMEMBERED_VIEWS:
                self._vectors.clear()
            self._vectors[key] = demand, set()
        known = self._vectors[key][1]
        if observed in known:
            return True
        right = any(decoded_state_vector(observed) == view["state_vector"] for view in views)
        if right:
            known.add(observed)
        return right
