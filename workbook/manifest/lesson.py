"""What a lesson is: exercises, their checks, hints and cuts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
)
from pydantic.dataclasses import dataclass

from workbook.cutting.cut import Cut

Database = Literal["sqlite", "postgresql"]
BOTH: tuple[Database, ...] = ("sqlite", "postgresql")
SHAPE = ConfigDict(extra="forbid")


def _three(hints: tuple[str, ...]) -> tuple[str, ...]:
    if len(hints) != 3 or not all(hint.strip() for hint in hints):
        raise ValueError(
            "an exercise has three hints (where to look, which tool, the shape of it);"
            f" found {sum(bool(hint.strip()) for hint in hints)}"
        )
    return hints


def _some(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    if not checks:
        raise ValueError("an exercise has at least one check")
    return checks


Positive = Annotated[int, Field(gt=0, strict=True)]
Text = Annotated[str, Field(min_length=1)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$")]
Hints = Annotated[tuple[str, ...], AfterValidator(_three)]
CutTable = Annotated[Cut, BeforeValidator(Cut.read)]


@dataclass(frozen=True, config=SHAPE)
class Check:
    """One promise of an exercise, worth points; `id` is the full id."""

    id: Id
    exercise: str
    points: Positive
    databases: Annotated[tuple[Database, ...], Field(min_length=1)] = BOTH
    boxes: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    """Ids of exercises and checks that must hold first; the exercise's needs included."""


@dataclass(frozen=True, config=SHAPE)
class Exercise:
    """One idea to write; `id` is the full id, `lesson` the lesson's slug."""

    id: Id
    lesson: str
    title: Text
    minutes: Positive
    objective: str
    hints: Hints
    checks: Annotated[tuple[Check, ...], AfterValidator(_some)]
    needs: tuple[str, ...] = ()
    cuts: tuple[CutTable, ...] = ()
    core: bool = False
    """Whether the short way through the course takes it in; what it needs is on that way too."""

    @property
    def points(self) -> int:
        return sum(check.points for check in self.checks)


@dataclass(frozen=True, config=SHAPE)
class Lesson:
    """A lesson in the order of its file name; `slug` is its id everywhere."""

    number: int
    slug: Name
    title: Text
    promise: Text
    minutes: Positive
    objectives: dict[str, str]
    exercises: tuple[Exercise, ...]
    imports: tuple[str, ...] = ()
    extension: bool = False

    @property
    def file(self) -> str:
        return f"{self.number:02}_{self.slug}.toml"

    @property
    def points(self) -> int:
        return sum(exercise.points for exercise in self.exercises)

    @property
    def core_minutes(self) -> int:
        return sum(exercise.minutes for exercise in self.exercises if exercise.core)

    @property
    def checks(self) -> tuple[Check, ...]:
        return tuple(check for exercise in self.exercises for check in exercise.checks)


@dataclass(frozen=True, config=SHAPE)
class Layout:
    """course.toml: where a course keeps its parts, relative to `root`."""

    title: Text
    package: Name = "app"
    reference: Text = "solution"
    starter: Text = "exercises"
    suites: Text = "tests/graded"
    root: Text = "../.."
    files: tuple[str, ...] = ()
    """Files and folders at the root that belong to the reference, beside its package."""
