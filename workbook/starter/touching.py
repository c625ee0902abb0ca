"""Whether a blank is still as the starter has it: read, never run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from workbook.course import Course, Cut, Exercise
from workbook.cuts import render, starter
from workbook.cutting.edits import KINDS
from workbook.cutting.source import Function, Source, bound, parse

LONGEST = 1_000_000
"""Bytes; a longer file holds more than a stub."""
UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)


def untouched(course: Course, root: Path) -> set[str]:
    """The exercises of a project whose every blank equals the starter's.

    A file that can't be read as Python is touched; one that is missing isn't.
    """
    stubs = Stubs(course)
    work = Work(root)
    return {
        exercise.id
        for exercise in course.exercises
        if exercise.cuts and all(stubs.has(cut, exercise, work) for cut in exercise.cuts)
    }


@dataclass
class Work:
    """A student's files, each parsed once."""

    root: Path
    files: dict[str, Source | None] = field(default_factory=dict)

    def source(self, file: str) -> Source | None:
        """The parsed file, None where there is none; raises one of UNREADABLE."""
        if file not in self.files:
            self.files[file] = self._read(file)
        return self.files[file]

    def exists(self, file: str) -> bool:
        path = self.root / file
        return path.exists() or path.is_symlink()

    def _read(self, file: str) -> Source | None:
        path = self.root / file
        if not self.exists(file):
            return None
        if not path.is_file() or path.stat().st_size > LONGEST:
            raise ValueError(f"{file} is no file of up to {LONGEST:,} bytes")
        return Source(path.read_bytes().decode("utf-8-sig"))


@dataclass
class Stubs:
    """The starter's blanks, to hold a student's files against."""

    course: Course

    def __post_init__(self) -> None:
        self.texts = starter(self.course)
        self._grown: dict[frozenset[str], dict[str, str]] = {frozenset(): self.texts}

    def has(self, cut: Cut, exercise: Exercise, work: Work) -> bool:
        """Whether the work still has the starter's blank for a cut.

        A blank inside another one shows up once that one is filled: both count.
        """
        if cut.form == "whole":
            return not work.exists(cut.file)
        try:
            source = work.source(cut.file)
            if source is None:
                return True
            there = self._parts(source, cut, exercise)
            if there == self._blank(cut, exercise, frozenset()):
                return True
            return there == self._blank(cut, exercise, self._around(cut, exercise))
        except UNREADABLE:
            return False

    def inside(self, cut: Cut, exercise: Exercise) -> Iterator[tuple[Cut, Exercise, str]]:
        """Blanks of other exercises inside a class, with their names in it."""
        head = f"{cut.name}."
        for other in self.course.exercises:
            for inner in other.cuts if other.id != exercise.id else ():
                if inner.file == cut.file and inner.name.startswith(head):
                    yield inner, other, inner.name.removeprefix(head)

    def _around(self, cut: Cut, exercise: Exercise) -> frozenset[str]:
        """The other exercises whose blanks this one lies in."""
        return frozenset(
            other.id
            for other in self.course.exercises
            for outer in other.cuts
            if other.id != exercise.id
            and outer.file == cut.file
            and (
                outer.form == "whole"
                or (outer.form == "class" and cut.name.startswith(f"{outer.name}."))
            )
        )

    def _blank(self, cut: Cut, exercise: Exercise, filled: frozenset[str]) -> list[str]:
        if filled not in self._grown:
            out = {each.id for each in self.course.exercises} - filled
            self._grown[filled] = render(self.course, out)
        text = self._grown[filled].get(cut.file)
        return [] if text is None else self._parts(parse(text), cut, exercise)

    def _parts(self, source: Source, cut: Cut, exercise: Exercise) -> list[str]:
        """The code that a cut takes out, as it is there: comments don't count."""
        others = {name for _, _, name in self.inside(cut, exercise)}
        parts = []
        for statement in source.names.get(cut.name, []):
            node = statement.node
            if cut.form == "statement":
                parts.append(ast.dump(node))
            elif isinstance(node, KINDS[cut.form]) and isinstance(node, Function | ast.ClassDef):
                body = [each.node for each in source.inside(node)]
                parts += [type(node).__name__]
                parts += [ast.dump(each) for each in body if not others.intersection(bound(each))]
        return parts
