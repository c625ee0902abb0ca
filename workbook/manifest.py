"""One TOML file holds one lesson: its exercises, checks, hints and cuts."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
)
from pydantic.dataclasses import dataclass

from workbook.blanks import Cut

FILE = re.compile(r"(?P<number>\d\d)_(?P<slug>[a-z][a-z0-9_]*)\.toml")
Database = Literal["sqlite", "postgresql"]
T = TypeVar("T")
BOTH: tuple[Database, ...] = ("sqlite", "postgresql")
SHAPE = ConfigDict(extra="forbid")


class CourseError(Exception):
    """The manifest can't be used; `faults` holds one line for each reason."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


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
    tier: Literal["core", "full"]
    objective: str
    hints: Hints
    checks: Annotated[tuple[Check, ...], AfterValidator(_some)]
    needs: tuple[str, ...] = ()
    cuts: tuple[CutTable, ...] = ()

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


def read_layout(path: Path) -> Layout:
    """The places a course.toml names; CourseError names the key."""
    return _validated(Layout, path, read_table(path))


def read_lesson(path: Path) -> Lesson:
    """The lesson in a file named NN_slug.toml; CourseError names file and id."""
    name = FILE.fullmatch(path.name)
    if name is None:
        raise CourseError(f"{path.name}: a lesson's file is named NN_slug.toml")
    table = read_table(path)
    if table.get("slug", name["slug"]) != name["slug"]:
        raise CourseError(f"{path.name}: slug is {table['slug']!r}; the file says {name['slug']!r}")
    table |= {"slug": name["slug"], "number": int(name["number"])}
    _fill_in_ids(table)
    return _validated(Lesson, path, table)


def read_table(path: Path) -> dict[str, Any]:
    """The TOML of a file; CourseError with the line that can't be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise CourseError(f"{path}: there is no such file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CourseError(f"{path.name}: {error}") from None


def _validated(kind: type[T], path: Path, table: dict[str, Any]) -> T:
    try:
        return TypeAdapter(kind).validate_python(table)
    except ValidationError as error:
        raise CourseError(*(_line(path, table, each) for each in error.errors())) from None


def _fill_in_ids(lesson: dict[str, Any]) -> None:
    for exercise in _tables(lesson, "exercises"):
        exercise["id"] = f"{lesson['slug']}.{exercise.get('id', '')}"
        exercise["lesson"] = lesson["slug"]
        shared = exercise.get("needs", [])
        for check in _tables(exercise, "checks"):
            check["id"] = f"{exercise['id']}.{check.get('id', '')}"
            check["exercise"] = exercise["id"]
            own = check.get("needs", [])
            if isinstance(shared, list) and isinstance(own, list):
                check["needs"] = [*shared, *(need for need in own if need not in shared)]


def _tables(parent: dict[str, Any], key: str) -> list[dict[str, Any]]:
    found = parent.get(key)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _line(path: Path, table: dict[str, Any], error: Any) -> str:
    """`03_services.toml: services.get: minutes: …` — the nearest id, the key, the reason."""
    here: Any = table
    owner, key = table.get("slug", ""), []
    for step in error["loc"]:
        key.append(str(step))
        known = isinstance(here, dict) and step in here
        known = known or (isinstance(here, list) and isinstance(step, int) and step < len(here))
        here = here[step] if known else None
        if isinstance(here, dict) and "id" in here:
            owner, key = here["id"], []
    reason = error["msg"].removeprefix("Value error, ")
    if error["type"] == "unexpected_keyword_argument":
        reason = "unknown key"
    return ": ".join(part for part in (path.name, owner, ".".join(key), reason) if part)
