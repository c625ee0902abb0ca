"""Where a notebook stands: its lesson, its package, its databases, its judge."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from workbook.course import Course, Lesson
from workbook.notebook.growing import Growing
from workbook.notebook.judging import Judging
from workbook.notebook.progress import Progress, state_folder
from workbook.notebook.telling import Unclear
from workbook.postgres import fresh_database_url

START = "start_here"


class Desk:
    """One kernel's place in the course."""

    def __init__(self, names: MutableMapping[str, Any]) -> None:
        self.names = names
        folder = os.environ.get("WORKBOOK_COURSE")
        self.course = Course.load(Path(folder) if folder else None)
        self.progress = Progress.of(self.course)
        self.lesson: Lesson | None = None
        self.growing: Growing | None = None
        self.judging = Judging(self.course)

    def open(self, slug: str) -> Path:
        """Sets the package at the lesson before, and an empty database; returns the folder."""
        is_start = slug in {START, f"00_{START}", "0", "00"}
        self.lesson = None if is_start else self.course.lesson(slug)
        number = self.lesson.number if self.lesson else 0
        name = f"{number:02}_{self.lesson.slug if self.lesson else START}"
        self.growing = Growing(self.course, state_folder(self.course) / "notebooks" / name)
        earlier = {
            exercise.id
            for lesson in self.course.lessons
            for exercise in lesson.exercises
            if lesson.number < number
        }
        self.growing.begin(earlier, self.names)
        os.environ["DATABASE_URL"] = self.fresh("sqlite")
        return self.growing.folder

    @property
    def package(self) -> Growing:
        """The package of the open lesson."""
        if self.growing is None:
            raise Unclear('No lesson is open here: run open_lesson("services") first')
        return self.growing

    def fresh(self, kind: str, *, creates_databases: bool = False) -> str:
        """The address of a new, empty database that goes when the kernel goes."""
        if kind not in {"sqlite", "postgresql"}:
            raise Unclear(f"There is no database {kind!r}: say sqlite or postgresql")
        return fresh_database_url(kind, creates_databases=creates_databases)
