"""What can go wrong for a user. Each error says in one line what happened, where, and what mends it."""

from __future__ import annotations


class ConformanceError(Exception):
    """Reported as one message, without a traceback; ends the program with `exit_code`."""

    exit_code = 3


class UsageError(ConformanceError):
    """The command line asks for something that does not exist."""

    exit_code = 2


class ManifestError(ConformanceError):
    """A runner's manifest is malformed: `where` names the file and the key."""

    exit_code = 2

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}")
        self.where = where
        self.what = what


class ProvisionError(ConformanceError):
    """An implementation cannot be had on this machine.

    `implementation` is the label as typed, `what` the fact, `mend` what the user can do. `detail` holds the
    last lines of the tool that failed and the path of its full log; it is empty when no tool ran.
    """

    exit_code = 3

    def __init__(self, implementation: str, what: str, mend: str, detail: str = "") -> None:
        self.implementation = implementation
        self.what = what
        self.mend = mend
        self.detail = detail
        super().__init__(f"{implementation}: {what}; {mend}" + (f"\n{detail}" if detail else ""))

    @property
    def line(self) -> str:
        """The message without `detail`: always one line."""
        return f"{self.implementation}: {self.what}; {self.mend}"
