"""`workbook assemble`: an AI's answer becomes a project, and is graded."""

import shutil
from pathlib import Path
from typing import Annotated, Any

import typer

from workbook import cards
from workbook.assembling import parse, place
from workbook.course import Course
from workbook.cuts import render
from workbook.judge.run import Judges
from workbook.judge.target import find_target

from .check import shown, with_judges
from .place import CourseOption, Db, DbOption, DbUrlOption, SeedOption, aside, console

LONGEST = 2_000_000
TRACES = shutil.ignore_patterns("__pycache__", "*.pyc", "*.db", ".*")


class AssemblingError(ValueError):
    """No project can be made of this; the message says what to do."""


def assemble(
    answer: Annotated[Path, typer.Argument(help="The answer, as Markdown.")],
    out: Annotated[Path | None, typer.Option("--out", help="A new folder for the project.")] = None,
    over: Annotated[
        Path | None, typer.Option("--over", help="The project it completes (default: exercises).")
    ] = None,
    db: DbOption = Db.both,
    db_url: DbUrlOption = None,
    seed: SeedOption = None,
    course: CourseOption = None,
) -> None:
    """Turns an AI's answer into a project folder, over a copy of yours, and grades it.

    Every code block that says its file counts; the exercises of those files are checked.
    """
    found = Course.load(course)
    text = _read(answer)
    known = {*render(found, ()), *(cut.file for one in found.exercises for cut in one.cuts)}
    placed = place(parse(text).blocks, known)
    for note in placed.notes:
        aside.print(f"{answer.name}, {note}", markup=False, style="dim")
    if not placed.files:
        raise AssemblingError(
            f"{answer} holds no code block that says its file. Ask for `# app/database.py` as the"
            " first line of each block, and try again"
        )
    root = out or answer.with_suffix("")
    _lay(found, over or found.starter, root, {f: b.text for f, b in placed.files.items()})
    for file in placed.files:
        console.print(f"wrote {root / file}", highlight=False, soft_wrap=True)
    ids = [one.id for one in found.exercises if any(c.file in placed.files for c in one.cuts)]
    if not ids:
        console.print("No exercise is about these files, so there is nothing to check.")
        raise typer.Exit(0)

    async def once(judges: Judges) -> dict[str, Any]:
        return await shown(judges, ids, root, db, seed, quiet=False)

    result = with_judges(found, db_url, once)
    console.print(cards.rich_result(found, result))
    raise typer.Exit(0 if all(row["verdict"] == "ok" for row in result["checks"]) else 1)


def _read(answer: Path) -> str:
    """The text of the answer; raises `AssemblingError` for what is no text."""
    if not answer.is_file():
        raise AssemblingError(f"there is no file {answer}; save the answer as Markdown first")
    if answer.stat().st_size > LONGEST:
        raise AssemblingError(f"{answer} is longer than an answer can be ({LONGEST:,} bytes)")
    try:
        return answer.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise AssemblingError(f"{answer} is no UTF-8 text; save it as Markdown") from None


def _lay(course: Course, over: Path, root: Path, files: dict[str, str]) -> None:
    """A copy of a project with these files in place of its own, in a new folder."""
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise AssemblingError(f"{root} is there already; name a new folder with --out")
    target = find_target(course, over)
    if root.resolve().is_relative_to(target.root):
        raise AssemblingError(f"{root} lies inside the project it completes; name another --out")
    if target.package == course.reference:
        files = {**render(course, ()), **files}
    else:
        shutil.copytree(target.root, root, ignore=TRACES, dirs_exist_ok=True)
    for file, text in files.items():
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
