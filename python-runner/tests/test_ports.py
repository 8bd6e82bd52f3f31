"""Ports of servers: what one runner holds, no other takes, though nobody listens there yet."""

from __future__ import annotations

import random
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from runner.scenario.child import Port

if TYPE_CHECKING:
    from pathlib import Path


def test_a_port_that_is_held_is_given_to_nobody_else_until_it_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    ports = Port(), Port()
    for port in ports:
        port.free()
    first, second = (port.number for port in ports)
    drawn = iter([first, first, second, first])
    monkeypatch.setattr(random, "randrange", lambda *_: next(drawn))
    one, other = Port(), Port()
    assert (one.number, other.number) == (first, second)
    one.free()
    again = Port()
    assert again.number == first
    again.free()
    other.free()


@pytest.mark.skipif(not shutil.which("node"), reason="there is no node on PATH")
def test_runners_of_other_languages_hold_ports_in_the_same_way(tmp_path: Path) -> None:
    port = Port()
    program = tmp_path / "bind.mjs"
    program.write_text(
        "import dgram from 'node:dgram'\n"
        "const socket = dgram.createSocket('udp4')\n"
        "socket.on('error', error => { console.log(error.code); process.exit() })\n"
        f"socket.bind({port.number}, '127.0.0.1', () => {{ console.log('free'); process.exit() }})\n"
    )
    said = subprocess.run(["node", program], capture_output=True, text=True, check=True)
    port.free()
    assert said.stdout == "EADDRINUSE\n"
