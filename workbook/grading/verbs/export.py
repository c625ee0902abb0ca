"""`workbook export`: grades in the format another system imports."""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from workbook.grading.exports.canvas import canvas_csv
from workbook.grading.exports.github import annotations, job_summary
from workbook.grading.exports.gradescope import gradescope_results
from workbook.grading.exports.junit import junit_xml
from workbook.grading.exports.missing import missing_in_canvas, missing_in_moodle
from workbook.grading.exports.moodle import fill_worksheet, moodle_csv
from workbook.grading.exports.table import grades_csv
from workbook.grading.gradebook.book import GradebookError
from workbook.grading.gradebook.folder import in_folder
from workbook.grading.gradebook.ledger import Ledger, read_ledger
from workbook.grading.gradebook.rows import Row
from workbook.grading.verbs.grade import OUT
from workbook.grading.verbs.speaking import OutOption, told
from workbook.grading.writing import canonical, write_whole


class Format(StrEnum):
    """Where the grades go."""

    csv = "csv"
    canvas = "canvas"
    moodle = "moodle"
    worksheet = "moodle-worksheet"
    gradescope = "gradescope"
    junit = "junit"
    github = "github"


def export(
    to: Annotated[Format, typer.Argument(help="Where the grades go.")],
    out: OutOption = OUT,
    file: Annotated[
        Path | None, typer.Option("--file", help="Write here, whole; else to the terminal.")
    ] = None,
    title: Annotated[str, typer.Option(help="The assignment's name there.")] = "Task API",
    canvas_id: Annotated[str, typer.Option(help="The assignment's number in Canvas.")] = "",
    worksheet: Annotated[
        Path | None, typer.Option(help="The grading worksheet downloaded from Moodle.")
    ] = None,
    student: Annotated[
        str | None, typer.Option(help="Whose, for gradescope and github (alone in a class of one).")
    ] = None,
    prefix: Annotated[str, typer.Option(help="The project's folder in its repository.")] = "",
) -> None:
    """Writes the grades in the format another system imports."""
    with told(), in_folder(out) as book:
        if file is not None and file.is_dir():
            raise ValueError(f"{file} is a folder: name a file in it with --file")
        ledger = read_ledger(book)
        code = 0
        if to is Format.csv:
            text = grades_csv(ledger)
        elif to is Format.canvas:
            text = canvas_csv(ledger, title, canvas_id)
            _aside(missing_in_canvas(ledger))
        elif to is Format.moodle:
            text = moodle_csv(ledger, title)
            _aside(missing_in_moodle(ledger))
        elif to is Format.worksheet:
            text = _filled(ledger, worksheet)
        elif to is Format.junit:
            text = junit_xml(ledger)
        elif to is Format.gradescope:
            row = _whose(ledger, student)
            results = gradescope_results(row, ledger.document(row))
            if results is None:
                raise GradebookError(f"{row.student.key} has no grade to show: {row.state}")
            text = canonical(results) + "\n"
        else:
            text, code = _github(ledger, _whose(ledger, student), prefix)
            text = "" if file is None and _appended(text) else text
        if file is None:
            sys.stdout.write(text)
        else:
            write_whole(file, text)
    raise typer.Exit(code)


def _aside(lines: list[str]) -> None:
    """Say who is missing where it doesn't get into the file."""
    for said in lines:
        typer.echo(said, err=True)


def _filled(ledger: Ledger, worksheet: Path | None) -> str:
    if worksheet is None:
        raise GradebookError("give the file downloaded from Moodle with --worksheet")
    try:
        given = worksheet.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise GradebookError(f"there is no worksheet at {worksheet}") from None
    except (OSError, UnicodeDecodeError):
        raise GradebookError(f"{worksheet} can't be read as UTF-8") from None
    text, left = fill_worksheet(ledger, given)
    if left:
        typer.echo(f"no line in the worksheet for: {', '.join(left)}", err=True)
    return text


def _whose(ledger: Ledger, student: str | None) -> Row:
    if student is not None:
        return ledger.row(student)
    if len(ledger.rows) != 1:
        raise GradebookError(f"there are {len(ledger.rows)} people: name one with --student")
    return ledger.rows[0]


def _github(ledger: Ledger, row: Row, prefix: str) -> tuple[str, int]:
    """The summary; annotations go to standard output, where the runner reads commands."""
    document = ledger.document(row)
    for command in annotations(document, prefix) if document else ():
        typer.echo(command)
    return job_summary(row), 0 if row.earned == row.possible else 1


def _appended(text: str) -> bool:
    """Add to the job summary, where a workflow runs; other steps' words stay."""
    named = os.environ.get("GITHUB_STEP_SUMMARY")
    if not named:
        return False
    with open(named, "a", encoding="utf-8") as summary:
        summary.write(text)
    return True
