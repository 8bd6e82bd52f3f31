"""Bytes that a user gives on the command line."""

from __future__ import annotations

import base64
import os
import re
from pathlib import Path

from conformance.errors import UsageError

_HEX = re.compile(r"[0-9a-fA-F]*")


def read_update(text: str) -> bytes:
    """Bytes from hexadecimal, base64, or a file that holds either, or raw bytes; `@` before a file may be left out.

    Raises:
        UsageError: it is none of these.
    """
    if text.startswith("@"):
        return _read(Path(text[1:]))
    if os.path.isfile(text):  # noqa: PTH113 - Path.is_file raises for what is too long for a name, as updates are
        return _read(Path(text))
    decoded = _decoded(text.strip())
    if decoded is None:
        raise UsageError(f"{text[:60]!r} is neither hexadecimal (an even number of digits) nor base64; nor a file")
    return decoded


def _read(file: Path) -> bytes:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from None
    decoded = _decoded(content.decode("ascii", errors="replace").strip())
    return content if decoded is None else decoded


def _decoded(text: str) -> bytes | None:
    compact = "".join(text.split()).removeprefix("0x")
    if _HEX.fullmatch(compact):
        return bytes.fromhex(compact) if len(compact) % 2 == 0 else None
    standard = compact.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        decoded = base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except ValueError:  # binascii.Error is one, and so is what is not ASCII
        return None
    # Left-over bits are zero in what an encoder made; where they are not, something was cut off or mistyped.
    return decoded if base64.b64encode(decoded).decode().rstrip("=") == standard else None
