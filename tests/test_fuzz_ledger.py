"""What a campaign tells: the same, in whatever order its programs end and wherever it was cut."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from conformance.fuzz.ledger import EXAMPLES, Failed, Ledger, Performed, Tally, trimmed
from tests.support import command, conformance, read

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support import Record

failures = st.builds(
    Failed,
    symptom=st.sampled_from(["agree:state", "panic:encode", "structs"]),
    parted=st.sampled_from(["a", "a|b"]),
    record=st.builds(dict, witness=st.integers()),
)
campaigns = st.lists(st.lists(failures, max_size=4), max_size=20).map(
    lambda seeds: [Performed(seed, len(failed), 7, 0, failed) for seed, failed in enumerate(seeds, 1)]
)


def sides(seed: int) -> dict[str, str]:
    """What an inquiry says of each symptom; for some programs nothing."""
    return ({}, {"agree:state": "a alone", "structs": "b"}, {"panic:encode": "b"})[seed % 3]


def tell(performed: list[Performed], order: list[int], asked_at: int) -> tuple[list[Record], Record]:
    """All that a ledger tells of seeds that come in this order; inquiries are answered `asked_at` seeds later."""
    ledger = Ledger(1, Tally(), inquires=True)
    told: list[Record] = []
    asked: list[int] = []
    for place in order:
        asked += ledger.add(deepcopy(performed[place]))
        while len(asked) > asked_at:
            seed = asked.pop()
            ledger.answer(seed, sides(seed))
        told += ledger.tell()
    for seed in asked:
        ledger.answer(seed, sides(seed))
    return told + ledger.tell(), ledger.progress()


@given(st.data(), campaigns)
def test_the_order_in_which_programs_end_does_not_show(data: st.DataObject, performed: list[Performed]) -> None:
    straight = tell(performed, list(range(len(performed))), 0)
    order = data.draw(st.permutations(range(len(performed))))
    assert tell(performed, order, data.draw(st.integers(0, 5))) == straight


@given(st.data(), campaigns)
def test_what_a_shard_leaves_out_is_never_told(data: st.DataObject, performed: list[Performed]) -> None:
    cut = data.draw(st.integers(0, len(performed)))
    shards = [trimmed(deepcopy(part), ()) for part in (performed[:cut], performed[cut:])]
    order = list(range(len(performed)))
    assert tell([each for shard in shards for each in shard], order, 0) == tell(performed, order, 0)


@given(campaigns)
def test_every_failure_is_counted_and_the_first_of_a_kind_are_told(performed: list[Performed]) -> None:
    told, progress = tell(performed, list(range(len(performed))), 0)
    kinds = [failed.kind for each in performed for failed in each.failed]
    assert len(told) == sum(min(EXAMPLES, kinds.count(kind)) for kind in set(kinds))
    assert sum(progress["kinds"].values()) == progress["failed"] == len(kinds)
    assert progress["next"] == len(performed) + 1


@given(campaigns, st.lists(st.sampled_from(["", "b", "c"]), min_size=80, max_size=80))
def test_each_writer_of_the_bytes_has_an_example_of_its_own(performed: list[Performed], writers: list[str]) -> None:
    record = {"written": {"reader": "a"}}
    for each in performed:
        each.failed = [replace(failed, writer=writers.pop(), record=record) for failed in each.failed]
    told, _ = tell(performed, list(range(len(performed))), 0)
    ways = [failed.way for each in performed for failed in each.failed]
    kinds = [failed.kind for each in performed for failed in each.failed]
    first = [way not in ways[:place] or kinds[:place].count(kinds[place]) < EXAMPLES for place, way in enumerate(ways)]
    assert len(told) == sum(first)


def test_who_fails_over_everybodys_bytes_needs_no_writer() -> None:
    failed = Failed("refused:apply", "a", {"written": {"reader": "a"}}, "c")
    odd = {1: "a alone", 2: "a", 3: "c", 4: "c against a"}
    ledger = Ledger(1, Tally(), inquires=True)
    for seed, who in odd.items():
        ledger.add(Performed(seed, 1, 7, 0, [replace(failed, symptom=f"{seed}")]))
        ledger.answer(seed, {f"{seed}": who})
    assert [record.get("writer") for record in ledger.tell()] == [None, None, "c", "c"]


WHAT = ("fuzz", "--impls", "ypy,yjs", "--profile", "nested", "--programs")


def told(path: Path) -> tuple[list[Record], Record]:
    records = read(path).records
    return [record for record in records if record["type"] == "result"], records[-1]


def test_a_killed_campaign_goes_on_from_half_a_line_and_tells_the_rest(tmp_path: Path) -> None:
    path, whole = tmp_path / "killed.ndjson", tmp_path / "whole.ndjson"
    campaign = subprocess.Popen([*command(*WHAT, 100_000), "--results", str(path)], stderr=subprocess.DEVNULL)
    while not path.exists() or b"progress" not in path.read_bytes():
        assert campaign.poll() is None
        time.sleep(0.01)
    campaign.send_signal(signal.SIGKILL)
    campaign.wait()
    with path.open("rb+") as file:
        file.truncate(path.stat().st_size - 5)

    reached = max(int(record.get("seed") or record.get("next") or 0) for record in read_whole_lines(path))
    assert conformance(*WHAT, reached + 50, "--resume", path).code in (0, 1)
    assert conformance(*WHAT, reached + 50, "--results", whole).code in (0, 1)
    assert told(path) == told(whole)


def read_whole_lines(path: Path) -> list[Record]:
    return [json.loads(line) for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]


def test_a_campaign_of_others_is_not_resumed(tmp_path: Path) -> None:
    path = tmp_path / "results.ndjson"
    few = ("fuzz", "--profile", "text", "--programs", 2)
    assert conformance(*few, "--impls", "yjs", "--results", path).code == 0
    before = path.read_bytes()
    said = conformance(*few, "--impls", "yjs,pycrdt", "--resume", path)
    assert said.code == 2
    assert "give the same --impls as then" in said.err
    assert path.read_bytes() == before
