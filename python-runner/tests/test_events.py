"""What observers are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runner.adapters.events import Watch, index_before

if TYPE_CHECKING:
    from conftest import Process

INSERT = {"op": "text.insert", "peer": "a", "path": ["t"], "index": 0}
EVENTS = {"op": "events", "peer": "a"}


def observe(*path: Any, **keys: Any) -> dict[str, Any]:
    return {"op": "observe", "peer": "a", "path": list(path), **keys}


def put(index: int, *values: Any) -> dict[str, Any]:
    return {"op": "array.insert", "peer": "a", "path": ["l"], "index": index, "values": list(values)}


def told(runner: Process, *steps: dict[str, Any], **session: Any) -> list[Any]:
    """The transactions that were observed."""
    events: list[Any] = runner.play(*steps, EVENTS, **session)[-1]["ok"]
    return events


def test_a_delta_counts_utf16_units(runner: Process) -> None:
    delete = {"op": "text.delete", "peer": "a", "path": ["t"], "index": 1, "length": 2}
    transactions = told(runner, {**INSERT, "text": "é😀z"}, observe("t"), {**INSERT, "index": 3, "text": "|"}, delete)
    assert transactions == [
        [{"path": ["t"], "delta": [{"retain": 3}, {"insert": "|"}]}],
        [{"path": ["t"], "delta": [{"retain": 1}, {"delete": 2}]}],
    ]


def test_changed_keys_have_the_values_before_and_after(runner: Process) -> None:
    def set_to(value: Any) -> dict[str, Any]:
        return {"op": "map.set", "peer": "a", "path": ["m"], "key": "k", "value": value}

    delete = {"op": "map.delete", "peer": "a", "path": ["m"], "key": "k"}
    transactions = told(runner, observe("m"), set_to(1), set_to({"$text": "x"}), set_to([2]), delete)
    assert [event["keys"]["k"] for (event,) in transactions] == [
        {"action": "add", "new": 1},
        {"action": "update", "old": 1, "new": {"$text": "x"}},
        # What a shared type held can no longer be read.
        {"action": "update", "new": [2]},
        {"action": "delete", "old": [2]},
    ]


def test_a_transaction_is_one_list_sorted_by_path(runner: Process) -> None:
    edit = {"op": "map.set", "peer": "a", "path": ["l", 0], "key": "k", "value": 1}
    both = {"op": "transact", "peer": "a", "steps": [edit, put(1, "z")]}
    transactions = told(runner, put(0, {"$map": {}}), observe("l", deep=True), both)
    assert transactions == [
        [
            {"path": ["l"], "delta": [{"retain": 1}, {"insert": ["z"]}]},
            {"path": ["l", 0], "keys": {"k": {"action": "add", "new": 1}}},
        ]
    ]


def test_what_two_observers_are_told_is_one_event(runner: Process) -> None:
    insert = {"op": "text.insert", "peer": "a", "path": ["l", 0], "index": 0, "text": "a"}
    transactions = told(runner, put(0, {"$text": ""}), observe("l", 0), observe("l", deep=True), insert)
    assert transactions == [[{"path": ["l", 0], "delta": [{"insert": "a"}]}]]


def test_an_observed_type_is_found_where_it_stands_now(runner: Process) -> None:
    delete = {"op": "text.delete", "peer": "a", "path": ["l", 1], "index": 0, "length": 2}
    transactions = told(runner, put(0, {"$text": "😀a"}), observe("l", 0), put(0, {"$map": {}}), delete)
    assert transactions == [[{"path": ["l", 1], "delta": [{"delete": 2}]}]]


def test_applied_updates_are_told_too(runner: Process) -> None:
    transactions = told(
        runner,
        observe("t"),
        {**INSERT, "peer": "b", "text": "hi", "as": "u"},
        {"op": "apply", "peer": "a", "update": "u"},
        {**INSERT, "text": "x"},
    )
    assert [event["delta"] for (event,) in transactions] == [[{"insert": "hi"}], [{"insert": "x"}]]


def test_events_are_taken_once(runner: Process) -> None:
    answers = runner.play(observe("t"), {**INSERT, "text": "a"}, EVENTS, EVENTS)
    assert answers[3] == {"ok": []}


def test_children_and_attributes_of_xml(runner: Process) -> None:
    transactions = told(
        runner,
        observe("x", deep=True),
        {"op": "xml.insert", "peer": "a", "path": ["x"], "index": 0, "nodes": [{"$element": "p"}]},
        {"op": "xml.set", "peer": "a", "path": ["x", 0], "name": "n", "value": "v"},
        roots={"x": "xml"},
    )
    assert transactions == [
        [{"path": ["x"], "delta": [{"insert": [{"$element": "p"}]}]}],
        [{"path": ["x", 0], "keys": {"n": {"action": "add", "new": "v"}}}],
    ]


def test_an_index_follows_its_element() -> None:
    watch = Watch(["l", 2])
    watch.shift(1, [{"insert": ["a", "b"]}, {"delete": 1}, {"retain": 1}, {"insert": ["c"]}])
    assert watch.path == ["l", 4]
    watch.shift(1, [{"retain": 5}, {"insert": ["d"]}])
    assert watch.path == ["l", 4]


def test_the_index_before_a_delta() -> None:
    delta: list[dict[str, Any]] = [{"insert": ["a", "b"]}, {"delete": 1}, {"retain": 1}, {"insert": ["c"]}]
    assert [index_before(index, delta) for index in range(5)] == [-1, -1, 1, -1, 2]
