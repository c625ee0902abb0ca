"""The cards for a terminal: the text's layout, with the verdicts in colour."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from workbook.cards.layout import Line, lay_out
from workbook.cards.result import Cards

_STYLES = {
    "ok": "green",
    "not yet": "yellow",
    "waits": "dim",
    "not started": "dim",
    "not checked": "dim",
    "ours": "magenta",
    "timed out": "red",
    "out of memory": "red",
    "crashed": "red",
    "refused": "red",
    "id": "bold",
    "points": "bold",
    "aside": "dim",
    "where": "cyan",
    "label": "dim",
    "closing": "cyan",
    "bar": "green",
    "rest": "dim",
}


class TerminalCards:
    """What a rich console prints for the cards of a run."""

    def __init__(self, cards: Cards) -> None:
        self.cards = cards

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from styled(lay_out(self.cards, options.max_width))


def styled(lines: Iterable[Line]) -> Iterable[Text]:
    """Lines as rich text; nothing in them is read as markup."""
    for line in lines:
        text = Text()
        for words, role in line:
            text.append(words, _STYLES.get(role, ""))
        text.rstrip()
        yield text
