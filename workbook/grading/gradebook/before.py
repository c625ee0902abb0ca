"""What was graded before in this gradebook: so that no grades take the place of others.

Another class, other lessons, other databases and a roster left out each make other grades.
"""

import json
from collections.abc import Iterable

from sqlmodel import col, select

from workbook.grading.gradebook.book import Gradebook, GradebookError
from workbook.grading.gradebook.catalogue import Catalogue, lesson_of
from workbook.grading.gradebook.tables import Attempt, Run
from workbook.grading.intake.candidates import Candidate
from workbook.grading.intake.entries import listed

People = dict[str, set[str]]
"""The names of what each person handed in, by their key."""


def who_handed_in(candidates: Iterable[Candidate]) -> People:
    """Everybody who handed something in."""
    return {
        candidate.student.key: {attempt.label for attempt in candidate.attempts}
        for candidate in candidates
        if candidate.attempts
    }


def people_of(book: Gradebook, run: Run | None) -> People:
    """Everybody who had handed something in when this run was begun."""
    if run is None:
        return {}
    with book.session() as session:
        tries = session.exec(
            select(Attempt).where(Attempt.run_id == run.id).order_by(col(Attempt.student))
        ).all()
    found: People = {}
    for attempt in tries:
        found.setdefault(attempt.student, set()).add(attempt.label)
    return found


def same_class(before: People, now: People, out: object) -> None:
    """Raise `GradebookError` where nobody of the class in the gradebook is here."""
    if before and len(missing(before, now)) == len(before):
        people = (
            "1 person, who is not" if len(before) == 1 else f"{len(before)} people, none of them"
        )
        raise GradebookError(
            f"{out} holds the grades of another class ({people} here): name another --out"
        )


def same_assignment(before: Run | None, run: Run, out: object) -> None:
    """Raise `GradebookError` where the last finished run graded something else.

    New suites, new exercises and longer rosters are the same assignment still.
    """
    if before is None:
        return
    there, here = (Catalogue.from_facts(json.loads(one.catalogue)) for one in (before, run))
    if before.databases != run.databases:
        was, now, flag = _words(before.databases), _words(run.databases), "--db"
    elif (there.chosen ^ here.chosen) & set(there.exercises) & set(here.exercises):
        was, now, flag = *_lessons(there, here), "--lesson"
    elif before.roster and not run.roster:
        raise GradebookError(
            f"{out} holds the grades of a class with a roster, which is missing now:"
            " give --roster again, or name another --out"
        )
    else:
        return
    raise GradebookError(
        f"{out} holds grades for {was}, and these would be for {now}:"
        f" give the same {flag} again, or name another --out"
    )


def _words(databases: str) -> str:
    return databases.replace("+", " and ")


def _lessons(there: Catalogue, here: Catalogue) -> tuple[str, str]:
    """What each of two runs graded: lessons, or exercises where the lessons are the same."""
    was, now = ({lesson_of(exercise) for exercise in one.chosen} for one in (there, here))
    if was == now:
        return listed(sorted(there.chosen)), listed(sorted(here.chosen))
    return _listed(was, there), _listed(now, here)


def _listed(lessons: set[str], catalogue: Catalogue) -> str:
    whole = len(lessons) == len(catalogue.lessons)
    return "all lessons" if whole else listed(sorted(lessons))


def missing(before: People, now: People) -> tuple[str, ...]:
    """Who was there before and isn't now, by key and by the name of what they handed in."""
    labels = set().union(*now.values()) if now else set()
    return tuple(key for key, mine in before.items() if key not in now and not mine & labels)


def begun(run_id: int, people: People) -> list[Attempt]:
    """Rows that say whose run it is before anybody is graded; the results replace them."""
    return [
        Attempt(run_id=run_id, student=key, position=place, label=label)
        for key, labels in people.items()
        for place, label in enumerate(sorted(labels))
    ]
