"""A real library made wrong in one way: what the oracles of the layers below the stores must notice.

python library.py FAULT RUNNER-COMMAND...
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.miniatures import answers, processes, programs

FAULTS = answers.FAULTS | processes.FAULTS
BLAMELESS = processes.BLAMELESS
BY_CHANCE = programs.BY_CHANCE
BESIDE_SOUND = programs.BESIDE_SOUND

if __name__ == "__main__":
    makers = BLAMELESS | BESIDE_SOUND | {name: row[0] for name, row in (FAULTS | BY_CHANCE).items()}
    makers[sys.argv[1]](sys.argv[2:]).serve()
