"""The banks: whole answers that are right, and small edits of the reference that are not.

A wrong answer is one TOML file: its story (the misconception, as the student would put
it), the checks it has to fail, words of which a failing story holds one, and the edits.
An edit without `old` makes or replaces the whole file. `review` names the codes by which
`workbook review` sees the mistake without running it; most can't be seen that way.
"""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from workbook.course import Course
from workbook.cuts import package_at, starter

HERE = Path(__file__).parent
WRONG = HERE / "wrong"
RIGHT = HERE / "right"
TRACES = shutil.ignore_patterns("__pycache__", "*.pyc", "*.db")


class EditDoesNotFit(ValueError):
    """The reference has changed: an edit's text is not there exactly once."""


@dataclass(frozen=True)
class Edit:
    """One place of one file, relative to a project root, that the student wrote otherwise."""

    file: str
    old: str | None
    new: str

    def apply(self, texts: dict[str, str]) -> None:
        """Changes the project's texts; raises `EditDoesNotFit`."""
        if self.old is None:
            texts[self.file] = self.new
            return
        found = texts.get(self.file, "").count(self.old)
        if found != 1:
            raise EditDoesNotFit(f"{self.file} holds this {found} times, not once:\n{self.old}")
        texts[self.file] = texts[self.file].replace(self.old, self.new)


@dataclass(frozen=True)
class WrongAnswer:
    """One misconception; `also` names exercises that fail beside those of `fails`."""

    lesson: str
    name: str
    story: str
    fails: tuple[str, ...]
    words: tuple[str, ...]
    also: tuple[str, ...]
    review: tuple[str, ...]
    edits: tuple[Edit, ...]

    @classmethod
    def read(cls, path: Path) -> WrongAnswer:
        """The answer in a file `NN_slug/name.toml`."""
        found = tomllib.loads(path.read_text(encoding="utf-8"))
        return cls(
            lesson=path.parent.name,
            name=path.stem,
            story=found["story"],
            fails=tuple(found["fails"]),
            words=tuple(word.lower() for word in found["words"]),
            also=tuple(found.get("also", ())),
            review=tuple(found.get("review", ())),
            edits=tuple(
                Edit(edit["file"], edit.get("old"), edit["new"]) for edit in found["edits"]
            ),
        )

    def texts(self) -> dict[str, str]:
        """The project's files with the edits applied; raises `EditDoesNotFit`."""
        texts = dict(reference(self.lesson))
        for edit in self.edits:
            edit.apply(texts)
        return texts

    def lay(self, folder: Path) -> None:
        """Writes the whole project root into a folder."""
        lay(self.texts(), folder)


@dataclass(frozen=True)
class RightAnswer:
    """A project root in another style than the reference's, without what is given as it is."""

    name: str
    root: Path

    def lay(self, folder: Path) -> None:
        """Writes the whole project root into a folder."""
        lay(given(), folder)
        shutil.copytree(self.root, folder, ignore=TRACES, dirs_exist_ok=True)


def lay(texts: Mapping[str, str], folder: Path) -> None:
    """Writes a project's files into a folder."""
    for file, text in texts.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def wrong_answers() -> list[WrongAnswer]:
    """Every wrong answer, in the course's order."""
    return [WrongAnswer.read(path) for path in sorted(WRONG.glob("*/*.toml"))]


def right_answers() -> list[RightAnswer]:
    """Every right answer; the folder's name is its own."""
    roots = sorted(path.parent for path in RIGHT.glob("*/app"))
    return [RightAnswer(root.name, root) for root in roots]


@cache
def given() -> Mapping[str, str]:
    """The starter's files that hold no exercise."""
    texts = starter(Course.load())
    return {file: text for file, text in texts.items() if text.startswith('"""Given')}


@cache
def reference(lesson: str) -> Mapping[str, str]:
    """The reference as a student's project root, as far as a lesson has come.

    Answers to the core lessons stand on the whole core: what a misconception of one
    lesson does to a later one can be seen. What extensions add isn't there yet.
    """
    course = Course.load()
    own = course.lesson(lesson)
    core = [each for each in course.lessons if not each.extension]
    return package_at(course, max([own, *core], key=lambda each: each.number))
