"""`make notebooks`: runs notebooks on an untouched starter and keeps what came out.

`python -m tests.course.rerun 03_services …` runs those alone. Run it when a text that outputs
hold has changed: a check's line, a title, a number of points.
"""

import os
import sys
import tempfile
from pathlib import Path

import nbformat

from tests.course.notebooks import FOLDER, NAMES, executed, fresh_copy


def rerun(name: str) -> None:
    """Runs one notebook; its file gets the outputs, and nothing else of it changes."""
    path = FOLDER / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as place:
        root = Path(place) / "course"
        os.environ |= fresh_copy(root)
        ran = executed([cell.copy() for cell in notebook.cells], root / "notebooks")
    for cell, new in zip(notebook.cells, ran.cells, strict=True):
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = new.outputs, new.execution_count
    nbformat.write(notebook, path)


if __name__ == "__main__":
    for each in sys.argv[1:] or NAMES:
        rerun(each)
        print(each)
