"""Change points by hand: with a reason, visibly, and only within what a check is worth."""

from workbook.grading.cleaning import line
from workbook.grading.gradebook.book import Gradebook, GradebookError, log
from workbook.grading.gradebook.ledger import Ledger, read_ledger
from workbook.grading.gradebook.rows import Row
from workbook.grading.gradebook.tables import Override


def override(
    book: Gradebook, student: str, check: str, points: float | None, reason: str
) -> Ledger:
    """Give a person the points of one check, or with None go back to what was judged.

    It holds for the submission that counts now and lapses on another one; every report shows it,
    and every export with room for words. Raises `GradebookError` with what to type instead.
    """
    ledger = read_ledger(book)
    row = ledger.row(student)
    if not line(reason):
        raise GradebookError("a change by hand needs a reason: --reason 'why'")
    worth = _worth(ledger, check)
    if check in ledger.left_out:
        raise GradebookError(f"{check} was not checked ({ledger.needs}): nobody can earn it here")
    if points is not None and not 0 <= points <= worth:
        raise GradebookError(f"{check} is worth 0 to {worth:g} points, not {points:g}")
    person = row.student.key
    if points is None and not _changed(row, check):
        raise GradebookError(f"nothing to take back: {check} of {person} counts as judged")
    with book.session() as session:
        session.add(
            Override(
                student=person, digest=row.digest, check=check, points=points, reason=line(reason)
            )
        )
        session.add(log("override", digest=row.digest, message=f"{person} {check} {points}"))
    return read_ledger(book)


def _changed(row: Row, check: str) -> bool:
    return any(change.check == check and change.in_force for change in row.changes)


def _worth(ledger: Ledger, check: str) -> float:
    """The points the check is worth anywhere in the class."""
    known = {mark.id: mark.possible for row in ledger.rows for mark in row.marks}
    known |= ledger.catalogue.points
    if check in known:
        return known[check]
    close = [id for id in sorted(known) if check in id or id.endswith(check)]
    hint = f"; perhaps {', '.join(close[:3])}" if close else ""
    raise GradebookError(f'no check is called "{check}"{hint}')
