"""A server of layer 5 as a process: `--options` is JSON, with `port` and `home`."""

import argparse
import json
import sys
from pathlib import Path

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--impl", required=True)
    parser.add_argument("--site", required=True)
    parser.add_argument("--options", type=json.loads, required=True)
    arguments = parser.parse_args()
    sys.path[:0] = [arguments.site, str(Path(__file__).resolve().parent)]
    from runner.scenario.servers import serve

    serve(arguments.impl, arguments.options)
