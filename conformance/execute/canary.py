"""An op that does not exist: a runner that says ok to it is not to be trusted with any other."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from conformance.execute.process import RunnerError

if TYPE_CHECKING:
    from conformance.execute.worker import Worker

_PEER = "@canary"


class Canary:
    """What one worker was asked. The op has a new name each time, so that none can be prepared for it."""

    def __init__(self) -> None:
        self._op = f"canary.{os.urandom(4).hex()}"

    def send(self, worker: Worker) -> None:
        step = f'{{"op":"{self._op}","peer":"{_PEER}"}}'
        session = f'{{"session":0,"roots":{{}},"peers":{{"{_PEER}":{{"client":1}}}},"steps":[{step}],"end":true}}'
        worker.send(b'{"seq":%d,"run":[%b]}\n' % (worker.next_seq, session.encode()), "canary")

    def check(self, answer: dict[str, Any]) -> None:
        """Look at the answer.

        Raises:
            RunnerError: it is not that the op is unsupported; the kind is untrusted.
        """
        try:
            said = answer["run"][0]["answers"][0]
        except (KeyError, IndexError, TypeError):
            said = answer
        if not isinstance(said, dict) or "unsupported" not in said:
            raise self._untrusted(f"said {said!r:.100}")

    def unanswered(self, fault: RunnerError) -> RunnerError:
        """What it means that the runner broke its contract over the op."""
        return self._untrusted(f"then: {fault.message}")

    def _untrusted(self, what: str) -> RunnerError:
        return RunnerError("untrusted", f"was asked for the op {self._op}, which does not exist, and {what}")
