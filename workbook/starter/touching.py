"""Whether a blank is still blank: read from the text, never run."""

from __future__ import annotations

import ast
import copy
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from workbook.course import Course, Cut, Exercise
from workbook.cutting.edits import Blank, apply, stub
from workbook.cutting.source import Function, Source, Statement, bound, docstring, parse

LONGEST = 200_000
"""Bytes; a longer file holds more than a stub."""
UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)


def untouched(course: Course, root: Path) -> set[str]:
    """The exercises of a project whose every blank is as the starter has it.

    A file that can't be read as Python is touched. One that is missing isn't, unless all that
    its lesson's checks import is there: then the work is in files of the student's own. The
    reference isn't needed: a cut says what its blank looks like.
    """
    work = Work(course, root)
    return {
        exercise.id
        for exercise in course.exercises
        if exercise.cuts and all(work.is_blank(cut, exercise) for cut in _telling(exercise))
    }


def _telling(exercise: Exercise) -> list[Cut]:
    """The cuts that tell whether an exercise was begun.

    Where it adds something, that is what counts: the rest changes what the student
    wrote in an earlier lesson, and no starter knows that.
    """
    return [cut for cut in exercise.cuts if cut.absent] or list(exercise.cuts)


@dataclass
class Work:
    """A student's project, each file parsed once."""

    course: Course
    root: Path
    _files: dict[str, Source | None] = field(default_factory=dict)

    def is_blank(self, cut: Cut, exercise: Exercise) -> bool:
        """Whether a cut's place holds nothing but its blank; comments don't count."""
        if cut.form == "whole":
            return not self._exists(cut.file) and not self._has_another_name(cut)
        try:
            source = self._source(cut.file)
            if source is None:
                return not self._is_elsewhere(exercise)
            found = source.names.get(cut.name, [])
            if not found and self._is_in_a_blank(cut):
                return True
            if cut.form == "statement":
                return self._is_earlier(cut, exercise, found)
            node = found[0].node if len(found) == 1 else None
            if not isinstance(node, Function | ast.ClassDef):
                return False
            rest = [each.node for each in source.inside(node)]
            if cut.form == "body":
                return _is_stub(exercise, rest)
            return self._is_kept(cut, exercise, rest)
        except UNREADABLE:
            return False

    def _has_another_name(self, cut: Cut) -> bool:
        """Whether a revision lies there that no cut names: Alembic calls them as it likes."""
        folder = (self.root / cut.file).parent
        named = {other.file for each in self.course.exercises for other in each.cuts}
        there = folder.glob(f"*{Path(cut.file).suffix}") if folder.name == "versions" else ()
        return any(path.relative_to(self.root).as_posix() not in named for path in there)

    def _is_elsewhere(self, exercise: Exercise) -> bool:
        modules = [name.replace(".", "/") for name in self.course.lesson(exercise.lesson).imports]
        ways = [(f"{module}.py", f"{module}/__init__.py") for module in modules]
        return bool(ways) and all(any(self._exists(file) for file in way) for way in ways)

    def theirs(self, cut: Cut, exercise: Exercise) -> Iterator[tuple[Cut, Exercise, str]]:
        """Blanks of other exercises inside a class, with their names in it."""
        head = f"{cut.name}."
        for other in self.course.exercises:
            for inner in other.cuts if other.id != exercise.id else ():
                if inner.file == cut.file and inner.name.startswith(head):
                    yield inner, other, inner.name.removeprefix(head)

    def _is_kept(self, cut: Cut, exercise: Exercise, rest: list[ast.stmt]) -> bool:
        names = {*cut.keep, *(name for _, _, name in self.theirs(cut, exercise))}
        return all(isinstance(each, ast.Pass) or names.intersection(bound(each)) for each in rest)

    def _is_earlier(self, cut: Cut, exercise: Exercise, found: list[Statement]) -> bool:
        there = [_dump(each.node) for each in found]
        forms = [earlier(self.course, cut, exercise)]
        for other in self.course.exercises:  # a statement may change more than once
            same = (each for each in other.cuts if replace(each, was=cut.was) == cut)
            forms += [_was(self.course, each) for each in same]
            if other.id == exercise.id:
                break
        return any(there == _dumps(form, cut) for form in forms)

    def _is_in_a_blank(self, cut: Cut) -> bool:
        """Whether what isn't there is missing because more around it is blank."""
        return any(
            outer.form == "whole"
            or (outer.form == "class" and cut.name.startswith(f"{outer.name}."))
            for other in self.course.exercises
            for outer in other.cuts
            if outer.file == cut.file
        )

    def _source(self, file: str) -> Source | None:
        if file not in self._files:
            self._files[file] = self._read(file)
        return self._files[file]

    def _read(self, file: str) -> Source | None:
        path = self.root / file
        if not self._exists(file):
            return None
        if not path.is_file() or path.stat().st_size > LONGEST:
            raise ValueError(f"{file} is no file of up to {LONGEST:,} bytes")
        return Source(path.read_bytes().decode("utf-8-sig"))

    def _exists(self, file: str) -> bool:
        path = self.root / file
        return path.exists() or path.is_symlink()


def earlier(course: Course, cut: Cut, exercise: Exercise) -> str:
    """A statement's earlier form, with the blanks of other exercises in it."""
    text = _was(course, cut)
    if not text:
        return ""
    if before := _same_before(course, cut, exercise):
        inner, other = before
        blank = Blank(inner, other.id, other.title)
        return earlier(course, inner, other) or stub(parse(text), blank)
    scopes = [] if " " in cut.name else cut.name.split(".")[:-1]
    for scope in reversed(scopes):
        text = f"class {scope}:\n{textwrap.indent(text, '    ')}"
    names = parse(text).names
    blanks = [
        Blank(inner, other.id, other.title)
        for other in course.exercises
        for inner in other.cuts
        if other.id != exercise.id and inner.file == cut.file
        if inner.form == "body" and inner.name in names
    ]
    lines = apply(text, blanks).splitlines(keepends=True)[len(scopes) :]
    return textwrap.dedent("".join(lines)).strip("\n")


def _same_before(course: Course, cut: Cut, exercise: Exercise) -> tuple[Cut, Exercise] | None:
    """The cut by which an exercise that comes before changes the same statement."""
    found = None
    for other in course.exercises:
        if other.id == exercise.id:
            break
        for each in other.cuts:
            if (each.form, each.file, each.name) == (cut.form, cut.file, cut.name):
                found = each, other
    return found


def _was(course: Course, cut: Cut) -> str:
    """The earlier form as it stands in a student's file."""
    text = textwrap.dedent(cut.was).strip("\n")
    return course.named(cut.file, text, course.package)


def _dumps(text: str, cut: Cut) -> list[str]:
    name = cut.name if " " in cut.name else cut.name.rpartition(".")[2]
    return [_dump(node) for node in ast.parse(text).body if name in bound(node)]


def _dump(node: ast.stmt) -> str:
    """A statement as data, its docstring left out."""
    if isinstance(node, Function | ast.ClassDef) and (text := docstring(node)):
        node = copy.copy(node)
        node.body = [each for each in node.body if each is not text]
    return ast.dump(node)


def _is_stub(exercise: Exercise, rest: list[ast.stmt]) -> bool:
    stub = ast.parse(f'raise NotImplementedError("exercise {exercise.id}")\nyield').body
    there = [ast.dump(each) for each in rest]
    return there in ([ast.dump(each) for each in stub[:count]] for count in (1, 2))
