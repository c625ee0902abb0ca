"""A course is a folder of lessons, read once and checked as a whole."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from workbook.cutting.cut import Cut
from workbook.cutting.renaming import renamed
from workbook.manifest import fit, needs
from workbook.manifest.lesson import Check, Exercise, Layout, Lesson
from workbook.manifest.reading import CourseError, read_layout, read_lesson

__all__ = ["Check", "Course", "CourseError", "Cut", "Exercise", "Lesson", "LessonId", "UnknownId"]

LESSONS = Path(__file__).with_name("lessons")


class UnknownId(LookupError):
    """No lesson, exercise or check has this id; `close` holds ids like it.

    The message names those, or the lessons where nothing is alike.
    """

    def __init__(self, id: str, close: Iterable[str] = (), lessons: Iterable[str] = ()) -> None:
        self.id, self.close = id, list(close)
        hint = f"; close to it: {', '.join(self.close)}" if self.close else ""
        if lessons and not self.close:
            hint = f"; the lessons are: {', '.join(lessons)}"
        super().__init__(f'no lesson, exercise or check is called "{id}"{hint}')


class LessonId(UnknownId):
    """A lesson's id where one exercise is needed; the message names its exercises."""

    def __init__(self, id: str, lesson: Lesson) -> None:
        self.id, self.close = id, [exercise.id for exercise in lesson.exercises]
        said = f'"{id}" is a lesson; name one of its exercises: {", ".join(self.close)}'
        LookupError.__init__(self, said)


@dataclass(frozen=True)
class Course:
    """Lessons in order, and the places they speak of."""

    folder: Path
    layout: Layout
    lessons: tuple[Lesson, ...]

    @classmethod
    def load(cls, folder: Path | None = None) -> Course:
        """The course in a folder of course.toml and NN_slug.toml files.

        CourseError holds one line for each fault of the manifest.
        """
        folder = (folder or LESSONS).resolve()
        layout = read_layout(folder / "course.toml")
        lessons: list[Lesson] = []
        faults: list[str] = []
        for path in sorted(folder.glob("*.toml")):
            if path.name != "course.toml":
                try:
                    lessons.append(read_lesson(path))
                except CourseError as error:
                    faults += error.faults
        if faults:
            raise CourseError(*faults)
        course = cls(folder, layout, tuple(lessons))
        if found := list(_faults(course)):
            raise CourseError(*found)
        return course

    @property
    def title(self) -> str:
        return self.layout.title

    @property
    def package(self) -> str:
        """The name a student's code is imported by."""
        return self.layout.package

    @cached_property
    def root(self) -> Path:
        """The repository, which is the project root of the reference."""
        return (self.folder / self.layout.root).resolve()

    @property
    def reference(self) -> Path:
        """The reference's package: what the student's package grows into."""
        return self.root / self.layout.reference

    @property
    def starter(self) -> Path:
        """The student's project root."""
        return self.root / self.layout.starter

    @property
    def suites(self) -> Path:
        return self.root / self.layout.suites

    @cached_property
    def exercises(self) -> tuple[Exercise, ...]:
        return tuple(exercise for lesson in self.lessons for exercise in lesson.exercises)

    @cached_property
    def checks(self) -> tuple[Check, ...]:
        return tuple(check for exercise in self.exercises for check in exercise.checks)

    @cached_property
    def core(self) -> tuple[Check, ...]:
        """The checks that hold once the core exercises are done: they need no others."""
        done = {exercise.id for exercise in self.exercises if exercise.core}
        return tuple(
            check
            for check in self.checks
            if {check.exercise, *(self.exercise(need).id for need in check.needs)} <= done
        )

    def source(self, file: str) -> Path:
        """Where the reference keeps a project's file: app/x.py is solution/x.py."""
        head, _, rest = file.partition("/")
        return self.reference / rest if head == self.package and rest else self.root / file

    def named(self, file: str, text: str, package: str) -> str:
        """A project file's text with the import package called `package`.

        Inside the package imports are relative, and nothing changes.
        """
        inside = file.startswith(f"{self.package}/")
        return text if inside else renamed(file, text, self.reference.name, package)

    def lesson(self, id: str) -> Lesson:
        """The lesson called services, 3, 03 or 03_services."""
        for lesson in self.lessons:
            number = f"{lesson.number:02}"
            if id in {lesson.slug, str(lesson.number), number, f"{number}_{lesson.slug}"}:
                return lesson
        raise UnknownId(id, self._close(id), [lesson.slug for lesson in self.lessons])

    def exercise(self, id: str) -> Exercise:
        """The exercise an exercise's or check's id belongs to; a lesson's raises `LessonId`."""
        for exercise in self.exercises:
            if id == exercise.id or id in {check.id for check in exercise.checks}:
                return exercise
        raise LessonId(id, self.lesson(id))

    def select(self, ids: Iterable[str] = ()) -> list[Check]:
        """The checks that lesson, exercise and check ids name, in course order.

        "core" names those of the core exercises. Without an id, all of them. UnknownId
        holds suggestions.
        """
        ids = tuple(ids)
        named: set[str] = set()
        for id in ids:
            checks = [check for check in self.checks if id in {check.id, check.exercise}]
            checks = checks or list(self.core if id == "core" else ())
            named |= {check.id for check in checks or self.lesson(id).checks}
        return [check for check in self.checks if not ids or check.id in named]

    def prerequisites(self, exercise: Exercise) -> tuple[Exercise, ...]:
        """Every exercise that comes before this one can pass, in course order."""
        return needs.before(exercise, self.exercises)

    def _close(self, id: str) -> list[str]:
        known = [lesson.slug for lesson in self.lessons]
        known += [exercise.id for exercise in self.exercises]
        known += [check.id for check in self.checks]
        return difflib.get_close_matches(id, known, n=3, cutoff=0.6)


def _faults(course: Course) -> Iterator[str]:
    yield from needs.faults(course.lessons)
    for lesson in course.lessons:
        for exercise in lesson.exercises:
            if exercise.objective not in lesson.objectives:
                yield (
                    f"{lesson.file}: {exercise.id}: objective {exercise.objective}"
                    f" is not among the lesson's: {', '.join(lesson.objectives)}"
                )
    if course.reference.is_dir():  # an edition for a class may come without it
        yield from fit.faults(course.lessons, course.source)
