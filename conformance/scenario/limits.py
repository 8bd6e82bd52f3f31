"""What a participant's process is denied: a disk that is full for it alone."""

from __future__ import annotations

import sys


def limit_file_size(pid: int, size: int | None) -> bool:
    """Let a process write no file beyond `size` bytes (RLIMIT_FSIZE), or as it could before (None).

    A write beyond it fails with EFBIG, as one to a full disk fails with ENOSPC: what fits is written. CPython and
    Node.js ignore the signal that would come with it. False where the system has no way to do that: it is Linux's.
    """
    if sys.platform != "linux":
        return False
    import resource

    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard if size is None else size, hard))
    return True
