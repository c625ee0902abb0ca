"""Three verbs, the same for every exercise: check, hint, build."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from IPython.core.getipython import get_ipython

from workbook import cards
from workbook.course import Exercise
from workbook.notebook.built import Built, pieces
from workbook.notebook.desk import Desk
from workbook.notebook.progress import Progress
from workbook.notebook.telling import SAID, Hints, Note, Unclear, plainly, says, show

QUICK, BOTH = ("sqlite",), ("sqlite", "postgresql")
SEED = 7  # the same drawn values on every run, so that a story stays as it was told

_desk: Desk | None = None


def desk() -> Desk:
    """The one place of this kernel."""
    global _desk
    if _desk is None:
        shell = get_ipython()
        _desk = Desk(shell.user_ns if shell is not None else {})
    return _desk


@plainly
def open_lesson(slug: str) -> None:
    """Opens a lesson: the package as the lesson before left it, and an empty database.

    `DATABASE_URL` names that database, a SQLite file. Opening again starts afresh. The
    package is the only `app` this kernel imports, and `build` grows it.
    """
    place = desk()
    place.open(slug)
    lesson = place.lesson
    show(
        Note(
            f"Lesson {lesson.number:02}, {lesson.title}: {lesson.promise}"
            if lesson
            else f"{place.course.title}: nothing is built yet."
        )
    )


async def check(*ids: str, both: bool = False) -> None:
    """Runs checks on your own project and shows a card for each exercise.

    Takes ids of lessons, exercises or checks, or "core". Quick, on SQLite alone; a grade is
    made on SQLite and PostgreSQL, as is `both=True`.
    """
    try:
        place = desk()
        if not ids:
            raise Unclear('Say what to check, as in check("services.get")')
        result = await place.judging.run_checks(ids, BOTH if both else QUICK, SEED)
        place.progress.record(result)
        show(Checked(place, result))
    except SAID as error:
        show(says(error))


class Checked:
    """The cards of one result, in the forms a notebook can show."""

    def __init__(self, place: Desk, result: dict[str, Any]) -> None:
        self.place, self.result = place, result

    def __repr__(self) -> str:
        return cards.text_result(self.place.course, self.result)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        page = cards.html_result(self.place.course, self.result)
        return {"text/plain": repr(self), "text/html": page}


@plainly
def hint(id: str) -> None:
    """Shows the next of an exercise's three hints, under those you have seen."""
    place = desk()
    exercise = place.course.exercise(id)
    count = place.progress.next_hint(exercise.id, len(exercise.hints))
    show(Hints(exercise.id, exercise.title, exercise.hints[:count]))


@plainly
def build(*ids: str, look: bool = False, show_code: bool = True) -> None:
    """Puts the reference's answer into this notebook's package and shows it.

    Takes ids of exercises or lessons. Cells that follow run on the new package. Until you
    have checked an attempt, the code stays folded and asks whether to look: `look=True`
    says yes, `ask_before_build(False)` says yes for good. An edition without the reference
    puts in your own answers, once their checks have passed.
    """
    place = desk()
    exercises = _exercises(place, ids)
    package = place.package
    if package.is_own_work:
        _require_passed(exercises, place.progress)
    try:
        package.put_back([exercise.id for exercise in exercises], place.names)
    except SAID:
        raise
    except Exception as error:
        raise Unclear(
            f"{' and '.join(ids)} can't be put in: the package then fails to import with"
            f" {type(error).__name__}: {error}. Nothing has changed"
        ) from None
    for exercise in exercises if show_code else ():
        asks = not (look or package.is_own_work) and place.progress.asks
        asks = asks and not place.progress.attempts(exercise.id)
        found = pieces(exercise, package.texts)
        show(Built(exercise.id, exercise.title, found, asks, package.is_own_work))


def _exercises(place: Desk, ids: Collection[str]) -> list[Exercise]:
    if not ids:
        raise Unclear('Say what to build, as in build("services.get")')
    named = {check.exercise for check in place.course.select(ids)}
    return [exercise for exercise in place.course.exercises if exercise.id in named]


def _require_passed(exercises: Collection[Exercise], progress: Progress) -> None:
    passed = progress.passed
    for exercise in exercises:
        if not {check.id for check in exercise.checks} <= passed:
            raise Unclear(
                f"This edition builds with your own answers, and {exercise.id} has not passed"
                f' yet: await check("{exercise.id}")'
            )


@plainly
def ask_before_build(asks: bool) -> None:
    """Says whether `build` asks before it shows an answer you have not tried for."""
    desk().progress.ask(bool(asks))


@plainly
def course_map() -> None:
    """Shows the lessons of the course and how far you are."""
    place = desk()
    progress = place.progress
    show(cards.Map.of(place.course, progress.passed, progress.partly(place.course)))


def project() -> Path:
    """The folder of this notebook's own project: its package, and what lies beside it."""
    return desk().package.folder


def fresh_database(kind: str = "sqlite", *, creates_databases: bool = False) -> str:
    """The address of a new, empty database, sqlite or postgresql, gone with the kernel.

    With `creates_databases` its user may create more of them on PostgreSQL; they go too.
    """
    return desk().fresh(kind, creates_databases=creates_databases)
