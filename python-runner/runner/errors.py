"""How a step fails. The session turns these, and whatever the library raises, into answers."""


class Unsupported(Exception):  # noqa: N818 - an answer, not an error
    """The library, or this runner, has no way to do the step. Ends the session."""

    def __init__(self, feature: str) -> None:
        super().__init__(feature)
        self.feature = feature


class StepError(Exception):
    """The step failed. `kind` is one of the protocol's: refused, panic, slot, runner."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
