"""A person's row out of what was judged, with the changes by hand that are in force."""

import json
from typing import Any

from workbook.databases import KINDS
from workbook.grading.gradebook.book import Gradebook, Key
from workbook.grading.gradebook.catalogue import Catalogue
from workbook.grading.gradebook.rows import UNREADABLE, Change, Mark, Row
from workbook.grading.gradebook.tables import Attempt, Override, Run, Standing
from workbook.grading.intake.roster import Student
from workbook.judge.verdicts import NAMES
from workbook.judge.versions import seed_of
from workbook.judge.work import NOT_PYTHON


def row_of(
    book: Gradebook,
    run: Run,
    catalogue: Catalogue,
    standing: Standing,
    attempts: list[Attempt],
    overrides: list[Override],
) -> Row:
    chosen = attempts[standing.chosen] if standing.chosen is not None else None
    digest = (chosen.digest if chosen else None) or ""
    key = key_of(digest, run.suite, run.databases) if digest else None
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


def key_of(digest: str, suite: str, databases: str) -> Key:
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
