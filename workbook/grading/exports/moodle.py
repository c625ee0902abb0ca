"""What Moodle imports: a gradebook CSV, or the teacher's own worksheet filled in."""

import csv
import io

from workbook.grading.cleaning import cell, line
from workbook.grading.exports.table import changed, number, sheet
from workbook.grading.gradebook.book import GradebookError
from workbook.grading.gradebook.ledger import Ledger
from workbook.grading.gradebook.rows import Row
from workbook.grading.intake.roster import Roster
from workbook.grading.wording import counted

NEEDED = ("Identifier", "Grade", "Last modified (grade)")


def moodle_csv(ledger: Ledger, title: str = "Task API") -> str:
    """Everyone Moodle can know, by address or ID number; an empty cell is no grade.

    One unknown user would abort the whole import, so who isn't on the roster is left out.
    """
    header = ["Email address", "ID number", title, f"{title} (feedback)"]
    header += [f"{title} extension"] if ledger.beside else []
    lines = []
    for row in ledger.rows:
        person = row.student
        if row.unknown or not (person.email or person.number):
            continue
        cells = [person.email, person.number, _grade(row.earned), feedback(row)]
        lines.append([*cells, _grade(row.extension)] if ledger.beside else cells)
    return sheet(header, lines)


def fill_worksheet(ledger: Ledger, worksheet: str) -> tuple[str, list[str]]:
    """The teacher's worksheet with grades filled in, and who of ours found no line in it.

    Raises `GradebookError` when it isn't one, or its maximum isn't what the course is worth.
    """
    mark = "\ufeff" if worksheet.startswith("\ufeff") else ""
    first = worksheet.partition("\n")[0]
    between = max(",;\t", key=first.count)
    text = io.StringIO(worksheet.removeprefix("\ufeff"), newline="")
    rows = list(csv.reader(text, delimiter=between))
    header = rows[0] if rows else []
    if missing := [column for column in NEEDED if column not in header]:
        raise GradebookError(
            f'this is no Moodle grading worksheet: it has no column "{missing[0]}"'
        )
    placed: set[str] = set()
    lines = _Lines(ledger)
    for cells in rows[1:]:
        given = dict(zip(header, cells, strict=False))
        _same_maximum(given, ledger)
        row = lines.row(given)
        if row is None or row.earned is None:
            placed |= {row.student.key} if row else set()
            continue
        placed.add(row.student.key)
        cells[header.index("Grade")] = f"{row.earned:.2f}"
        if "Feedback comments" in header and not given["Feedback comments"]:
            cells[header.index("Feedback comments")] = cell(feedback(row))
    made = io.StringIO()
    ends = "\r\n" if "\r\n" in worksheet else "\n"
    csv.writer(made, delimiter=between, lineterminator=ends).writerows(rows)
    left = [
        row.student.key for row in ledger.rows if row.attempts and row.student.key not in placed
    ]
    return mark + made.getvalue(), left


def feedback(row: Row) -> str:
    """One line for the student: points, what isn't there yet, what a person changed."""
    if not row.settled:
        return line("; ".join([row.state, *row.notes]), 400)
    said = [f"{number(row.earned)} of {number(row.possible)} points"]
    if row.beside:
        said.append(f"{number(row.extension)} of {number(row.beside)} extension points")
    open_ones = [
        mark.id for mark in row.marks if mark.earned < mark.possible and not mark.extension
    ]
    if open_ones:
        more = f" and {len(open_ones) - 5} more" if len(open_ones) > 5 else ""
        said.append(f"not yet: {', '.join(open_ones[:5])}{more}")
    left_out = [mark for mark in row.marks if mark.left_out]
    if left_out:
        said.append(f"{counted(len(left_out), 'check')} not checked: {left_out[0].story}")
    said += [f"changed by hand: {change}" for change in changed(row)]
    return line("; ".join(said), 1_000)


def _grade(points: float | None) -> str:
    return "" if points is None else f"{points:.2f}"


def _same_maximum(given: dict[str, str], ledger: Ledger) -> None:
    maximum = given.get("Maximum Grade") or given.get("Maximum grade") or ""
    try:
        same = not maximum or float(maximum.replace(",", ".")) == ledger.possible
    except ValueError:
        same = False
    if not same:
        raise GradebookError(
            f"the worksheet's maximum grade is {line(maximum, 20)}, the course is worth"
            f" {number(ledger.possible)}: set that in Moodle and download the worksheet again"
        )


class _Lines:
    """Which of our rows a line of the worksheet is about."""

    def __init__(self, ledger: Ledger) -> None:
        self._rows = {row.student.key: row for row in ledger.rows}
        self._roster = Roster([row.student for row in ledger.rows])
        self._participants = {
            f"Participant {row.student.moodle}": row for row in ledger.rows if row.student.moodle
        }

    def row(self, given: dict[str, str]) -> Row | None:
        if row := self._participants.get(given["Identifier"]):
            return row
        ids = tuple(filter(None, (given.get("Email address", ""), given.get("ID number", ""))))
        found = self._roster.find(ids, (given.get("Full name", ""),))
        return self._rows[found[0].key] if len(found) == 1 else None
