"""What a class works with: the notebooks, a fresh starter, the checks, and no answers."""

import json
import re
import shutil
from pathlib import Path

from workbook.course import Course, Lesson
from workbook.starter.syncing import fill
from workbook.starter.touching import earlier

KEPT = (
    ".ci/set-up", ".gitignore", "pyproject.toml", "requirements.lock", "workbook", "notebooks",
    "docs/checklist.md", "docs/learn.md", "docs/review",
)  # fmt: skip
"""What an edition holds beside the suites and the starter."""
FRONT = Path("docs", "edition")
"""The edition's own README and Makefile."""
TRACES = shutil.ignore_patterns("__pycache__", "*.pyc", ".*_cache", ".ipynb_checkpoints", "*.db")


class EditionError(ValueError):
    """No edition can be made there; the message says what to do."""


def make_edition(course: Course, out: Path) -> Course:
    """Make a new folder with what a student needs, a fresh starter in it and no answers.

    The manifest has its earlier forms blank where another exercise asks for them, and notebooks
    don't show what they build with the reference. Raises `EditionError`.
    """
    if not course.reference.is_dir():
        raise EditionError(f"{course.root} has no reference, so it is an edition already")
    if out.exists():
        raise EditionError(f"{out} is there already; name a new folder")
    if out.resolve().is_relative_to(course.root.resolve()):
        raise EditionError(f"{out} lies inside the repository; name a folder outside of it")
    lessons = {lesson.file: _blanked(course, lesson) for lesson in course.lessons}
    for place in (*KEPT, course.layout.suites, course.folder.relative_to(course.root)):
        _copy(course.root / place, out / place)
    folder = out / course.folder.relative_to(course.root)
    for file, text in lessons.items():
        (folder / file).write_text(text, encoding="utf-8")
    for notebook in (out / "notebooks").glob("*.ipynb"):
        _without_what_was_built(notebook)
    _put_up_the_front(course, out)
    made = Course.load(folder)
    fill(course, made.starter)
    return made


def _copy(source: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, place, ignore=TRACES, dirs_exist_ok=True)
    elif source.is_file():
        shutil.copy(source, place)


def _blanked(course: Course, lesson: Lesson) -> str:
    """A lesson's TOML whose earlier forms hold blanks instead of the answers to other exercises."""
    text = (course.folder / lesson.file).read_text(encoding="utf-8")
    for exercise in lesson.exercises:
        for cut in exercise.cuts:
            form = earlier(course, cut, exercise)
            if form == cut.was.strip("\n"):
                continue
            if cut.was not in text:
                raise EditionError(
                    f"{lesson.file}: {exercise.id}: {cut}: put its earlier form between ''',"
                    " so that an edition can leave it blank"
                )
            text = text.replace(cut.was, form)
    return text


def _without_what_was_built(notebook: Path) -> None:
    content = json.loads(notebook.read_text(encoding="utf-8"))
    for cell in content["cells"]:
        if cell["cell_type"] == "code" and "build(" in "".join(cell["source"]):
            cell["outputs"] = []
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    notebook.write_text(text, encoding="utf-8")


def _put_up_the_front(course: Course, out: Path) -> None:
    """Its own README and Makefile, and the settings without those of the repository's tests."""
    for path in (course.root / FRONT).glob("*.in"):
        text = path.read_text(encoding="utf-8").replace("{map}", _map(course))
        (out / path.stem).write_text(text, encoding="utf-8")
    settings = out / "pyproject.toml"
    if settings.is_file():
        tables = re.split(r"\n(?=\[)", settings.read_text(encoding="utf-8"))
        kept = [table for table in tables if not re.match(r"\[+tool\.(ruff|mypy)", table)]
        text = re.sub(r"^testpaths = .*", 'testpaths = ["exercises"]', "\n".join(kept), flags=re.M)
        settings.write_text(text, encoding="utf-8")


def _map(course: Course) -> str:
    """The rows of a table: each lesson with its notebook."""
    return "\n".join(
        f"| [{lesson.title}](notebooks/{Path(lesson.file).stem}.ipynb)"
        f" | {lesson.promise} | {lesson.minutes} |"
        for lesson in course.lessons
    )
