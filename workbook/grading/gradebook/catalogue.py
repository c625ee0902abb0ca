"""What reports need to know of a course: titles, objectives, and what is extension."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from workbook.course import Course
from workbook.databases import KINDS


@dataclass(frozen=True)
class Catalogue:
    """Titles by id; empty for a course that isn't known, and then ids stand for titles."""

    title: str = "Task API Database Workbook"
    lessons: dict[str, str] = field(default_factory=dict)
    exercises: dict[str, str] = field(default_factory=dict)
    objectives: dict[str, str] = field(default_factory=dict)
    """The objective's sentence by exercise id."""
    points: dict[str, float] = field(default_factory=dict)
    """What can be earned on the chosen databases, by check id."""
    extension: tuple[str, ...] = ()
    """Slugs of the lessons whose points are shown apart."""

    @classmethod
    def of(
        cls, course: Course, lessons: Sequence[str] = (), databases: Sequence[str] = KINDS
    ) -> "Catalogue":
        """The catalogue of a course, or of these lessons and databases; raises `UnknownId`."""
        lesson_of = {lesson.slug: lesson for lesson in course.lessons}
        return cls(
            title=course.title,
            lessons={lesson.slug: lesson.title for lesson in course.lessons},
            exercises={exercise.id: exercise.title for exercise in course.exercises},
            objectives={
                exercise.id: lesson_of[exercise.lesson].objectives[exercise.objective]
                for exercise in course.exercises
            },
            points={
                check.id: float(check.points)
                for check in course.select(lessons)
                if set(check.databases) & set(databases)
            },
            extension=tuple(lesson.slug for lesson in course.lessons if lesson.extension),
        )

    @classmethod
    def from_facts(cls, facts: dict[str, Any]) -> "Catalogue":
        """The catalogue that `facts` wrote."""
        return cls(**{**facts, "extension": tuple(facts.get("extension", ()))})

    def facts(self) -> dict[str, Any]:
        """The catalogue as plain data."""
        return asdict(self)

    @property
    def chosen(self) -> set[str]:
        """The exercises that have a check to earn."""
        return {exercise_of(check) for check in self.points}

    def is_extension(self, check: str) -> bool:
        """Whether the check's points are shown apart."""
        return lesson_of(check) in self.extension


def lesson_of(check: str) -> str:
    """`services.get.loads_the_assignee` → `services`."""
    return check.partition(".")[0]


def exercise_of(check: str) -> str:
    """`services.get.loads_the_assignee` → `services.get`."""
    return check.rpartition(".")[0]
