"""JSON of the standard library, and, for who has much to say, of an orjson that the coordinator lends.

A library's folder holds what the library needs and nothing else, and orjson takes a while to load: so it is taken
from the folder that the environment names, and once so much has gone through that it pays.
"""

from __future__ import annotations

import json
import os
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

VARIABLE = "YJS_CONFORMANCE_ORJSON"
PAYS_AFTER = 1 << 18
"""Bytes read."""

_NAME = "_lent_orjson"
"""Not the name that a library would import."""


class Codec:
    """Reads and writes lines. The values are the same whoever does it: what orjson refuses, json gets."""

    def __init__(self) -> None:
        self._encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
        self._read = 0
        self._fast: ModuleType | None = None

    def loads(self, line: bytes) -> Any:
        if self._fast is not None:
            try:
                return self._fast.loads(line)
            except ValueError:  # a lone surrogate, or too deep
                return json.loads(line)
        self._read += len(line)
        if self._read > PAYS_AFTER:
            self._read = -sys.maxsize
            self._fast = _lent()
        return json.loads(line)

    def dumps(self, value: Any) -> bytes:
        if self._fast is not None:
            try:
                return bytes(self._fast.dumps(value))
            except TypeError:  # a lone surrogate, a large integer, or too deep
                pass
        return self._encode(value).encode("ascii")


def _lent() -> ModuleType | None:
    folder = os.environ.get(VARIABLE)
    if not folder:
        return None
    spec = spec_from_file_location(_NAME, Path(folder) / "__init__.py", submodule_search_locations=[folder])
    if spec is None or spec.loader is None:
        return None
    module = module_from_spec(spec)
    sys.modules[_NAME] = module
    try:
        spec.loader.exec_module(module)
    except (ImportError, OSError):
        return None
    return module
