"""The command `review`: findings on standard output, the verdict as exit code."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from .files import python_files
from .findings import Finding
from .formats import FORMATS
from .project import Project
from .reviewing import codes_matching, review_project


def review(
    path: Annotated[Path, typer.Argument(help="A project folder, or one Python file.")],
    format: Annotated[str, typer.Option(help="text, json, github or sarif.")] = "text",
    select: Annotated[str, typer.Option(help="Only these codes, or beginnings of codes.")] = "",
    ignore: Annotated[str, typer.Option(help="All but these codes.")] = "",
    fix: Annotated[bool, typer.Option("--fix", help="Mend what can be mended safely.")] = False,
) -> None:
    """Review an async SQLModel or SQLAlchemy project for production readiness.

    Exit code 0: nothing found. 1: findings. 2: the request itself can't be carried out.
    """
    if format not in FORMATS:
        _refuse(f"there is no format {format!r}; choose one of {', '.join(FORMATS)}")
    try:
        codes = _wanted(select, ignore)
    except ValueError as error:
        _refuse(f"{error}; docs/review/README.md lists the codes")
    if not path.exists():
        _refuse(f"there is nothing at {path}; give the folder of a project")
    if not python_files(path):
        _refuse(f"there are no Python files at {path}; give the folder of a project")
    project = Project(path)
    if project.unread:
        _tell_unread(project.unread)
    found = review_project(project, codes)
    if fix and (changed := _mend(found)):
        typer.echo(f"{changed} mended; what is left:", err=True)
        found = review_project(Project(path), codes)
    _show(found, format)
    if found:
        raise typer.Exit(1)


def _wanted(select: str, ignore: str) -> set[str] | None:
    if not select and not ignore:
        return None
    chosen = codes_matching(select) if select else codes_matching("WB")
    return chosen - (codes_matching(ignore) if ignore else set())


def _tell_unread(files: list[str]) -> None:
    running = ".".join(map(str, sys.version_info[:2]))
    others = f" and {len(files) - 1} more" if len(files) > 1 else ""
    typer.echo(
        f"{files[0]}{others} uses syntax newer than Python {running} and was not reviewed; "
        "run the review with the project's own Python.",
        err=True,
    )


def _mend(found: list[Finding]) -> int:
    from .fixes import mend  # its library takes longer to import than a review takes

    return mend(found)


def _show(found: list[Finding], format: str) -> None:
    if found or format != "text":
        typer.echo(FORMATS[format](found), nl=False)


def _refuse(message: str) -> NoReturn:
    typer.echo(f"workbook: {message}", err=True)
    raise typer.Exit(2)
