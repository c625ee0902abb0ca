"""Results of a run as cards: for the terminal, for notebooks, as text.

One model, three twins: `rich_result`, `html_result` and `text_result` say the same. `Map`
shows the whole course in the same three ways.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbook.cards.layout import text
from workbook.cards.map import Map
from workbook.cards.page import html
from workbook.cards.result import Card, Cards, Row, cards_of
from workbook.cards.terminal import TerminalCards
from workbook.course import Course

__all__ = [
    "Card",
    "Cards",
    "Map",
    "Row",
    "cards_of",
    "html_result",
    "rich_result",
    "text_result",
]


def rich_result(course: Course, result: Mapping[str, Any]) -> TerminalCards:
    """The cards of a result (schema 1) for a rich console."""
    return TerminalCards(cards_of(course, result))


def html_result(course: Course, result: Mapping[str, Any]) -> str:
    """The cards of a result (schema 1) as HTML."""
    return html(cards_of(course, result))


def text_result(course: Course, result: Mapping[str, Any]) -> str:
    """The cards of a result (schema 1) as text."""
    return text(cards_of(course, result))
