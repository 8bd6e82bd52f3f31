"""A Toxiproxy of this machine, which the kit can use instead of its own proxy and never installs."""

from __future__ import annotations

import os

from conformance.errors import ProvisionError
from conformance.provision import tools

VARIABLE = "TOXIPROXY"
"""Names a program that comes before the one on PATH."""
NAME = "toxiproxy-server"


def find() -> str | None:
    """The program: $TOXIPROXY alone when it is set, else the one on PATH."""
    return tools.which(os.environ.get(VARIABLE) or NAME)


def toxiproxy() -> str:
    """The program; raises ProvisionError."""
    found = find()
    if found is None:
        chosen = os.environ.get(VARIABLE)
        what = f"{VARIABLE} names {chosen!r}, which is no program" if chosen else f"{NAME} is not on PATH"
        raise ProvisionError("toxiproxy", what, "install it (github.com/Shopify/toxiproxy), or leave out --proxy")
    return found
