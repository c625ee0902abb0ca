"""How the verbs speak: one clear line for what can't be done, exit code 2."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from workbook.course import UnknownId
from workbook.grading.cleaning import clean, line
from workbook.grading.running.crew import CannotStart


def out_console() -> Console:
    """Where results are said."""
    return Console(highlight=False, soft_wrap=True)


def say(text: str) -> None:
    """A line of ours; what students wrote in it is text."""
    out_console().print(clean(text, 4_000), markup=False)


@contextmanager
def told(again: str = "try again") -> Iterator[None]:
    """Turn what the caller can mend into one line and exit code 2; `again` is how to go on."""
    try:
        yield
    except (CannotStart, ValueError, UnknownId) as error:
        said = str(error)
    except OSError as error:
        said = _of_the_system(error, again)
    else:
        return
    typer.echo(f"workbook: {line(said, 4_000)}", err=True)
    raise typer.Exit(2)


def _of_the_system(error: OSError, again: str) -> str:
    place = str(error.filename or "")
    if error.errno == errno.ENOSPC:
        folder = Path(place) if Path(place).is_dir() else Path(place).parent
        return f"no space left{f' in {folder}' if place else ''}; free some and {again}"
    return f"{place}: {error.strerror or error}" if place else str(error.strerror or error)


def folder_for_grades(text: str | Path) -> Path:
    """The `--out` folder; says what to give instead of nothing or of a file."""
    with told():
        if not str(text).strip():
            raise ValueError("--out is empty: name a folder for the grades")
        if Path(text).is_file():
            raise ValueError(f"{text} is a file: name a folder with --out")
    return Path(text)


OutOption = Annotated[
    Path,
    typer.Option(
        "--out", "-o", metavar="FOLDER", parser=folder_for_grades,
        help="The folder with the gradebook and all that's made.",
    ),
]  # fmt: skip
GraderOption = Annotated[
    str,
    typer.Option(
        "--grader", help="Who grades: module:function.", envvar="WORKBOOK_GRADER", hidden=True
    ),
]
UnsafeOption = Annotated[
    bool, typer.Option("--unsafe", help="Grade without a sandbox, if there is none. Never as root.")
]
