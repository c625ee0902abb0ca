"""Notebooks run: as committed, twice, cell by cell twice, each section by itself."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.course.notebooks import COURSE, NAMES, SECONDS, Notebook, executed, fresh_copy
from workbook.cuts import package_at
from workbook.judge.run import Judges

pytestmark = pytest.mark.proof

LESSONS = {f"{lesson.number:02}_{lesson.slug}": lesson for lesson in COURSE.lessons}
COMPARED = 15
"""The fewest cells of a lesson whose outputs nbval compares: a stripped notebook can't pass."""


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The repository with an untouched starter, and the state of nobody."""
    root = tmp_path / "course"
    for name, value in fresh_copy(root).items():
        monkeypatch.setenv(name, value)
    return root


def run(cells: list[Any], folder: Path) -> None:
    """Runs the cells in one kernel, in order; an error or a word on stderr ends the test."""
    ran = executed([nbformat.v4.new_code_cell(cell.source) for cell in cells], folder)
    loud = [
        output.text
        for cell in ran.cells
        for output in cell.outputs
        if output.get("name") == "stderr"
    ]
    assert not loud


def sections(cells: list[Any]) -> list[list[Any]]:
    """The code cells of each section."""
    found: list[list[Any]] = [[]]
    for cell in cells:
        if cell.cell_type == "markdown" and re.match(r"## ", cell.source):
            found.append([])
        elif cell.cell_type == "code":
            found[-1].append(cell)
    return [part for part in found if part]


def built(name: str, copy: Path) -> Path:
    """The package that a run of the lesson's notebook left: its lesson's, file by file."""
    root = copy / ".workbook" / "notebooks" / name
    for file, text in package_at(COURSE, LESSONS[name]).items():
        assert (root / file).read_text() == text, file
    return root


@pytest.mark.parametrize("name", NAMES)
async def test_run_twice_in_one_kernel_a_notebook_builds_the_package_of_its_lesson(
    name: str, copy: Path, judges: Judges
) -> None:
    cells = Notebook(name).codes
    run([*cells, *cells], copy / "notebooks")
    if name not in LESSONS:
        return  # the first page builds nothing
    slugs = [one.slug for one in COURSE.lessons if one.number <= LESSONS[name].number]
    result = await judges.run(slugs, built(name, copy))
    failed = [row for row in result["checks"] if row["verdict"] != "ok"]
    assert not failed


@pytest.mark.parametrize("name", NAMES)
def test_every_cell_runs_twice_in_place(name: str, copy: Path) -> None:
    run([cell for cell in Notebook(name).codes for _ in range(2)], copy / "notebooks")


@pytest.mark.parametrize("name", NAMES)
def test_every_section_runs_after_the_set_up_cell_alone(name: str, copy: Path) -> None:
    (set_up, *rest), *others = sections(Notebook(name).cells)
    for part in [rest, *others]:
        run([set_up, *part], copy / "notebooks")


@pytest.mark.parametrize("name", NAMES)
def test_the_outputs_are_as_committed(name: str, copy: Path) -> None:
    command = [sys.executable, "-m", "pytest", "--nbval", f"notebooks/{name}.ipynb", "-q", "-rN"]
    command += ["--nbval-sanitize-with", "workbook/notebook/nbval.cfg", "-o", "addopts="]
    done = subprocess.run(
        [*command, "-W", "ignore", "-p", "no:cacheprovider"],
        cwd=copy,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    if name in LESSONS:
        built(name, copy)
    compared = [
        cell
        for cell in Notebook(name).codes
        if cell.outputs and "nbval-ignore-output" not in cell.metadata.get("tags", [])
    ]
    assert len(compared) >= (5 if name.startswith("00") else COMPARED)
