"""The class as reports and exports read it: one row a person, changes by hand applied."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

from sqlmodel import col, select

from workbook.grading.gradebook.book import Gradebook, GradebookError
from workbook.grading.gradebook.catalogue import Catalogue
from workbook.grading.gradebook.judged import key_of, needed, row_of
from workbook.grading.gradebook.lookup import find_row
from workbook.grading.gradebook.rows import Row
from workbook.grading.gradebook.tables import Attempt, Standing


@dataclass(frozen=True)
class Ledger:
    """Everybody in the order of their keys, and what holds for the run as a whole."""

    book: Gradebook
    rows: tuple[Row, ...]
    catalogue: Catalogue
    suite: str
    databases: str
    attempts: str
    containment: dict[str, Any] = field(default_factory=dict)
    possible: float = 0
    beside: float = 0
    gone: tuple[str, ...] = ()
    """Who was graded by the run before and handed in nothing now."""

    @property
    def needs(self) -> str:
        """What the checks that were left out need: the databases that were not chosen."""
        return needed(self.databases)

    @property
    def left_out(self) -> list[str]:
        """The checks that no chosen database could run."""
        found = {mark.id: None for row in self.rows for mark in row.marks if mark.left_out}
        return list(found)

    def document(self, row: Row) -> dict[str, Any] | None:
        """The whole result of a row, schema 1, as the judge gave it."""
        found = self.book.result(row.key) if row.key else None
        document = json.loads(found.document) if found else {}
        return document or None

    def row(self, student: str) -> Row:
        """The person's row; raises `GradebookError` with what to type instead."""
        return find_row(self.rows, student)

    def points(self, attempt: Attempt) -> float | None:
        """What an attempt earned as judged, or None where it has no result."""
        digest = attempt.digest or ""
        found = self.book.result(key_of(digest, self.suite, self.databases))
        return json.loads(found.document).get("earned") if found else None


def read_ledger(book: Gradebook) -> Ledger:
    """The class as the last finished run left it; raises `GradebookError` before the first."""
    run = book.last_finished()
    if run is None:
        raise GradebookError(f"{book.path} holds no finished run: run `workbook grade` first")
    catalogue = Catalogue.from_facts(json.loads(run.catalogue))
    with book.session() as session:
        standings = session.exec(
            select(Standing).where(Standing.run_id == run.id).order_by(col(Standing.student))
        ).all()
        tries = session.exec(
            select(Attempt).where(Attempt.run_id == run.id).order_by(col(Attempt.position))
        ).all()
    by_student: dict[str, list[Attempt]] = {}
    for attempt in tries:
        by_student.setdefault(attempt.student, []).append(attempt)
    overrides = book.overrides()
    rows = [
        row_of(book, run, catalogue, standing, by_student.get(standing.student, []), overrides)
        for standing in standings
    ]
    core = [points for id, points in catalogue.points.items() if not catalogue.is_extension(id)]
    beside = [points for id, points in catalogue.points.items() if catalogue.is_extension(id)]
    possible = max([sum(core), *(row.possible for row in rows)])
    extra = max([sum(beside), *(row.beside for row in rows)])
    whole = tuple(replace(row, possible=possible, beside=extra) for row in rows)
    about = json.loads(run.containment)
    return Ledger(
        book, whole, catalogue, run.suite, run.databases, run.attempts, about, possible, extra
    )
