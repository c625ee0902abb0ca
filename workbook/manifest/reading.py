"""One TOML file is one lesson; a fault of it is one clear line."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from workbook.manifest.lesson import Layout, Lesson

FILE = re.compile(r"(?P<number>\d\d)_(?P<slug>[a-z][a-z0-9_]*)\.toml")
T = TypeVar("T")


class CourseError(Exception):
    """The manifest can't be used; `faults` holds one line for each reason."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


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
