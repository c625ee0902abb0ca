"""Cuts become edits of lines: the outermost wins, the rest stays as it was."""

from __future__ import annotations

import ast
import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from workbook.cutting.cut import Cut
from workbook.cutting.source import (
    BlankError,
    Function,
    Source,
    Statement,
    bound,
    docstring,
    is_generator,
    parse,
)

OUTERMOST = ("class", "statement", "body")
KINDS: dict[str, Any] = {"class": ast.ClassDef, "statement": ast.stmt, "body": Function}
CALLED = {"class": "class", "statement": "statement", "body": "function"}


@dataclass(frozen=True)
class Blank:
    """A cut that is out, and the exercise it belongs to."""

    cut: Cut
    exercise: str
    title: str


@dataclass(frozen=True)
class Edit:
    """Lines [start, end) become `lines`."""

    blank: Blank
    start: int
    end: int
    lines: tuple[str, ...]
    block: list[ast.stmt] | None = None
    """The block that a statement stood in, which can't stay empty."""


def apply(text: str, blanks: Sequence[Blank]) -> str:
    """The text with blanks in it; blanks are given in the order of the course.

    A statement's earlier form is cut again by the blanks inside it. Where two
    exercises change the same statement, the later one's earlier form comes first.
    BlankError when a blank has no place, or two don't nest.
    """
    if not blanks:
        return text
    source = parse(text)
    order = {blank: place for place, blank in enumerate(blanks)}
    found = [edit for blank in order for edit in edits(source, blank, stub(source, blank))]
    found.sort(key=lambda e: (e.start, -e.end, OUTERMOST.index(e.blank.cut.form), -order[e.blank]))
    chosen: list[Edit] = []
    inner: set[Blank] = set()
    for edit in found:
        if not chosen or edit.start >= chosen[-1].end:
            chosen.append(edit)
        elif edit.end > chosen[-1].end:
            raise BlankError(f"{chosen[-1].blank.cut} and {edit.blank.cut.name} overlap")
        elif chosen[-1].blank.cut.was:
            inner.add(edit.blank)
    result = joined(source, chosen)
    if not inner:
        return result
    left = parse(result).names
    return apply(result, [blank for blank in order if blank in inner and blank.cut.name in left])


def joined(source: Source, chosen: Iterable[Edit]) -> str:
    """The lines of a source with edits in them; a block that would be empty passes."""
    chosen = tuple(chosen)
    emptied = Counter(id(each.block) for each in chosen if each.block and _is_bare(each.lines))
    parts: list[str] = []
    at = 0
    for edit in chosen:
        lines = edit.lines
        if edit.block and emptied[id(edit.block)] == len(edit.block):
            lines = (*lines, f"{source.indent(edit.block[0])}pass")
            emptied[id(edit.block)] = 0
        parts += source.lines[at : edit.start]
        parts += [f"{line}{source.newline}" for line in lines]
        at = edit.end
    return "".join(parts + source.lines[at:])


def edits(source: Source, blank: Blank, text: str) -> list[Edit]:
    """The edits that put a text in place of what a blank's cut names."""
    cut = blank.cut
    statement = find(source, cut)
    node = statement.node
    if not source.stands_alone(node):
        raise BlankError(f"{cut} shares a line with another statement")
    if cut.form == "statement" or not isinstance(node, Function | ast.ClassDef):
        lines = _indented(text, source.indent(node))
        start = statement.start if text else source.space_before(statement)
        return [Edit(blank, start, statement.end, lines, statement.block)]
    if not all(map(source.stands_alone, node.body)):
        raise BlankError(f"{cut} has a body on one line; give each statement a line of its own")
    runs = list(_runs(source, node, cut))
    if not runs:
        raise BlankError(f"{cut} has nothing to cut")
    lines = _indented(text, source.indent(node.body[0]))
    if _is_bare(lines) and not cut.keep and not docstring(node):
        lines = (*lines, f"{source.indent(node.body[0])}pass")
    return [Edit(blank, *run, () if place else lines) for place, run in enumerate(runs)]


def find(source: Source, cut: Cut) -> Statement:
    """The one statement a cut names; BlankError when there is none, or more."""
    named = source.names.get(cut.name, [])
    found = [each for each in named if isinstance(each.node, KINDS[cut.form])]
    if len(found) != 1:
        count = f"{len(found)} statements" if found else f"no {CALLED[cut.form]}"
        raise BlankError(f"{cut.file} has {count} called {cut.name}")
    return found[0]


def stub(source: Source, blank: Blank) -> str:
    """What stands in place of a cut, before it is indented."""
    cut = blank.cut
    if cut.form == "body":
        node = find(source, cut).node
        bare = "\nyield" if isinstance(node, Function) and is_generator(node) else ""
        return f'raise NotImplementedError("exercise {blank.exercise}"){bare}'
    if cut.form == "statement":
        if cut.absent:
            return ""
        name = cut.name.rpartition(".")[2]
        return textwrap.dedent(cut.was).strip("\n") or f"# exercise {blank.exercise}: {name}"
    return f"# exercise {blank.exercise}: {blank.title}"


def _runs(source: Source, node: Function | ast.ClassDef, cut: Cut) -> Iterable[tuple[int, int]]:
    """The line ranges of all that goes: the whole body, or what lies around `keep`."""
    inside = source.inside(node)
    kept = [bool(set(bound(each.node)).intersection(cut.keep)) for each in inside]
    if unknown := set(cut.keep).difference(*(bound(each.node) for each in inside)):
        raise BlankError(f"{cut} keeps {', '.join(sorted(unknown))}, which it doesn't have")
    text = docstring(node)
    if cut.form == "body" and inside:
        yield (text.end_lineno or 0) if text else inside[0].start, source.below(node)
        return
    start: int | None = None
    first = True
    for place, each in enumerate(inside):
        if kept[place]:
            continue
        if start is None:
            start = each.start if first else source.blank_above(each.start)
            first = False
        if place + 1 == len(inside):
            yield start, source.below(node)
        elif kept[place + 1]:
            yield start, each.end
            start = None


def _indented(text: str, indent: str) -> tuple[str, ...]:
    return tuple(f"{indent}{line}".rstrip() for line in text.splitlines())


def _is_bare(lines: Iterable[str]) -> bool:
    """Whether lines are comments and space alone."""
    return all(line.lstrip().startswith("#") or not line.strip() for line in lines)
