"""`workbook replay` and `workbook override`: when somebody asks about a grade."""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from workbook.commands.place import CourseOption
from workbook.course import UnknownId
from workbook.grading.cleaning import clean
from workbook.grading.exports.table import number
from workbook.grading.gradebook.catalogue import lesson_of
from workbook.grading.gradebook.folder import in_folder, only_one
from workbook.grading.gradebook.overriding import override as change
from workbook.grading.gradebook.replaying import Replay
from workbook.grading.gradebook.replaying import replay as lay_out
from workbook.grading.grader import GraderFactory
from workbook.grading.outputs import write_outputs
from workbook.grading.running.crew import Seats
from workbook.grading.running.making import GRADER, maker
from workbook.grading.verbs.grade import OUT
from workbook.grading.verbs.speaking import (
    GraderOption,
    OutOption,
    UnsafeOption,
    out_console,
    say,
    told,
)


def replay(
    submission: Annotated[str, typer.Argument(help="A student, or a submission's hash.")],
    check: Annotated[str, typer.Argument(help="A check's id.")],
    out: OutOption = OUT,
    keep: Annotated[
        Path | None, typer.Option("--keep", help="Leave the files in this new folder to look at.")
    ] = None,
    unsafe: UnsafeOption = False,
    course: CourseOption = None,
    grader: GraderOption = GRADER,
) -> None:
    """Repeats one check of one submission with the same files and seed."""
    with told():
        _empty(keep)
    with told(), tempfile.TemporaryDirectory(prefix="workbook-replay-") as made:
        with in_folder(out) as book:
            again = lay_out(book, submission, check, keep or Path(made))
            files = book.submission(again.digest)
        assert files is not None
        made_by = partial(maker(grader), course, databases=again.databases, unsafe=unsafe)
        if _version(partial(made_by, checks=again.graded)) != again.suite:
            say("The suites have changed since; this is what today's say.")
        # All of its lesson, which the same witness runs: then nothing is other than it was.
        seats = Seats(made_by(checks=(lesson_of(check),)))
        try:
            graded = seats.grade(files, again.seed)
        finally:
            seats.close()
        found = [one for one in (graded.document or {}).get("checks", ()) if one["id"] == check]
        if not found:
            why = "; ".join(graded.faults) or "the suites have no such check any more"
            raise ValueError(f"the check could not be repeated: {why}")
    raise typer.Exit(_compare(again, found[0]))


def override(
    student: Annotated[str, typer.Argument(help="A student, as grades.csv names them.")],
    check: Annotated[str, typer.Argument(help="A check's id.")],
    points: Annotated[str, typer.Argument(help="The points, or `judged` to take a change back.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; everybody who looks will see it.")],
    out: OutOption = OUT,
) -> None:
    """Gives the points of one check by hand, with a reason that stays visible."""
    with told():
        try:
            given = None if points == "judged" else float(points)
        except ValueError:
            raise ValueError(f"points are a number or `judged`, not {points}") from None
        with in_folder(out) as book, only_one(out):
            ledger = change(book, student, check, given, reason)
            write_outputs(ledger, out)
            row = ledger.row(student)
    now = f"{number(row.earned) or 'no grade'} of {number(row.possible)} points"
    say(f"{row.student.key}: {now}; your reason stands in the reports and exports")
    say("exports/canvas.csv has no room for it; grades.csv has it too")


def _empty(keep: Path | None) -> None:
    """Raise where the files to look at would lie among others."""
    if keep is not None and keep.exists() and not (keep.is_dir() and not any(keep.iterdir())):
        raise ValueError(f"{keep} isn't an empty folder: name a new one with --keep")


def _version(factory: Callable[[], GraderFactory]) -> str:
    """The version of the suites as they are now, or nothing where a check is gone."""
    try:
        return factory()().suite_version
    except UnknownId:
        return ""


def _compare(again: Replay, now: dict[str, Any]) -> int:
    same = {**again.before, "printed": ""} == {**now, "printed": ""}
    say(f"{again.check}  seed {again.seed}")
    say(f"  then  {again.before['verdict']}")
    say(f"  now   {now['verdict']}")
    for told_by in (now.get("story"), now.get("where")):
        if told_by:
            out_console().print(clean(str(told_by)), markup=False)
    say("The same again." if same else "Not the same: look at both before you decide.")
    return 0 if same else 1
