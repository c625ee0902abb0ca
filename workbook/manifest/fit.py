"""Every cut fits the reference, or one line says why it doesn't."""

from __future__ import annotations

import ast
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from workbook.cutting.edits import Blank, apply, edits, stub
from workbook.cutting.source import BlankError, parse
from workbook.manifest.lesson import Lesson


def faults(lessons: tuple[Lesson, ...], source: Callable[[str], Path]) -> Iterator[str]:
    """One line for each cut without a place, and for cuts that don't nest."""
    for file, places in _by_file(lessons).items():
        path = source(file)
        if not path.is_file():
            yield from (f"{owner}: the reference has no {file} to cut" for owner, _ in places)
            continue
        inside = [(owner, blank) for owner, blank in places if blank.cut.form != "whole"]
        if inside:
            yield from _misfits(file, path, inside)


def _misfits(file: str, path: Path, places: list[tuple[str, Blank]]) -> Iterator[str]:
    text = path.read_bytes().decode("utf-8")
    if not file.endswith(".py"):
        yield from (f"{owner}: {file} is not Python; cut it whole" for owner, _ in places)
        return
    try:
        parsed = parse(text)
    except SyntaxError as error:
        yield f"{places[0][0]}: {file}:{error.lineno}: {error.msg}"
        return
    fits = True
    for owner, blank in places:
        reason = _twice(blank, [each for _, each in places]) or _earlier(blank)
        try:
            edits(parsed, blank, stub(parsed, blank))
        except BlankError as error:
            reason = str(error)
        if reason:
            fits = False
            yield f"{owner}: {reason}"
    if fits:
        try:
            ast.parse(apply(text, [blank for _, blank in places]))
        except (BlankError, SyntaxError) as error:
            yield f"{places[0][0]}: {file} with every cut out: {error}"


def _by_file(lessons: tuple[Lesson, ...]) -> dict[str, list[tuple[str, Blank]]]:
    found: dict[str, list[tuple[str, Blank]]] = {}
    for lesson in lessons:
        for exercise in lesson.exercises:
            for cut in exercise.cuts:
                place = f"{lesson.file}: {exercise.id}", Blank(cut, exercise.id, exercise.title)
                found.setdefault(cut.file, []).append(place)
    return found


def _twice(blank: Blank, blanks: list[Blank]) -> str:
    """Two exercises may change one statement in turn; a body is left blank once."""
    cut = blank.cut
    same = [each for each in blanks if (each.cut.form, each.cut.name) == (cut.form, cut.name)]
    owners = Counter(each.exercise for each in same)
    if len(same) == 1 or (cut.form == "statement" and owners[blank.exercise] == 1):
        return ""
    return f"{cut} is cut {len(same)} times, by {', '.join(owners)}"


def _earlier(blank: Blank) -> str:
    try:
        ast.parse(textwrap.dedent(blank.cut.was))
    except SyntaxError as error:
        return f"{blank.cut}: its earlier form is not Python: {error.msg}"
    return ""
