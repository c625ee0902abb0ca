"""Where an exercise's answer begins in a student's files, to point at when nothing raised."""

import re
from pathlib import Path

from workbook.course import Course, Cut, Exercise
from workbook.cutting.source import Source

from .target import Target

LONGEST = 200_000


def place_of(course: Course, exercise: Exercise, target: Target, story: str = "") -> str:
    """`app/services/task_service.py:38`, the file alone if no name is in it, or nothing.

    Of several places it is the one whose name the story says most of. Where one of its files is
    missing, the work lies elsewhere, and another file says nothing.
    """
    said, places = set(re.findall(r"\w+", story.lower())), dict[str, int]()
    alone = exercise.cuts[0].file if exercise.cuts else ""
    for cut in exercise.cuts:
        head, _, rest = cut.file.partition("/")
        path = target.package / rest if head == course.package else target.root / cut.file
        if not path.is_file() or path.is_symlink():
            alone = ""
        elif line := _line(path, cut):
            places[f"{cut.file}:{line}"] = len(said & set(cut.name.lower().split(".")))
    return max(places, key=places.__getitem__, default=alone)


def _line(path: Path, cut: Cut) -> int | None:
    """The line at which the cut's name is defined, or else what should hold it."""
    if path.suffix != ".py" or path.stat().st_size > LONGEST:
        return None
    try:
        names = Source(path.read_text(encoding="utf-8")).names
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    parts = cut.name.split(".")
    outward = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((names[name][0].node.lineno for name in outward if name in names), None)
