"""The class as reports and exports read it: one row a person, changes by hand applied."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

from sqlmodel import col, select

from workbook.databases import KINDS
from workbook.grading.catalogue import Catalogue
from workbook.grading.finding import find_row
from workbook.grading.gradebook import Gradebook, GradebookError, Key
from workbook.grading.roster import Student
from workbook.grading.rows import UNREADABLE, Change, Mark, Row
from workbook.grading.tables import Attempt, Override, Run, Standing
from workbook.judge.verdicts import NAMES
from workbook.judge.versions import seed_of
from workbook.judge.work import NOT_PYTHON


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
        found = self.book.result(_key(digest, self.suite, self.databases))
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
        _row(book, run, catalogue, standing, by_student.get(standing.student, []), overrides)
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


def _row(
    book: Gradebook,
    run: Run,
    catalogue: Catalogue,
    standing: Standing,
    attempts: list[Attempt],
    overrides: list[Override],
) -> Row:
    chosen = attempts[standing.chosen] if standing.chosen is not None else None
    digest = (chosen.digest if chosen else None) or ""
    key = _key(digest, run.suite, run.databases) if digest else None
    found = book.result(key) if key else None
    document: dict[str, Any] = json.loads(found.document) if found else {}
    changes = _changes(standing.student, digest, overrides)
    judged = {check["id"]: _told(check, run) for check in document.get("checks", ())}
    # A change of a lesson that wasn't graded waits for it; an unknown course has no lessons.
    counted = {*judged, *catalogue.points} if catalogue.points else {one.check for one in changes}
    counted -= {id for id, check in judged.items() if _runs_nowhere(check)}
    in_force = {one.check: one for one in changes if one.in_force and one.check in counted}
    known = [*judged, *(id for id in in_force if id not in judged)]
    marks = tuple(_mark(id, judged.get(id), in_force.get(id), catalogue) for id in known)
    notes = [note for note in document.get("notes", ()) if isinstance(note, str)]
    if (place := _unreadable(document)) is not None:
        notes = [f"{UNREADABLE}: {place}", *notes]
    if chosen is not None:
        notes = [*json.loads(chosen.notes), *notes]
        notes = [chosen.reason, *notes] if chosen.reason else notes
    return Row(
        student=Student(**json.loads(standing.person)),
        state=standing.state,
        marks=marks,
        flags=tuple(json.loads(standing.flags)),
        notes=tuple(notes),
        attempts=tuple(attempts),
        chosen=standing.chosen,
        key=key,
        changes=changes,
        judged=document.get("earned", 0),
        judged_beside=document.get("extension", {}).get("earned", 0),
        possible=document.get("possible", 0) - _unearnable(document, catalogue, extension=False),
        beside=document.get("extension", {}).get("possible", 0)
        - _unearnable(document, catalogue, extension=True),
    )


def _key(digest: str, suite: str, databases: str) -> Key:
    return Key(digest, suite, databases, seed_of(digest, suite))


def needed(databases: str) -> str:
    """`needs PostgreSQL`, where a run was on SQLite alone."""
    others = [NAMES[kind] for kind in KINDS if kind not in databases.split("+")]
    return f"needs {' or '.join(others)}" if others else "needs another database"


def _unreadable(document: dict[str, Any]) -> str | None:
    """Where the file is that no check could read; None where one could, or met something else."""
    checks = [check for check in document.get("checks", ()) if check["verdict"] != "not checked"]
    met = {(check.get("where", ""), check.get("story", "")) for check in checks}
    where, story = met.pop() if len(met) == 1 else ("", "")
    return (where or "a file") if story.startswith(NOT_PYTHON) else None


def _runs_nowhere(check: dict[str, Any]) -> bool:
    """Whether the check is on none of the chosen databases."""
    return check["verdict"] == "not checked" and check.get("databases") == {}


def _told(check: dict[str, Any], run: Run) -> dict[str, Any]:
    """The check as it counts: what runs nowhere is worth nothing and says why."""
    if not _runs_nowhere(check):
        return check
    return {**check, "possible": 0, "story": needed(run.databases)}


def _unearnable(document: dict[str, Any], catalogue: Catalogue, *, extension: bool) -> float:
    return sum(
        float(check["possible"])
        for check in document.get("checks", ())
        if _runs_nowhere(check) and catalogue.is_extension(check["id"]) == extension
    )


def _changes(student: str, digest: str, overrides: list[Override]) -> tuple[Change, ...]:
    """Everything ever changed by hand; of several for one check the last is in force."""
    mine = [override for override in overrides if override.student == student]
    last = {override.check: override for override in mine if override.digest == digest}
    return tuple(
        Change(
            override.check,
            override.points,
            override.reason,
            last.get(override.check) is override and override.points is not None,
        )
        for override in mine
    )


def _mark(
    id: str, judged: dict[str, Any] | None, change: Change | None, catalogue: Catalogue
) -> Mark:
    extension = catalogue.is_extension(id)
    if judged is None:
        possible = catalogue.points.get(id, 0)
        return Mark(id, "", "not checked", 0, possible, extension=extension, change=change)
    return Mark(
        id,
        str(judged.get("line", "")),
        judged["verdict"],
        judged["earned"],
        judged["possible"],
        str(judged.get("story", ""))[:400],
        extension,
        change,
    )
