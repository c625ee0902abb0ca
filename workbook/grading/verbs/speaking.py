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
    except (CannotStart, ValueError, UnknownId) as error:
        typer.echo(f"workbook: {line(str(error), 4_000)}", err=True)
        raise typer.Exit(2) from None
