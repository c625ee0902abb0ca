"""One exercise goes back to its blank; the rest of the work stays."""

from __future__ import annotations

import ast
import textwrap
from dataclasses import replace
from pathlib import Path

from workbook.course import Course, Cut, Exercise
from workbook.cutting.edits import Blank, edits, joined, stub
from workbook.cutting.source import BlankError, Source, parse
from workbook.starter.syncing import write
from workbook.starter.touching import UNREADABLE, Stubs, Work

BOM = "\ufeff"


class ResetError(Exception):
    """An exercise can't be put back; the line says what to do first."""


def reset(course: Course, root: Path, exercise_id: str) -> dict[str, Path]:
    """Put an exercise's blanks back into a project.

    Returns the files that changed, each with the place its old text is kept at.
    ResetError, with nothing changed, when a file can't be read or lacks the name.
    """
    exercise = course.exercise(exercise_id)
    stubs, work = Stubs(course), Work(root)
    after: dict[str, bytes | None] = {}
    for cut in exercise.cuts:
        if stubs.has(cut, exercise, work):
            continue
        if cut.form == "whole":
            after[cut.file] = None
            continue
        before = after.get(cut.file) or (root / cut.file).read_bytes()
        after[cut.file] = _blanked(stubs, cut, exercise, work, before)
    kept = {}
    for file, content in after.items():
        path = root / file
        kept[file] = _keep(path)
        if content is None:
            path.unlink()
        else:
            write(path, content)
    return kept


def _blanked(stubs: Stubs, cut: Cut, exercise: Exercise, work: Work, content: bytes) -> bytes:
    try:
        text = content.decode()
        bare = text.removeprefix(BOM)
        result = _put_back(stubs, cut, exercise, work, Source(bare))
        ast.parse(result)
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


def _put_back(stubs: Stubs, cut: Cut, exercise: Exercise, work: Work, source: Source) -> str:
    blank = Blank(cut, exercise.id, exercise.title)
    reference = parse(stubs.course.source(cut.file).read_bytes().decode())
    text = stub(reference, blank)
    if cut.form == "statement":
        text = _earlier(stubs, cut) or text
    if cut.form == "class":
        # what other exercises wrote into this class is theirs
        theirs = {
            name
            for inner, other, name in stubs.inside(cut, exercise)
            if inner.name in source.names and not stubs.has(inner, other, work)
        }
        blank = replace(blank, cut=replace(cut, keep=(*cut.keep, *sorted(theirs))))
        left = joined(source, edits(source, blank, ""))
        if text in left:  # the student left the comment standing
            return left
    return joined(source, edits(source, blank, text))


def _earlier(stubs: Stubs, cut: Cut) -> str:
    """A statement as the starter has it, blanks inside it included."""
    text = stubs.texts.get(cut.file)
    found = parse(text).names.get(cut.name, []) if text else []
    if not text or not found:
        return ""
    lines = parse(text).lines[found[0].start : found[0].end]
    return textwrap.dedent("".join(lines))


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
