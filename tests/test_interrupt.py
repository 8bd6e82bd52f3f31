"""Runs that are cut short: by Ctrl-C, by a signal, by force. What was performed stays, and the run can go on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from conformance.interrupts import undisturbed
from tests.support import MINIATURE, Results, command, conformance, read, real

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Enough for a run of seconds, so that a signal meets it at work.
WHAT = ("--impls", "pycrdt,yjs", "--filter", "[m-u]*/*", "--seed", "1", "--format", "ndjson")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """The run when nothing comes in between."""
    path = tmp_path_factory.mktemp("whole") / "results.ndjson"
    said = conformance(*WHAT, "--results", path)
    assert said.code == 0, said.err
    return read(path)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Where tests are a background job of a shell, SIGINT is ignored."""
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, handler)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_waits_until_what_is_written_is_counted() -> None:
    written: list[str] = []
    counted: list[str] = []
    with pytest.raises(KeyboardInterrupt), undisturbed():
        written.append("result")
        signal.raise_signal(signal.SIGINT)
        counted.append("result")
    assert written == counted
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def start(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(*arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A shell starts its background jobs with SIGINT ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def lines_in(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def runners_of(coordinator: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(coordinator.pid).children(recursive=True)


def interrupt(path: Path, number: signal.Signals, *arguments: object) -> tuple[int, str]:
    """Start a run, send a signal once some results are written, and see that no process is left."""
    coordinator = start(*arguments, "--results", path)
    while lines_in(path) < 20:
        assert coordinator.poll() is None
        time.sleep(0.002)
    runners = runners_of(coordinator)
    assert runners
    coordinator.send_signal(number)
    _, err = coordinator.communicate(timeout=20)
    _, alive = psutil.wait_procs(runners, timeout=5)
    assert not alive
    return coordinator.returncode, err


def assert_resumed(path: Path, whole: Results) -> None:
    said = conformance(*WHAT, "--resume", path)
    results = read(path)
    assert sorted(results.keys) == sorted(whole.keys)
    assert results.end["complete"]
    assert results.end["counts"] == whole.end["counts"]
    assert results.end["stale"] == whole.end["stale"]
    assert said.code == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_keeps_its_results_and_can_go_on(
    tmp_path: Path, whole: Results, number: signal.Signals
) -> None:
    path = tmp_path / "results.ndjson"
    code, err = interrupt(path, number, *WHAT)
    assert code == 130
    assert err.splitlines()[-1] == "conformance: interrupted; the results so far are kept"
    assert "Traceback" not in err

    cut = read(path)
    assert cut.end["complete"] is False
    assert 0 < len(cut.all) < len(whole.all)
    assert len(cut.all) == sum(cut.end["counts"].values())
    assert_resumed(path, whole)


def test_a_killed_run_leaves_no_runner_and_can_go_on_from_half_a_line(tmp_path: Path, whole: Results) -> None:
    path = tmp_path / "results.ndjson"
    code, _ = interrupt(path, signal.SIGKILL, *WHAT)
    assert code == -signal.SIGKILL
    with path.open("rb+") as file:
        file.truncate(path.stat().st_size - 5)
    assert_resumed(path, whole)


def test_a_runner_that_hangs_does_not_outlive_an_interrupted_run(tmp_path: Path) -> None:
    runner = real("pycrdt")
    manifest = tmp_path / "hangs.toml"
    argv = [sys.executable, str(MINIATURE), "hangs", *runner.argv]
    env = "".join(f'{key} = "{value}"\n' for key, value in runner.env.items())
    manifest.write_text(
        'name = "hangs"\ntitle = "Hangs"\nhomepage = "https://example.org"\nlanguage = "python"\n'
        f'provider = "command"\nargv = {argv}\n[env]\n{env}'
    )
    path = tmp_path / "results.ndjson"
    what = ("--runner", manifest, "--impls", "hangs,yjs", "--filter", "text/*", "--timeout", 60)
    code, _ = interrupt(path, signal.SIGINT, *what)
    assert code == 130
    assert read(path).end["complete"] is False


def test_only_the_run_that_was_cut_short_can_go_on(tmp_path: Path) -> None:
    path = tmp_path / "results.ndjson"
    assert conformance("--impls", "pycrdt", "--filter", "text/insert-*", "--results", path).code == 0
    before = path.read_bytes()

    for other, says in {
        ("--impls", "yjs", "--filter", "text/insert-*"): "the results to resume are of pycrdt; add --impls pycrdt",
        ("--impls", "pycrdt", "--filter", "text/*"): "of other cases or castings; run with: ",
        ("--impls", "pycrdt", "--filter", "text/insert-*", "--castings", "solo"): "of other cases or castings",
    }.items():
        said = conformance(*other, "--resume", path)
        assert said.code == 2
        assert says in said.err and len(said.err.splitlines()) == 1
        assert path.read_bytes() == before

    renamed = before.replace(b'"name":"pycrdt","version":"', b'"name":"pycrdt","version":"0.0.')
    path.write_bytes(renamed)
    said = conformance("--impls", "pycrdt", "--filter", "text/insert-*", "--resume", path)
    assert said.code == 2
    assert "the results to resume are of pycrdt 0.0." in said.err
    assert path.read_bytes() == renamed


def test_a_complete_run_that_is_resumed_performs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "results.ndjson"
    what = ("--impls", "pycrdt", "--filter", "text/insert-*")
    assert conformance(*what, "--results", path).code == 0
    before = read(path)
    assert conformance(*what, "--resume", path).code == 0
    after = read(path)
    assert after.all == before.all
    assert after.end["counts"] == before.end["counts"]


def test_an_interrupted_run_of_scenarios_leaves_no_process_and_no_folder(tmp_path: Path) -> None:
    """SIGTERM while servers and clients are at work: the results so far stay, all else goes."""
    results = tmp_path / "results.ndjson"
    wanted = ("--layers", "websocket", "--impls", "pycrdt-websocket,yjs,pycrdt", "--filter", "websocket/first-sync")
    process = subprocess.Popen(
        command(*wanted, "--results", results),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    deadline = time.monotonic() + 120
    while not (results.is_file() and results.read_bytes().count(b"\n") > 1) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.terminate()
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert said.splitlines()[-1] == "conformance: interrupted; the results so far are kept", said
    assert json.loads(results.read_bytes().splitlines()[-1])["complete"] is False
    assert not list(tmp_path.glob("yjs-conformance-*"))
    assert not [each for each in psutil.process_iter() if str(tmp_path) in " ".join(_words(each))]


def _words(process: psutil.Process) -> list[str]:
    try:
        return [*process.cmdline(), process.environ().get("TMPDIR", "")]
    except psutil.Error:
        return []
