"""The notebooks as data: their cells, headings, links. And how one is run."""

import re
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from workbook.course import Course
from workbook.starter import fill

COURSE = Course.load()
FOLDER = COURSE.root / "notebooks"
NAMES = [path.stem for path in sorted(FOLDER.glob("[0-9][0-9]_*.ipynb"))]
KEPT_BACK = shutil.ignore_patterns(".git", ".venv", ".workbook", "__pycache__", "exercises", "*.db")
SECONDS = 240


@dataclass(frozen=True)
class Notebook:
    """One notebook that is committed."""

    name: str

    @cached_property
    def cells(self) -> list[Any]:
        return list(nbformat.read(FOLDER / f"{self.name}.ipynb", as_version=4).cells)

    @property
    def texts(self) -> list[str]:
        return [cell.source for cell in self.cells if cell.cell_type == "markdown"]

    @property
    def codes(self) -> list[Any]:
        return [cell for cell in self.cells if cell.cell_type == "code"]

    @property
    def headings(self) -> list[tuple[int, str]]:
        found = re.compile(r"^(#+) +(.+)$", re.M)
        bare = [re.sub(r"```.*?```", "", text, flags=re.S) for text in self.texts]
        return [(len(marks), words) for text in bare for marks, words in found.findall(text)]

    @property
    def links(self) -> list[str]:
        return re.findall(r"\]\(([^)\s]+)\)", "\n".join(self.texts))


def words(text: str) -> int:
    """The words a reader reads: no code blocks, no addresses of links."""
    text = re.sub(r"```.*?```", "", text, flags=re.S)
    return len(re.sub(r"\]\([^)]*\)", "", text).split())


def lines(cell: Any) -> int:
    """The lines of code in a cell, blank ones and the magic of its first left out."""
    rows = [row for row in cell.source.splitlines() if row.strip()]
    return len([row for row in rows if not row.startswith("%%")])


def place(link: str) -> Path:
    """The file a link leads to."""
    return Path((FOLDER / link.partition("#")[0]).resolve())


def fresh_copy(root: Path) -> dict[str, str]:
    """Copies the repository with an untouched starter; returns the environment of its kernels."""
    shutil.copytree(COURSE.root, root, ignore=KEPT_BACK)
    fill(COURSE, root / "exercises")
    return {
        "WORKBOOK_COURSE": str(root / "workbook" / "lessons"),
        "WORKBOOK_STATE": str(root / ".workbook"),
        # SQLAlchemy loads some relationships in the order of a set of names.
        "PYTHONHASHSEED": "0",
    }


def executed(cells: list[Any], folder: Path) -> Any:
    """A notebook of these cells after one kernel ran them in order; any error is raised."""
    notebook = nbformat.v4.new_notebook(cells=cells)
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=SECONDS, record_timing=False, resources=resources).execute()
    return notebook
