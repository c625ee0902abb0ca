"""`grades.csv`: everybody, with all that a person deciding on a grade wants to see."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from workbook.grading.cleaning import cell
from workbook.grading.gradebook.ledger import Ledger
from workbook.grading.gradebook.rows import Row
from workbook.grading.wording import counted

HEADER = (
    "student", "name", "email", "section", "state", "earned", "possible", "extension",
    "extension possible", "late", "attempt", "attempts", "changed by hand", "notes", "submission",
)  # fmt: skip


def grades_csv(ledger: Ledger) -> str:
    """One line a person; an empty `earned` means that there is no grade, which is not 0."""
    return sheet(HEADER, (_line(row) for row in ledger.rows))


def sheet(header: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A CSV whose every cell is text to a spreadsheet, never a formula."""
    made = io.StringIO()
    writer = csv.writer(made, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([cell(text) for text in line] for line in lines)
    return made.getvalue()


def number(points: float | None) -> str:
    """Points as people write them: 57, 57.5, and nothing for no grade."""
    return "" if points is None else f"{points:.2f}".rstrip("0").rstrip(".")


def noted(row: Row) -> list[str]:
    """Everything worth an instructor's look in one row; flags may name other people's files."""
    return [*row.flags, *remarks(row)]


def remarks(row: Row) -> list[str]:
    """What there is to say of one row to the person it is of."""
    said = list(row.notes)
    ours = [mark.id for mark in row.marks if mark.verdict == "ours" and not mark.change]
    if ours:
        said.append(f"our own fault, grade again: {', '.join(ours)}")
    elif row.state == "ours":
        said.append("our own fault and no result yet: grade again")
    left_out = [mark for mark in row.marks if mark.left_out]
    if left_out:
        said.append(f"{counted(len(left_out), 'check')} not checked: {left_out[0].story}")
    if len(row.attempts) > 1:
        said.append(f"{len(row.attempts)} attempts")
    return said


def isolation(containment: dict[str, Any]) -> str:
    """What stood around the submissions, in words."""
    rung, word = containment.get("rung"), containment.get("isolation")
    return " — ".join(str(part) for part in (word, rung) if part) or "not recorded"


def changed(row: Row) -> list[str]:
    """What people changed by hand, in words, lapsed changes included."""
    return [
        f"{change.check} = "
        + ("as judged" if change.points is None else number(change.points))
        + f" ({change.reason})"
        + ("" if change.in_force or change.points is None else " [not in force]")
        for change in row.changes
    ]


def _line(row: Row) -> list[str]:
    student = row.student
    return [
        student.key, student.name, student.email, student.section, row.state, number(row.earned),
        number(row.possible), number(row.extension), number(row.beside),
        "late" if row.late else "", row.attempt, str(len(row.attempts)), "; ".join(changed(row)),
        "; ".join(noted(row)), row.digest,
    ]  # fmt: skip
