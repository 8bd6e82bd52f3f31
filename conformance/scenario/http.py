"""A program that speaks to a server's REST interface, such as another tab's file browser."""

from __future__ import annotations

import asyncio
import http.client
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from conformance.scenario.participant import Answer, Setting, failed, ok

if TYPE_CHECKING:
    from conformance.scenario.model import Step


class Http:
    """The participant that plays the role `http`."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    async def perform(self, step: Step) -> Answer:
        """`request`: `method`, `path` and perhaps `json`, sent `to` a server; observes `status` and the `body`."""
        if step["op"] != "request":
            return failed("runner", f"http has no op {step['op']}")
        try:
            return ok(await asyncio.to_thread(_request, step, self._setting.deadline))
        except (OSError, http.client.HTTPException) as error:
            return failed("refused", f"{type(error).__name__}: {error}")

    async def close(self) -> None:
        pass


def _request(step: Step, deadline: float) -> dict[str, Any]:
    address = urlsplit(step["url"])
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=deadline)
    headers = {"Content-Type": "application/json"}
    if step.get("token"):
        headers["Authorization"] = f"token {step['token']}"
    body = json.dumps(step["json"]).encode() if "json" in step else None
    try:
        connection.request(step["method"], step["path"], body, headers)
        response = connection.getresponse()
        text = response.read().decode(errors="replace")
    finally:
        connection.close()
    try:
        return {"status": response.status, "body": json.loads(text)}
    except ValueError:
        return {"status": response.status, "body": text}
