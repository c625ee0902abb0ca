"""A card as lines of text, each a row of parts that know what they are."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from workbook.cards.result import Card, Cards, Row

WIDTH = 92
_ASIDE, _STORY, _WHERE = 55, 86, 88
_MOST_PRINTED = 3
_RAISED = re.compile(r"[A-Za-z_][\w.]*(Error|Exception)\b")

Line = list[tuple[str, str]]
"""Parts of a line: the text, and its role (a verdict, or "id", "story", "where" …)."""


def lay_out(cards: Cards, width: int = WIDTH) -> Iterator[Line]:
    """The lines of all cards; sums when there are several, notes at the end."""
    for place, card in enumerate(cards.cards):
        if place:
            yield []
        yield from _card(card, min(width, WIDTH))
    if len(cards.cards) > 1 and cards.sums:
        yield []
        yield [(cards.sums, "points")]
    for note in cards.notes:
        yield from ([(line, "aside")] for line in textwrap.wrap(note, min(width, WIDTH)))


def text(cards: Cards) -> str:
    """The cards as plain text, the twin of every other form."""
    return "\n".join(plain(line) for line in lay_out(cards))


def plain(line: Line) -> str:
    return "".join(part for part, _ in line).rstrip()


def _card(card: Card, width: int) -> Iterator[Line]:
    column = max(7, *(len(row.verdict) for row in card.rows)) + 4
    head: Line = [(card.id, "id"), ("   ", ""), (card.title, "title")]
    yield from _right(head, card.points, "points", width)
    for row in card.rows:
        yield from _row(row, column, width)
    for label, words in card.closing:
        yield [("  ", ""), (label.ljust(column - 2), "label"), (words, "closing")]


def _row(row: Row, column: int, width: int) -> Iterator[Line]:
    indent = " " * column
    first, *rest = textwrap.wrap(row.line, width - column) or [""]
    head: Line = [("  ", ""), (row.verdict.ljust(column - 2), row.verdict), (first, "line")]
    if row.aside and not rest:
        gap = max(_ASIDE - len(plain(head)), 2)
        if len(plain(head)) + gap + len(row.aside) <= width:
            yield [*head, (" " * gap, ""), (row.aside, "aside")]
        else:
            yield head
            yield [(indent, ""), (row.aside, "aside")]
    else:
        yield head
        yield from ([(indent + line, "line")] for line in rest)
        if row.aside:
            yield [(indent, ""), (row.aside, "aside")]
    yield from _story(row, column, width)


def _story(row: Row, column: int, width: int) -> Iterator[Line]:
    indent = " " * column
    lines = [
        line
        for paragraph in row.story.split("\n")
        for line in textwrap.wrap(paragraph, min(_STORY, width) - column) or [""]
    ]
    for line in lines[:-1]:
        yield [(indent, ""), (line, "story")]
    last: Line = [(indent, ""), (lines[-1], "story")]
    if row.where:
        yield from _right(last, row.where, "where", min(_WHERE, width))
    elif plain(last):
        yield last
    if row.printed and row.verdict != "ok":
        shown = row.printed.split("\n")
        # From the last exception on, where there is one: a traceback says at its end what happened.
        raised = [place for place, line in enumerate(shown) if _RAISED.match(line)]
        start = raised[-1] if raised else max(0, len(shown) - _MOST_PRINTED)
        more = ["…"] if start else []
        yield [(indent, ""), ("It printed:", "aside")]
        for line in [*more, *shown[start : start + _MOST_PRINTED]]:
            yield [(f"{indent}  ", ""), (line[: width - column - 2], "aside")]


def _right(left: Line, words: str, role: str, width: int) -> Iterator[Line]:
    """The words at the right edge: of this line if they fit, else of the next."""
    used = len(plain(left))
    if used + 2 + len(words) > width:
        if used:
            yield left
        used, left = 0, []
    yield [
        *left,
        (" " * max(width - len("".join(p for p, _ in left)) - len(words), 0), ""),
        (words, role),
    ]
