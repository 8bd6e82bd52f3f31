"""Draws docs/matrix.svg from a results file: python docs/matrix.py RESULTS.ndjson 'the command that was run'.

The picture is what `python -m conformance report` prints on a terminal, without the list of failures.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

WIDTH = 84  # columns


def printed(results: str) -> list[Text]:
    """The report's lines up to the matrix's legend, and its last one."""
    argv = [sys.executable, "-m", "conformance", "report", results]
    env = {**os.environ, "FORCE_COLOR": "1"}
    out = subprocess.run(argv, env=env, check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout
    lines = [Text.from_ansi(line.rstrip()) for line in out.rstrip().splitlines()]
    legend = next(number for number, line in enumerate(lines) if line.plain.startswith("passed,"))
    return [*lines[: legend + 1], Text(), lines[-1]]


def main(results: str, command: str) -> None:
    console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True, highlight=False)
    console.print(Text(f"$ {command}", "bold"))
    for line in printed(results):
        line.rstrip()
        console.print(line)
    svg = console.export_svg(title="python -m conformance", theme=MONOKAI, unique_id="matrix")
    # Fonts are not fetched from elsewhere: what the reader has is good enough.
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    svg = svg.replace("Fira Code, monospace", "ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace")
    svg = re.sub(r"[ \t]+\n", "\n", svg)
    Path(__file__).with_name("matrix.svg").write_text(svg.rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
