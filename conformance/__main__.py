"""`python -m conformance`: find the subcommand, import only it, and turn errors into one line and an exit code."""

from __future__ import annotations

import errno
import gc
import io
import os
import signal
import sys

COMMANDS = {
    "run": "run the vectors on implementations, alone and cast as each other's peers (the default)",
    "feed": "apply raw updates to a fresh document of every implementation and compare",
    "explain": "list what an update says, or where two differ, without any implementation",
    "list": "list vectors, or implementations with their versions and features",
    "info": "what this machine and this kit are, for a bug report",
    "smoke": "a few cases on everything this machine can provide, in seconds",
    "fuzz": "random programs whose peers are different implementations of one document",
    "doctor": "prove that the kit can fail: wrong runners must be caught",
    "timeline": "what each participant of a scenario did, sent, received and saw",
    "replay": "run failed results of a results file again, each as it was",
    "repro": "a program that shows a failing case with nothing but the library",
    "minimize": "cut a failing case or updates down to the smallest that fail, for a report",
    "scrub": "a private document that fails, with neutral content, minimised, and proof that nothing is left",
    "bisect": "find the release that broke or mended a case",
    "matrix": "cases on many releases of one implementation",
    "known": "list the known divergences, or take their signatures from results",
    "diff": "what changed between two results files",
    "report": "render a results file again, in any format",
    "vendor": "copy vectors into another project, or check such a copy",
    "vectors": "check vector files, and keep their manifest",
    "bench": "measure the kit against its CPU budgets",
}
INTERRUPTED = 130


def main(argv: list[str] | None = None) -> int:
    """Run one command; its exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    if arguments and arguments[0] in ("-h", "--help", "--version"):
        return _say_what_this_is(arguments[0])
    name = arguments.pop(0) if arguments and arguments[0] in COMMANDS else "run"
    from importlib import import_module

    from conformance.errors import ConformanceError

    signal.signal(signal.SIGTERM, _terminated)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # what a library said may hold half a surrogate pair
    try:
        command = import_module(f"conformance.cli.{name}")
        code = int(command.main(arguments))
        sys.stdout.flush()
        return code
    except ConformanceError as error:
        print(f"conformance: error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("conformance: interrupted; the results so far are kept", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        return _unread()
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        print(f"conformance: error: cannot write: {error.strerror}; free some room", file=sys.stderr)
        return ConformanceError.exit_code


def _say_what_this_is(option: str) -> int:
    from conformance.version import kit_version

    try:
        print(kit_version() if option == "--version" else _help(), flush=True)
    except BrokenPipeError:
        return _unread()
    return 0


def _unread() -> int:
    """Nobody reads the output any more, as behind `| head`; say nothing, also when the interpreter flushes it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def _terminated(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _help() -> str:
    width = max(map(len, COMMANDS))
    lines = "\n".join(f"  {name:<{width}}  {what}" for name, what in COMMANDS.items())
    return f"""usage: python -m conformance [COMMAND] [options]

Feeds the updates of one implementation of the Yjs CRDT to the others and says where they disagree.

commands:
{lines}

  python -m conformance                          everything that this machine can provide
  python -m conformance --impls yjs,ypy          these two
  python -m conformance --layers 4-7             stores, WebSocket servers, shared notebooks, a live Jupyter Server
  python -m conformance COMMAND --help           the options of a command

exit codes: 0 as expected; 1 unexpected result or stale known divergence; 2 usage or invalid vectors;
3 an implementation could not be provided; 4 nothing selected; 130 interrupted."""


def program() -> None:
    """Run one command, and end the interpreter with its exit code."""
    code = main()
    gc.freeze()  # the interpreter would look for cycles among all that is left before it ends, which takes 10 ms
    sys.exit(code)


if __name__ == "__main__":
    program()
