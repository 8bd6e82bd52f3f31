"""Campaigns on many machines: what they find is what one machine finds, whatever happens to workers on the way."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from distributed import Client, LocalCluster

from conformance.resources import data_root
from tests.support import command, conformance, one_line, read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Kit
    from tests.support import Record

# Ypy loses nested types in most programs: by an error, by a panic that ends its process, and silently.
WHAT = ("--impls", "ypy,yjs", "--profile", "nested", "--programs", 40)
SHARDS = ("--shard", 2)


def told(path: Path) -> list[Record]:
    """Every finding with all that it shows, in the order of the file, and the counts at the end."""
    records = read(path).records
    return [record for record in records if record["type"] == "result" or record.get("last")]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    """What one machine tells."""
    path = tmp_path_factory.mktemp("alone") / "results.ndjson"
    assert conformance("fuzz", *WHAT, "--results", path).code in (0, 1)
    *findings, last = told(path)
    assert len({record["key"] for record in findings}) > 1
    assert sum(last["kinds"].values()) == last["failed"] > len(findings)
    return [*findings, last]


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """The address of a scheduler with two workers on this machine."""
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:  # type: ignore[no-untyped-call]
        yield cluster.scheduler_address


def test_many_machines_tell_what_one_machine_tells(tmp_path: Path, alone: list[Record], scheduler: str) -> None:
    path = tmp_path / "results.ndjson"
    said = conformance("fuzz", *WHAT, *SHARDS, "--scheduler", scheduler, "--results", path)
    assert said.code in (0, 1), said.err  # 0 once all of it is known
    assert "workers: 2, shards at a time: 2" in said.err
    assert told(path) == alone


def test_an_interrupted_campaign_keeps_its_findings_and_can_go_on(
    tmp_path: Path, alone: list[Record], scheduler: str
) -> None:
    path = tmp_path / "results.ndjson"
    campaign = start("fuzz", *WHAT, *SHARDS, "--scheduler", scheduler, "--results", path)
    wait_for_findings(campaign, path)
    campaign.send_signal(signal.SIGINT)
    _, err = campaign.communicate(timeout=20)
    assert campaign.returncode == 130
    assert err.splitlines()[-1] == "conformance: interrupted; the results so far are kept"
    assert "Traceback" not in err
    *findings, last = told(path)
    assert findings == alone[: len(findings)]
    assert 1 < last["next"] < alone[-1]["next"]

    assert conformance("fuzz", *WHAT, "--scheduler", scheduler, "--resume", path).code in (0, 1)
    resumed = told(path)
    assert [record for record in resumed if record is not resumed[len(findings)]] == alone


def test_the_shards_of_a_killed_worker_are_performed_by_another(tmp_path: Path, alone: list[Record]) -> None:
    path = tmp_path / "results.ndjson"
    with cluster_of_processes(tmp_path) as client:
        address = client.scheduler.address
        campaign = start("fuzz", *WHAT, *SHARDS, "--scheduler", address, "--results", path)
        wait_for_findings(campaign, path)
        pids = client.run(os.getpid)
        busy = next(worker for worker, keys in at_work(client) if any("seeds-" in str(key) for key in keys))
        psutil.Process(pids[busy]).kill()
        _, err = campaign.communicate(timeout=60)
        assert list(client.nthreads()) == [worker for worker in pids if worker != busy]
    assert campaign.returncode in (0, 1), err
    assert told(path) == alone


def at_work(client: Any) -> Iterator[tuple[str, Any]]:
    """Workers, and the tasks that they perform, until the caller has seen enough."""
    while True:
        yield from client.processing().items()
        time.sleep(0.01)


@contextmanager
def cluster_of_processes(folder: Path) -> Iterator[Any]:
    """A client of a scheduler and two workers as anybody starts them, each a process of its own."""
    file = folder / "scheduler.json"
    place = ("--scheduler-file", file, "--no-dashboard", "--host", "127.0.0.1")
    log = (folder / "cluster.log").open("wb")
    processes = [dask("scheduler", *place, "--port", 0, log=log)]
    try:
        while not file.exists():
            assert processes[0].poll() is None
            time.sleep(0.05)
        worker = ("worker", *place, "--nthreads", 1, "--no-nanny", "--local-directory", folder)
        processes += [dask(*worker, log=log) for _ in range(2)]
        with Client(scheduler_file=str(file), set_as_default=False) as client:  # type: ignore[no-untyped-call]
            client.wait_for_workers(2, timeout=60)
            yield client
    finally:
        for process in reversed(processes):  # a worker whose scheduler is gone would wait for it
            process.terminate()
            process.wait(timeout=20)
        log.close()


def dask(*arguments: object, log: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "dask", *map(str, arguments)], stdout=log, stderr=log)


def start(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(*arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell starts its background jobs with SIGINT ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def wait_for_findings(campaign: subprocess.Popen[str], path: Path) -> None:
    while not path.exists() or path.read_bytes().count(b"\n") < 3:
        assert campaign.poll() is None, campaign.communicate()
        time.sleep(0.005)


def test_no_scheduler_is_one_line(kit: Kit) -> None:
    said = kit("fuzz", *WHAT, "--scheduler", "tcp://127.0.0.1:1")
    assert said.code == 3
    assert "no scheduler at tcp://127.0.0.1:1" in one_line(said)
    assert "start one with: dask scheduler" in said.err


def test_a_worker_that_cannot_provide_an_implementation_says_what_it_lacks(
    kit: Kit, tmp_path: Path, scheduler: str
) -> None:
    missing = tmp_path / "checkout"
    said = kit("fuzz", "--impls", f"yjs={missing}", "--scheduler", scheduler)
    assert said.code == 3
    assert f"cannot take part: yjs={missing}: there is nothing at {missing}" in said.err.splitlines()[-1]


def test_another_kit_at_the_workers_is_one_line(tmp_path: Path, scheduler: str) -> None:
    for place in data_root().iterdir():
        if place.name != "conformance":
            (tmp_path / place.name).symlink_to(place)
    shutil.copytree(data_root() / "conformance", tmp_path / "conformance")
    with (tmp_path / "conformance" / "judge" / "judge.py").open("a") as module:
        module.write("# another one\n")
    said = conformance("fuzz", *WHAT, "--scheduler", scheduler, cwd=tmp_path)
    assert said.code == 3
    assert "it runs another version of the kit" in said.err.splitlines()[-1]


def test_nothing_but_the_option_needs_dask(tmp_path: Path) -> None:
    for module in ("dask", "distributed"):
        (tmp_path / f"{module}.py").write_text("raise ImportError")
    own = str(Path(__file__).parents[1])
    env = {**os.environ, "PYTHONPATH": f"{tmp_path}:{own}"}
    few = ("fuzz", "--impls", "yjs", "--profile", "text", "--programs", 1, "--results", tmp_path / "r.ndjson")
    assert conformance(*few, env=env).code == 0
    said = conformance(*few, "--scheduler", "tcp://127.0.0.1:1", env=env)
    assert said.code == 3
    assert "pip install 'yjs-conformance[cluster]'" in one_line(said)
