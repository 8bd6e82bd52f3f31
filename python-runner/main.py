"""Entry point: the protocol on standard input and output, or, given paths, vectors played alone."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from runner.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
