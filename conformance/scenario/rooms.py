"""The address of a room, as the provider of y-websocket makes it: the server's, a slash, and the name as it is.

What cannot stand in a path is escaped as browsers do. Source: https://url.spec.whatwg.org/#path-percent-encode-set
"""

from __future__ import annotations

from urllib.parse import quote

_AS_IT_IS = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"<>^`{}')


def address(url: str, room: str) -> str:
    """The address of a room of a server at `url`, which begins with http."""
    return f"{url.replace('http', 'ws', 1)}/{quote(room, safe=_AS_IT_IS)}"
