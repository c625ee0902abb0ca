"""The CSV that Canvas imports into its gradebook."""

import re

from workbook.grading.exports.table import sheet
from workbook.grading.gradebook.book import GradebookError
from workbook.grading.gradebook.ledger import Ledger
from workbook.grading.gradebook.rows import Row

_DROPPED = re.compile(
    r"(?i)(current|final) (score|grade|points)|override (score|grade|status)|unposted"
)


def canvas_csv(ledger: Ledger, title: str = "Task API", canvas_id: str = "") -> str:
    """Everyone with a grade or without; an empty cell leaves what Canvas has.

    With the assignment's number Canvas finds it; else the exact title must, or Canvas offers a
    new one. Who isn't on the roster is left out: Canvas would ask to enrol them.
    """
    if _DROPPED.search(title):
        raise GradebookError(f'Canvas drops a column called "{title}": choose another --title')
    named = f"{title} ({canvas_id})" if canvas_id else title
    header = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", named]
    possible = ["Points Possible", "", "", "", "", f"{ledger.possible:.2f}"]
    if ledger.beside:
        header.append(f"{title} extension")
        possible.append(f"{ledger.beside:.2f}")
    rows = [_row(row, extension=bool(ledger.beside)) for row in ledger.rows if not row.unknown]
    return sheet(header, [possible, *rows])


def _row(row: Row, *, extension: bool) -> list[str]:
    person = row.student
    cells = [person.name or person.key, person.canvas, person.number, person.username,
             person.section, _points(row.earned)]  # fmt: skip
    return [*cells, _points(row.extension)] if extension else cells


def _points(points: float | None) -> str:
    return "" if points is None else f"{points:.2f}"
