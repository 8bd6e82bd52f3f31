"""The clock that the stores read: `time.time` of this process, which a step can set."""

from __future__ import annotations

import time

_real = time.time


def set_clock(seconds: float | None) -> None:
    """Stops the clock at `seconds` since 1970, or lets it go on with the time that it is (None)."""
    time.time = _real if seconds is None else (lambda: float(seconds))
