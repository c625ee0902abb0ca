"""JUnit XML: a suite for each person, a case for each check."""

import re
import xml.etree.ElementTree as ET

from workbook.grading.cleaning import clean, line
from workbook.grading.exports.table import changed, noted, number
from workbook.grading.gradebook.catalogue import exercise_of
from workbook.grading.gradebook.ledger import Ledger
from workbook.grading.gradebook.rows import Mark, Row

SKIPPED = ("not started", "waits", "not checked")
# XML 1.0 has no place for these, not even escaped.
_NO_XML = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(ledger: Ledger) -> str:
    """The class as a CI server reads it; who has no result has a suite with its reason."""
    root = ET.Element("testsuites", name=_text(ledger.catalogue.title))
    for row in ledger.rows:
        root.append(_suite(row))
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(row: Row) -> ET.Element:
    cases = [_case(mark) for mark in row.marks]
    counts = {
        kind: str(sum(case.find(kind) is not None for case in cases))
        for kind in ("failure", "error", "skipped")
    }
    suite = ET.Element(
        "testsuite",
        name=_text(row.student.key),
        tests=str(len(cases)),
        failures=counts["failure"],
        errors=counts["error"],
        skipped=counts["skipped"],
    )
    properties = ET.SubElement(suite, "properties")
    facts = [("state", row.state), ("earned", number(row.earned)), ("submission", row.digest)]
    facts += [("note", note) for note in noted(row)]
    facts += [("changed by hand", change) for change in changed(row)]
    for name, value in facts:
        ET.SubElement(properties, "property", name=name, value=_text(line(value)))
    suite.extend(cases)
    return suite


def _case(mark: Mark) -> ET.Element:
    name = mark.id.rpartition(".")[2]
    case = ET.Element("testcase", classname=_text(exercise_of(mark.id)), name=_text(name))
    if mark.change is None and mark.verdict == "ok":
        return case
    if mark.change is not None and mark.earned == mark.possible:
        return case
    kind = (
        "skipped" if mark.verdict in SKIPPED else "error" if mark.verdict == "ours" else "failure"
    )
    why = mark.story if mark.left_out else mark.line
    what = ET.SubElement(case, kind, message=_text(line(f"{mark.told}: {why}")))
    by_hand = mark.change.reason if mark.change else ""
    what.text = _text(clean("\n".join(filter(None, (mark.story, by_hand)))))
    return case


def _text(text: str) -> str:
    return _NO_XML.sub("\ufffd", clean(text))
