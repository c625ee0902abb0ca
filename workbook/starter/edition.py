"""The repository as a class gets it: everything but the answers."""

import json
import shutil
from pathlib import Path

from workbook.course import Course
from workbook.starter.syncing import sync

LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "__pycache__", "*.pyc", "*.egg-info", "*.db", ".*_cache", ".ipynb_checkpoints",
    ".workbook", ".hypothesis", "grades",
)  # fmt: skip
ANSWERS = Path("tests", "course")
"""The banks: whole answers, and edits of the reference."""


class EditionError(ValueError):
    """No edition can be made there; the message says what to do."""


def make_edition(course: Course, out: Path) -> Course:
    """Copy the course's repository into a new folder, a fresh starter in it and no answers.

    Left out are the reference with its own files, the banks of answers, and what notebooks show
    where they build with the reference. Raises `EditionError`.
    """
    if not course.reference.is_dir():
        raise EditionError(f"{course.root} has no reference, so it is an edition already")
    if out.exists():
        raise EditionError(f"{out} is there already; name a new folder")
    if out.resolve().is_relative_to(course.root.resolve()):
        raise EditionError(f"{out} lies inside the repository; name a folder outside of it")
    shutil.copytree(course.root, out, ignore=LEFT_OUT)
    made = Course.load(out / course.folder.relative_to(course.root))
    shutil.rmtree(made.starter)  # it may hold somebody's work
    sync(made)
    for place in (made.reference, out / ANSWERS, *(out / file for file in made.layout.files)):
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)
    for notebook in (out / "notebooks").glob("*.ipynb"):
        _without_what_was_built(notebook)
    return made


def _without_what_was_built(notebook: Path) -> None:
    content = json.loads(notebook.read_text(encoding="utf-8"))
    for cell in content["cells"]:
        if cell["cell_type"] == "code" and "build(" in "".join(cell["source"]):
            cell["outputs"] = []
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    notebook.write_text(text, encoding="utf-8")
