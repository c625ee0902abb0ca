"""`workbook check` and `workbook watch`: run checks, show cards."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from workbook import cards
from workbook.course import Course
from workbook.judge.run import Judges
from workbook.judge.target import find_target
from workbook.notebook.progress import Progress as Book
from workbook.starter import untouched

from .place import (
    CourseOption,
    Db,
    DbOption,
    DbUrlOption,
    SeedOption,
    TargetOption,
    aside,
    console,
)

Ids = Annotated[list[str] | None, typer.Argument(help="Lessons, exercises or checks; all if none.")]


def check(
    ids: Ids = None,
    target: TargetOption = None,
    db: DbOption = Db.both,
    db_url: DbUrlOption = None,
    seed: SeedOption = None,
    course: CourseOption = None,
    begun: Annotated[bool, typer.Option("--begun", help="Leave out what isn't begun yet.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The result as JSON, schema 1.")] = False,
) -> None:
    """Checks your work and shows a card for each exercise."""
    found = Course.load(course)
    if begun:
        ids = _begun(found, ids or [], find_target(found, target or found.starter).root)
        if not ids:
            aside.print("Nothing is begun yet, so there is nothing to check.")
            return

    async def once(judges: Judges) -> dict[str, Any]:
        return await shown(judges, ids or [], target, db, seed, quiet=as_json)

    result = with_judges(found, db_url, once)
    _remember(found, target, result)
    if as_json:
        print(json.dumps(result, indent=2, sort_keys=True))
    else:
        console.print(cards.rich_result(found, result))
    raise typer.Exit(0 if all(row["verdict"] == "ok" for row in result["checks"]) else 1)


def watch(
    ids: Ids = None,
    target: TargetOption = None,
    db: DbOption = Db.sqlite,
    db_url: DbUrlOption = None,
    course: CourseOption = None,
) -> None:
    """Checks again whenever a file of yours changes; Ctrl-C ends it."""
    found = Course.load(course)
    place = find_target(found, target or found.starter)
    found.select(ids or [])

    async def again(judges: Judges) -> dict[str, Any]:
        before = ""
        while True:
            if (now := place.digest()) != before:
                before = now
                result = await shown(judges, ids or [], target, db, None, quiet=False)
                _remember(found, target, result)
                console.clear()
                console.print(cards.rich_result(found, result))
                console.print(f"watching {place.root}; Ctrl-C ends it", style="dim")
            await asyncio.sleep(0.4)

    with_judges(found, db_url, again)


def with_judges(
    course: Course, db_url: str | None, work: Callable[[Judges], Awaitable[dict[str, Any]]]
) -> dict[str, Any]:
    """What some work with judges gives; they end with it."""

    async def run() -> dict[str, Any]:
        judges = Judges(course, db_url)
        try:
            return await work(judges)
        finally:
            await judges.close()

    return asyncio.run(run())


async def shown(
    judges: Judges, ids: list[str], target: Path | None, db: Db, seed: int | None, *, quiet: bool
) -> dict[str, Any]:
    """Runs checks behind a progress bar; the bar leaves nothing behind."""
    total = sum(kind in check.databases for check in judges.course.select(ids) for kind in db.kinds)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    hidden = quiet or not aside.is_terminal
    with Progress(*columns, console=aside, transient=True, disable=hidden) as bar:
        job = bar.add_task("starting the judge", total=total)
        return await judges.run(
            ids,
            target,
            databases=db.kinds,
            seed=seed,
            on_outcome=lambda outcome: bar.update(job, advance=1, description=outcome.check),
        )


def _begun(course: Course, ids: list[str], root: Path) -> list[str]:
    """The checks of exercises that are no blanks any more, and neither is what they need."""
    blank = untouched(course, root)
    ready = {
        exercise.id
        for exercise in course.exercises
        if blank.isdisjoint([exercise.id, *(each.id for each in course.prerequisites(exercise))])
    }
    return [check.id for check in course.select(ids) if check.exercise in ready]


def _remember(course: Course, target: Path | None, result: dict[str, Any]) -> None:
    """Keeps what passed, when it was the student's own project that was checked."""
    if find_target(course, target or course.starter).root == course.starter:
        Book.of(course).record(result)
