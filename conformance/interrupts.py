"""Ctrl-C, and the signal that asks to end, wait for a moment that suits."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_ASKED_TO_END = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Within, nothing is interrupted; what came meanwhile comes at the end. For what takes no time."""
    if threading.current_thread() is not threading.main_thread():
        yield  # where no signal is handled
        return
    came: list[int] = []
    handlers = {number: signal.signal(number, lambda number, _: came.append(number)) for number in _ASKED_TO_END}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])
