"""Repeat one check of one submission exactly as it was graded: the answer to an appeal."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbook.grading.gradebook.book import Gradebook, GradebookError
from workbook.grading.gradebook.ledger import read_ledger
from workbook.grading.intake.staging import unbundle


@dataclass(frozen=True)
class Replay:
    """All the judge needs to repeat a check, and what it said the first time."""

    staged: Path
    digest: str
    seed: int
    check: str
    suite: str
    graded: tuple[str, ...]
    """Every check that was graded with it."""
    databases: tuple[str, ...]
    before: dict[str, Any]


def replay(book: Gradebook, submission: str, check: str, folder: Path) -> Replay:
    """Lay the submission of a person, or with this hash, into a new folder, as it was staged.

    Raises `GradebookError` with what to type instead.
    """
    ledger = read_ledger(book)
    row = next(
        (row for row in ledger.rows if len(submission) >= 8 and row.digest.startswith(submission)),
        None,
    ) or ledger.row(submission)  # who shares the files may repeat them by the longer hash
    files = book.submission(row.digest) if row.digest else None
    document = ledger.document(row)
    if files is None or document is None or row.key is None:
        why = row.notes[0] if row.notes else row.state
        raise GradebookError(f"nothing of {row.student.key} was graded ({why}): no check to repeat")
    ids = tuple(str(one["id"]) for one in document["checks"])
    found = [one for one in document["checks"] if one["id"] == check]
    if not found:
        close = [id for id in ids if check in id]
        hint = f"; perhaps {', '.join(close[:3])}" if close else ""
        raise GradebookError(f'no check is called "{check}"{hint}')
    staged = unbundle(files, folder / "work")
    databases = tuple(row.key.databases.split("+"))
    return Replay(staged, row.digest, row.key.seed, check, row.key.suite, ids, databases, found[0])
