"""Documents of the libraries, read by the decoder alone: every update is explained, and comes back as it was.

The documents are fuzzed from seeds, with every type and value that a library can write.
"""

from __future__ import annotations

import base64
import json
import random
import shutil
import subprocess
import time
from collections import Counter
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pycrdt
import pytest

from conformance.execute.engine import Engine
from conformance.execute.limits import Limits
from conformance.explain.as_json import as_json
from conformance.explain.listing import listing
from conformance.explain.reading import Reading, read
from conformance.jsonio import dumps
from conformance.model.spec import Spec
from conformance.model.vector import load_cases
from conformance.plan.casting import perform
from conformance.resources import data_root
from conformance.run import introduce
from conformance.wire.diff import diff_updates
from conformance.wire.model import Update
from conformance.wire.position import Position, encode_position
from conformance.wire.snapshot import Snapshot, encode_snapshot
from conformance.wire.update import decode_update, encode_update
from tests.support import real

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.explain.reading import Kind
    from conformance.wire.model import Format

ROOT = Path(__file__).parent.parent
SLOWEST = 15_000
"""Structs a second of CPU time; measured are about ten times as many."""

needs_yjs = pytest.mark.skipif(
    shutil.which("node") is None or not (ROOT / "node_modules" / "yjs").is_dir(), reason="needs node and npm ci"
)


def explained(data: bytes, kind: Kind, format: Format | None) -> Reading:
    """Read to the last byte, and written in both forms."""
    reading = read(data, kind, format)
    assert reading.first_fault is None, f"{reading.first_fault}: {data.hex()}"
    assert reading.trailing == 0, data.hex()
    assert all("".join([text for text, _ in line]).isprintable() for line in listing(reading))
    json.loads(dumps(as_json(reading)))
    return reading


def comes_back(data: bytes, format: Format) -> Update:
    value = explained(data, "update", format).value
    assert isinstance(value, Update)
    encoded = encode_update(value, format)
    again = decode_update(encoded, format)
    assert again == value
    assert encode_update(again, format) == encoded
    return value


def of_yjs(*arguments: str) -> Iterator[tuple[Kind, Any, bytes]]:
    """What documents.mjs wrote: kind, format (None: there is one only), bytes."""
    script = ROOT / "tests" / "documents.mjs"
    done = subprocess.run(["node", str(script), *arguments], capture_output=True, check=True, cwd=ROOT)
    for line in done.stdout.splitlines():
        kind, format, text = json.loads(line)
        yield kind, format, base64.b64decode(text)


@needs_yjs
def test_documents_of_yjs() -> None:
    contents = set()
    for what, format, data in of_yjs("12", "120"):
        if what == "update":
            update = comes_back(data, format)
            assert encode_update(update, format) == data
            assert read(data).format == format
            contents |= {type(getattr(each, "content", each)).__name__ for of in update.structs.values() for each in of}
            continue
        value = explained(data, what, format).value
        if isinstance(value, Snapshot):
            assert encode_snapshot(value, format) == data
        elif isinstance(value, Position):
            assert encode_position(value) == data
    assert contents >= {
        f"Content{name}" for name in ("Any", "Binary", "Deleted", "Doc", "Embed", "Format", "String", "Type")
    }
    assert {"GC", "Skip"} <= contents


_READ_AS: dict[str, Kind] = {
    "state_vector": "state-vector",
    "update_state_vector": "state-vector",
    "snapshot": "snapshot",
    "position": "position",
    "position.parse": "position",
    "awareness.encode": "awareness",
    "sync.step1": "sync",
    "sync.step2": "sync",
    "sync.update": "sync",
    "sync.read": "sync",
}
_NO_BYTES = ("state", "position.json")


@needs_yjs
def test_all_that_yjs_says_on_the_corpus() -> None:
    """Whatever the runner answers in bytes is read whole, and its updates are written again byte for byte."""
    cases = [case for case in load_cases([data_root() / "vectors"]) if case.verdict != "invalid"]
    launch = real("yjs")
    seen: Counter[str] = Counter()
    with Engine([launch], Limits(timeout=30)) as engine:
        (yjs,) = introduce(engine, [Spec("yjs", None, None, "yjs")], [launch])
        for outcome in chain.from_iterable(engine.run(perform(cases, "solo", [yjs.hello.features]))):
            for step, answer in zip(outcome.performance.program.steps, outcome.answers, strict=True):
                if answer is None or not isinstance(answer.get("ok"), str) or step["op"] in _NO_BYTES:
                    continue
                data, format = base64.b64decode(answer["ok"], validate=True), step.get("to") or step.get("format", "v1")
                kind = _READ_AS.get(step["op"], "update")
                seen[kind] += 1
                if kind == "update":
                    assert encode_update(comes_back(data, format), format) == data
                else:
                    explained(data, kind, format)
    assert seen["update"] > 1000


def pycrdt_updates(seed: int, edits: int) -> Iterator[bytes]:
    """What two documents emit that edit all types and exchange updates now and then, and their whole states."""
    source = random.Random(seed)
    docs: list[pycrdt.Doc[Any]] = [pycrdt.Doc(client_id=seed * 2 + number + 1) for number in range(2)]
    found: list[bytes] = []
    roots = []
    for doc in docs:
        doc.observe(lambda event: found.append(event.update))
        text, array, elements = (
            doc.get("text", type=pycrdt.Text),
            doc.get("array", type=pycrdt.Array),
            doc.get("map", type=pycrdt.Map),
        )
        roots.append((text, array, elements, doc.get("xml", type=pycrdt.XmlFragment)))
    for _ in range(edits):
        number = source.randrange(2)
        pycrdt_edit(source, *roots[number])
        if source.randrange(8) == 0:
            sender, receiver = docs[number], docs[1 - number]
            receiver.apply_update(sender.get_update(receiver.get_state()))
    yield from found
    for doc in docs:
        yield doc.get_update()


PYCRDT_VALUES: list[Any] = [
    0,
    1,
    -5,
    2**40,
    0.5,
    True,
    None,
    "x",
    "\U0001f600",
    b"\0\xff",
    [1, [None]],
    {"a": {"b": 1.5}},
]


def pycrdt_edit(source: random.Random, text: Any, array: Any, entries: Any, xml: Any) -> None:
    value = source.choice(PYCRDT_VALUES)
    steps: list[Callable[[], object]] = [
        lambda: text.insert(0, source.choice(["a", "word ", "é"])),
        lambda: text.insert(0, "bold", {"b": True, "c": None}),
        lambda: text.insert_embed(0, {"image": "x"}),
        lambda: text.clear() if source.randrange(5) == 0 else None,
        lambda: array.append(value),
        lambda: array.insert(source.randint(0, len(array)), pycrdt.Map({"nested": value})),
        lambda: array.append(pycrdt.Array([value, pycrdt.Text("deep")])),
        lambda: array.pop(source.randrange(len(array))) if len(array) else None,
        lambda: entries.update({f"key {source.randrange(4)}": value}),
        lambda: entries.pop(f"key {source.randrange(4)}", None),
        lambda: xml.children.append(pycrdt.XmlElement("p", {"class": "x"}, [pycrdt.XmlText("in it")])),
    ]
    source.choice(steps)()


@pytest.mark.parametrize("seed", range(8))
def test_documents_of_pycrdt(seed: int) -> None:
    for data in pycrdt_updates(seed, 150):
        comes_back(data, "v1")


@pytest.mark.parametrize("seed", range(4))
def test_documents_of_y_py(seed: int) -> None:
    y_py = pytest.importorskip("y_py")
    source = random.Random(seed)
    doc = y_py.YDoc(seed + 1)
    text, array, entries, xml = (
        doc.get_text("text"), doc.get_array("array"), doc.get_map("map"), doc.get_xml_element("xml")
    )  # fmt: skip
    for _ in range(150):
        value = source.choice([1, -5, 0.5, True, None, "x", [1, [None]], {"a": {"b": 1.5}}])
        with doc.begin_transaction() as txn:
            step = source.randrange(6)
            if step == 0:
                text.insert(txn, source.randint(0, len(text)), "word", {"b": True} if source.randrange(2) else {})
            elif step == 1 and len(text) > 4:
                text.delete_range(txn, source.randrange(len(text) - 2), 2)
            elif step == 2:
                array.insert(txn, source.randint(0, len(array)), value)
            elif step == 3 and len(array):
                array.delete(txn, source.randrange(len(array)))
            elif step == 4:
                entries.set(txn, f"key {source.randrange(4)}", value)
            else:
                xml.push_xml_element(txn, "p").set_attribute(txn, "class", "x")
        comes_back(y_py.encode_state_as_update(doc), "v1")


@needs_yjs
def test_a_document_of_100_000_edits() -> None:
    whole: list[Update] = []
    for _, format, data in of_yjs("large", "100000"):
        started = time.process_time()
        update = decode_update(data, format)
        seconds = time.process_time() - started
        count = sum(len(structs) for structs in update.structs.values())
        assert count > 50_000
        print(f"update {format}: {count / seconds:.0f} structs a second")  # pytest -rP shows it
        assert count / seconds > SLOWEST, f"{format}: {count / seconds:.0f} structs a second"
        assert encode_update(update, format) == data
        assert sum(1 for _ in listing(read(data))) > count
        whole.append(update)
    first, second = whole
    assert diff_updates(first, second) == []
