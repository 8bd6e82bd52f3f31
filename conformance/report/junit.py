"""JUnit XML: a test suite per pair of writer and reader, a test case per vector and format."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree

from conformance.report.failure import lines
from conformance.report.records import GOOD, Record, is_unexpected
from conformance.report.render import write_text
from conformance.report.store import read_records
from conformance.report.summary import summarize

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conformance.judge.known import Divergence
    from conformance.report.summary import Summary


def render(results: Path, output: Path | None, known: Sequence[Divergence]) -> None:  # noqa: ARG001
    """Write the results as JUnit XML. Known divergences and unsupported features are `skipped`, with the reason."""
    summary = summarize(results)
    root = ElementTree.Element("testsuites", name="yjs-conformance")
    suites: dict[str, ElementTree.Element] = {}
    for record in read_records(results):
        if record["type"] == "result":
            name = " -> ".join(dict.fromkeys((record["cast"][0], record["cast"][-1])))
            if name not in suites:
                suites[name] = ElementTree.SubElement(root, "testsuite", name=name)
            _test_case(suites[name], record, summary, results)
    for stale in (summary.end or {}).get("stale", ()):
        suite = ElementTree.SubElement(root, "testsuite", name="known divergences")
        case = ElementTree.SubElement(suite, "testcase", name=stale["divergence"], classname=stale["implementation"])
        ElementTree.SubElement(case, "failure", message=f"stale: {stale['why']}").text = stale["case"]
    for suite in (*root, root):
        cases = list(suite.iter("testcase"))
        suite.set("tests", str(len(cases)))
        suite.set("failures", str(sum(case.find("failure") is not None for case in cases)))
        suite.set("skipped", str(sum(case.find("skipped") is not None for case in cases)))
    ElementTree.indent(root)
    write_text(ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n", output)


def _test_case(suite: ElementTree.Element, record: Record, summary: Summary, results: Path) -> None:
    case = ElementTree.SubElement(
        suite, "testcase", name=f"{record['case']} {record['format']}", classname=suite.get("name", "")
    )
    if record["verdict"] == "pass":
        return
    if record["verdict"] in GOOD:
        ElementTree.SubElement(case, "skipped", message=f"{record['culprit']} has no {record['detail']}")
    elif not is_unexpected(record):
        why = f"known divergence {', '.join(record['known'])}" if "known" in record else "informational"
        ElementTree.SubElement(case, "skipped", message=why)
    else:
        text = "\n".join(f"{label}: {line}" for label, line in lines(summary, record, results))
        ElementTree.SubElement(case, "failure", message=_printable(record["signature"])).text = _printable(text)


def _printable(text: str) -> str:
    """Text that XML 1.0 can carry."""
    return "".join(
        char
        if char in "\t\n" or 0x20 <= ord(char) < 0xD800 or 0xE000 <= ord(char) < 0xFFFE
        else "\N{REPLACEMENT CHARACTER}"
        for char in text
    )
