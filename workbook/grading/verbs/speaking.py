"""How the verbs speak: one clear line for what can't be done, exit code 2."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from workbook.course import UnknownId
from workbook.grading.cleaning import clean, line
from workbook.grading.crew import CannotStart
from workbook.grading.exports.table import isolation
from workbook.grading.gradebook import FILE, Gradebook, GradebookError
from workbook.grading.intake import IntakeError
from workbook.grading.ledger import Ledger
from workbook.grading.roster import RosterError
from workbook.grading.run import GradingError

OutOption = Annotated[
    Path, typer.Option("--out", "-o", help="The folder with the gradebook and all that's made.")
]
CourseOption = Annotated[
    Path | None,
    typer.Option("--course", help="A course folder with course.toml.", envvar="WORKBOOK_COURSE"),
]
GraderOption = Annotated[
    str,
    typer.Option(
        "--grader", help="Who grades: module:function.", envvar="WORKBOOK_GRADER", hidden=True
    ),
]
DbUrlOption = Annotated[
    str | None,
    typer.Option(
        "--db-url", help="An existing PostgreSQL server to use.", envvar="WORKBOOK_DB_URL"
    ),
]
UnsafeOption = Annotated[
    bool, typer.Option("--unsafe", help="Grade without a sandbox, if there is none. Never as root.")
]


def out_console() -> Console:
    """Where results are said."""
    return Console(highlight=False, soft_wrap=True)


def say(text: str) -> None:
    """A line of ours; what students wrote in it is text."""
    out_console().print(clean(text, 4_000), markup=False)


@contextmanager
def told() -> Iterator[None]:
    """Turn what the caller can mend into one line and exit code 2."""
    try:
        yield
    except (
        GradebookError, RosterError, IntakeError, GradingError, CannotStart, ValueError, UnknownId,
    ) as error:  # fmt: skip
        typer.echo(f"workbook: {line(str(error), 4_000)}", err=True)
        raise typer.Exit(2) from None


@contextmanager
def gradebook(out: Path) -> Iterator[Gradebook]:
    """The gradebook of a folder that has one."""
    if not (out / FILE).is_file():
        raise GradebookError(f"there is no gradebook in {out}: name its folder with --out")
    with Gradebook(out / FILE) as book:
        yield book


def summary(ledger: Ledger, out: Path) -> None:
    """Say how a class stands and what to open."""
    counts = dict.fromkeys(("graded", "absent", "refused", "ours"), 0)
    for row in ledger.rows:
        counts[row.state] += 1
    words = {"ours": "held up by a fault of ours"}
    said = ", ".join(
        f"{count} {words.get(state, state)}" for state, count in counts.items() if count
    )
    say(f"{len(ledger.rows)} {'person' if len(ledger.rows) == 1 else 'people'}: {said}")
    flagged = sum(bool(row.flags) for row in ledger.rows)
    if flagged:
        say(f"{flagged} not matched with the roster: see the report, under To look at")
    say(f"isolation: {isolation(ledger.containment)}")
    say(f"grades   {out / 'grades.csv'}")
    say(f"report   {out / 'report' / 'index.html'}")
