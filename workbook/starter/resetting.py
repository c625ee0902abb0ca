"""One exercise goes back to its blank; the rest of the work stays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from workbook.course import Course, Cut, Exercise
from workbook.cutting.edits import Blank, edits, joined, stub
from workbook.cutting.source import BlankError, Source, parse
from workbook.starter.syncing import write
from workbook.starter.touching import UNREADABLE, Work, earlier

BOM = "\ufeff"


class ResetError(Exception):
    """An exercise can't be put back; the line says what to do first."""


def reset(course: Course, root: Path, exercise_id: str) -> dict[str, Path]:
    """Put an exercise's blanks back into a project.

    Returns the files that changed, each with the place its old text is kept at.
    ResetError, with nothing changed, when a file can't be read or lacks the name.
    """
    exercise = course.exercise(exercise_id)
    work = Work(course, root)
    after: dict[str, bytes | None] = {}
    for cut in exercise.cuts:
        if work.is_blank(cut, exercise):
            continue
        before = after.get(cut.file) or _read(root, cut.file)
        after[cut.file] = None if cut.form == "whole" else _blanked(work, cut, exercise, before)
    kept = {}
    for file, content in after.items():
        path = root / file
        kept[file] = _keep(path)
        if content is None:
            path.unlink()
        else:
            write(path, content)
    return kept


def _read(root: Path, file: str) -> bytes:
    try:
        return (root / file).read_bytes()
    except OSError as error:
        raise ResetError(
            f"{file} can't be read ({error.strerror}); put a file there, then reset again"
        ) from None


def _blanked(work: Work, cut: Cut, exercise: Exercise, content: bytes) -> bytes:
    try:
        text = content.decode()
        bare = text.removeprefix(BOM)
        result = _put_back(work, cut, exercise, Source(bare))
        Source(result)
    except BlankError as error:
        raise ResetError(
            f"{error}; nothing was changed. Bring it back to the shape it has in the starter,"
            " then reset again"
        ) from None
    except SyntaxError as error:
        raise ResetError(
            f"{cut.file}:{error.lineno}: this can't be read as Python ({error.msg});"
            " mend that line, then reset again"
        ) from None
    except UNREADABLE as error:
        raise ResetError(f"{cut.file}: this can't be read as Python ({error})") from None
    return (text[: len(text) - len(bare)] + result).encode()


def _put_back(work: Work, cut: Cut, exercise: Exercise, source: Source) -> str:
    blank = Blank(cut, exercise.id, exercise.title)
    given = work.course.source(cut.file)
    # the reference knows best whether a function is a generator
    text = stub(parse(given.read_bytes().decode()) if given.is_file() else source, blank)
    if cut.form == "statement":
        text = earlier(work.course, cut, exercise) or text
    if cut.form == "class":
        written = {
            name
            for inner, other, name in work.theirs(cut, exercise)
            if inner.name in source.names and not work.is_blank(inner, other)
        }
        blank = replace(blank, cut=replace(cut, keep=(*cut.keep, *sorted(written))))
        left = joined(source, edits(source, blank, ""))
        if text in left:  # the student left the comment standing
            return left
    return joined(source, edits(source, blank, text))


def _keep(path: Path) -> Path:
    """Copy a file beside itself, under a name nothing has yet."""
    number = 1
    while True:
        suffix = f"-{number}" if number > 1 else ""
        kept = path.with_name(f"{path.name}.before-reset{suffix}")
        try:
            with kept.open("xb") as file:
                file.write(path.read_bytes())
            return kept
        except FileExistsError:
            number += 1
