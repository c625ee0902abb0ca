"""Who is not in an export, or can't be found by whoever imports it, and why."""

from workbook.grading.gradebook.ledger import Ledger
from workbook.grading.wording import counted


def missing_in_moodle(ledger: Ledger) -> list[str]:
    """A line for each reason why somebody is not in the file for Moodle."""
    strangers = [row for row in ledger.rows if row.unknown]
    nameless = [
        row for row in ledger.rows if not (row.unknown or row.student.email or row.student.number)
    ]
    return [
        *_said(len(strangers), "left out: not matched with the roster"),
        *_said(len(nameless), "left out: no e-mail address or ID number; --roster gives them"),
    ]


def missing_in_canvas(ledger: Ledger) -> list[str]:
    """A line for each reason why Canvas doesn't get, or may not find, somebody."""
    strangers = [row for row in ledger.rows if row.unknown]
    nameless = [
        row
        for row in ledger.rows
        if not (row.unknown or row.student.canvas or row.student.number or row.student.username)
    ]
    return [
        *_said(len(strangers), "left out: not matched with the roster"),
        *_said(len(nameless), "without an ID, so that Canvas may not find them: --roster gives it"),
    ]


def _said(count: int, why: str) -> list[str]:
    return [f"{counted(count, 'person', 'people')} {why}"] if count else []
