"""Two tools that grade notebooks, on the job: nbgrader and Otter."""

import json
import re
import sqlite3
import venv
from pathlib import Path

import nbformat

from benchmarks.peers.job import ASSERTS
from benchmarks.peers.tools import Grade, run

PEERS = ("nbgrader==0.9.6", "otter-grader==7.0.0", "sqlmodel", "aiosqlite", "ipykernel")
NAMES = re.findall(r"^async def (\w+)\(desk\)", ASSERTS, re.M)


def environment(folder: Path) -> Path:
    """The Python of a throw-away environment with the other tools in it."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *PEERS])
    return python


def by_nbgrader(texts: dict[str, str], place: Path, python: Path) -> Grade:
    """`nbgrader autograde`, all in one call."""
    for name, text in texts.items():
        folder = place / "submitted" / name / "job"
        folder.mkdir(parents=True)
        nbformat.write(_assignment(text), folder / "work.ipynb")
    (place / "source" / "job").mkdir(parents=True)
    nbformat.write(_assignment("# the student's"), place / "source" / "job" / "work.ipynb")
    (place / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.course_id = 'notes'\n"
    )
    run([python, "-m", "nbgrader", "generate_assignment", "job"], place)

    def grade() -> dict[str, int]:
        run([python, "-m", "nbgrader", "autograde", "job", "--create", "--force"], place)
        query = """SELECT s.student_id, count(*) FROM grade g
            JOIN submitted_notebook n ON n.id = g.notebook_id
            JOIN submitted_assignment s ON s.id = n.assignment_id
            WHERE g.auto_score = 1 GROUP BY 1"""
        with sqlite3.connect(place / "gradebook.db") as book:
            return dict.fromkeys(texts, 0) | dict(book.execute(query).fetchall())

    return grade


def by_otter(texts: dict[str, str], place: Path, python: Path) -> Grade:
    """`otter run`, once for each: it takes many only with Docker."""
    (place / "tests").mkdir(parents=True)
    for name in NAMES:
        (place / "tests" / f"{name}.py").write_text(
            "from otter.test_files import test_case\n\nOK_FORMAT = False\n"
            f"name = {name!r}\npoints = 1\n\n\n@test_case(points=1)\n"
            f"def test_it(env):\n    env['checked'](env[{name!r}])\n"
        )
    run([python, "-m", "otter", "generate", "-t", "tests", "--no-environment"], place)
    for name, text in texts.items():
        book = nbformat.v4.new_notebook()
        book.cells = [nbformat.v4.new_code_cell(part) for part in (text, ASSERTS, _IN_A_THREAD)]
        book.metadata["kernelspec"] = _KERNEL
        nbformat.write(book, place / f"{name}.ipynb")
        (place / name).mkdir()

    def grade() -> dict[str, int]:
        found = {}
        for name in texts:
            command = [python, "-m", "otter", "run", "-a", "autograder.zip", "-o", name]
            run([*command, "--no-logo", f"{name}.ipynb"], place)
            results = json.loads((place / name / "results.json").read_text())
            found[name] = sum(test.get("score", 0) == 1 for test in results["tests"])
        return found

    return grade


_KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
_IN_A_THREAD = """
import asyncio
import threading
from types import SimpleNamespace


def checked(check):
    failed = []

    async def work():
        async with Desk(SimpleNamespace(**globals())) as desk:
            await check(desk)

    def run():
        try:
            asyncio.run(work())
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
"""


def _assignment(text: str) -> nbformat.NotebookNode:
    book = nbformat.v4.new_notebook()
    book.metadata["kernelspec"] = _KERNEL
    book.cells = [_cell("layer", text, solution=True), _cell("desk", ASSERTS)]
    for name in NAMES:
        desk = "async with Desk(SimpleNamespace(**globals())) as desk:"
        source = f"from types import SimpleNamespace\n{desk}\n    await {name}(desk)"
        book.cells.append(_cell(name, source, points=1))
    return book


def _cell(
    id: str, source: str, *, solution: bool = False, points: int = 0
) -> nbformat.NotebookNode:
    cell = nbformat.v4.new_code_cell(source)
    cell.metadata["nbgrader"] = {
        "grade_id": id, "solution": solution, "grade": bool(points), "locked": not solution,
        "schema_version": 3, "task": False, "cell_type": "code",
    } | ({"points": points} if points else {})  # fmt: skip
    return cell
