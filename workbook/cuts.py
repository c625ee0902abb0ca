"""A package is rendered from the whole reference and the cuts that are out."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from workbook.course import Course, CourseError, Lesson, UnknownId
from workbook.cutting.edits import Blank, apply
from workbook.cutting.source import BlankError


def render(course: Course, out: Collection[str], *, package: str | None = None) -> dict[str, str]:
    """The project's files, with the exercises named in `out` left blank.

    Keys are paths relative to the project root. With nothing out, and the
    reference's own name for `package`, every text is the reference's.
    """
    package = package or course.package
    if unknown := set(out) - {exercise.id for exercise in course.exercises}:
        raise UnknownId(min(unknown), [])
    blanks: dict[str, list[Blank]] = {}
    for exercise in course.exercises:
        for cut in exercise.cuts if exercise.id in out else ():
            blanks.setdefault(cut.file, []).append(Blank(cut, exercise.id, exercise.title))
    texts = {}
    for file, path in _files(course):
        places = blanks.get(file, [])
        if not any(blank.cut.form == "whole" for blank in places):
            text = _cut(file, path.read_bytes().decode("utf-8"), places)
            head, slash, rest = file.partition("/")
            key = f"{package}/{rest}" if slash and head == course.package else file
            texts[key] = course.named(file, text, package)
    return texts


def starter(course: Course) -> dict[str, str]:
    """What a student begins with: every cut out."""
    return render(course, [exercise.id for exercise in course.exercises])


def package_at(course: Course, lesson: Lesson, *, package: str | None = None) -> dict[str, str]:
    """What is there when a lesson is done: the cuts of later lessons out."""
    return render(course, later(course, lesson), package=package)


def later(course: Course, lesson: Lesson) -> list[str]:
    """The exercises of the lessons that follow."""
    return [
        exercise.id
        for each in course.lessons
        for exercise in each.exercises
        if each.number > lesson.number
    ]


def _cut(file: str, text: str, blanks: list[Blank]) -> str:
    try:
        return apply(text, blanks)
    except BlankError as error:
        raise CourseError(str(error)) from None
    except SyntaxError as error:
        raise CourseError(f"{file}:{error.lineno}: {error.msg}") from None


def _files(course: Course) -> Iterator[tuple[str, Path]]:
    """Every file of the reference by its path in a project, in order."""
    for path in _within(course.reference):
        yield f"{course.package}/{path.relative_to(course.reference).as_posix()}", path
    for name in course.layout.files:
        for path in _within(course.root / name):
            yield path.relative_to(course.root).as_posix(), path


def _within(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    found = (path for path in place.rglob("*") if path.is_file())
    return sorted(path for path in found if not _is_passing(path.relative_to(place)))


def _is_passing(path: Path) -> bool:
    """Whether a file is only a trace of running: compiled, or hidden."""
    return any(part == "__pycache__" or part.startswith(".") for part in path.parts)
