"""A job summary and annotations for a GitHub workflow."""

import re

from workbook.grading.cleaning import clean, line
from workbook.grading.exports.table import changed, number, remarks
from workbook.grading.gradebook.rows import Mark, Row
from workbook.grading.grader import Result

MOST = 10
"""GitHub shows ten errors of a step; the summary has the rest."""
LARGEST = 900_000
"""Bytes; a summary over 1 MiB isn't shown at all."""
_MARKS = re.compile(r"[^\w\s.,;?'\"–—…/-]|_")
_PLACE = re.compile(r"(?P<file>(?:app|alembic|tests|skill)/[\w./-]+):(?P<line>\d+)")


def job_summary(row: Row) -> str:
    """Markdown in which nothing a student wrote is Markdown, HTML or a mention."""
    points = f"{number(row.earned) or 'no grade'} of {number(row.possible)} points"
    if row.beside:
        points += f", {number(row.extension) or 'no grade'} of {number(row.beside)} extension"
    said = [f"## {_plain(row.student.key)}", "", points, ""]
    said += [f"- {_plain(note)}" for note in remarks(row)]
    said += [f"- changed by hand: {_plain(change)}" for change in changed(row)]
    if row.marks:
        said += ["", "| check | verdict | points |", "|---|---|---|"]
        said += [_line(mark) for mark in row.marks]
    for mark in row.marks:
        if mark.story and mark.verdict != "ok":
            story = _plain(clean(mark.story)).replace("\n", "<br>")
            said += ["", f"**{_plain(mark.line or mark.id)}** {mark.verdict}<br>{story}"]
    whole = "\n".join(said) + "\n"
    if len(whole.encode()) <= LARGEST:
        return whole
    cut = whole.encode()[:LARGEST].decode("utf-8", "ignore")
    return cut.rpartition("\n")[0] + "\n\nThe rest is cut.\n"


def annotations(document: Result, prefix: str = "") -> list[str]:
    """Workflow commands for the first checks that aren't there yet, each at its line."""
    said = []
    for check in document["checks"]:
        if check["verdict"] in ("ok", "waits", "not started", "not checked"):
            continue
        found = _PLACE.fullmatch(str(check.get("where", "")))
        place = f"file={_property(prefix + found['file'])},line={found['line']}," if found else ""
        title = _property(line(f"{check['id']}: {check['verdict']}", 200))
        level = "warning" if check["verdict"] == "ours" else "error"
        message = _data(clean(f"{check['line']}\n{check['story']}", 1_500))
        said.append(f"::{level} {place}title={title}::{message}")
    return said[:MOST]


def _line(mark: Mark) -> str:
    shown = _plain(mark.line or mark.id)
    points = "" if mark.left_out else f"{number(mark.earned)} of {number(mark.possible)}"
    return f"| {shown} | {mark.told} | {points} |"


def _plain(text: str) -> str:
    return _MARKS.sub(lambda found: f"&#{ord(found[0])};", clean(text))


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
