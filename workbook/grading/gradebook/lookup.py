"""Find one person's row by whatever an instructor types: key, name, address or hash."""

from collections.abc import Callable, Iterable

from workbook.grading.cleaning import cell
from workbook.grading.gradebook.book import GradebookError
from workbook.grading.gradebook.rows import Row
from workbook.grading.intake.roster import spellings

SHORTEST = 6
"""Characters of a hash that are enough to mean a submission."""


def find_row(rows: Iterable[Row], asked: str) -> Row:
    """The one row that is meant; raises `GradebookError` with what to type instead.

    A student may be named as in grades.csv: with the mark that keeps a cell from being a formula.
    """
    everybody = list(rows)
    for fits in _ways(asked):
        found = [row for row in everybody if fits(row)]
        if len(found) == 1:
            return found[0]
        if found:
            keys = ", ".join(row.student.key for row in found[:5])
            raise GradebookError(f'"{asked}" fits more than one: {keys}')
    part = asked.casefold()
    close = [row.student.key for row in everybody if part in " ".join(row.known_as).casefold()]
    hint = f"; perhaps {', '.join(close[:3])}" if close else ""
    raise GradebookError(f'nobody in this gradebook is called "{asked}"{hint}')


def _ways(asked: str) -> Iterable[Callable[[Row], bool]]:
    """From the surest way to name somebody to the loosest."""
    plain, spelled = asked.casefold(), spellings(asked)[:1]
    yield lambda row: row.student.key == asked
    yield lambda row: cell(row.student.key) == asked
    yield lambda row: plain in [name.casefold() for name in row.known_as if name]
    yield lambda row: bool(spelled) and spelled[0] in spellings(row.student.name)
    yield lambda row: len(asked) >= SHORTEST and row.digest.startswith(plain)
