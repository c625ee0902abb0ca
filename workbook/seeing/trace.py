"""A trace is what a piece of code asked of its databases, in order."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Literal

from workbook.seeing.wording import shape, short, values

Kind = Literal["statement", "begin", "commit", "rollback", "savepoint", "check-out", "check-in"]
_WORDS: dict[Kind, str] = {"begin": "BEGIN", "commit": "COMMIT", "rollback": "ROLLBACK"}
_RUN = 4


@dataclass
class Step:
    """One thing that happened on one connection; times are seconds from the start."""

    kind: Kind
    connection: int
    database: str
    at: float
    lasted: float = 0.0
    sql: str = ""
    parameters: Any = ()
    many: bool = False
    rows: int | None = None
    error: str = ""
    number: int = 0
    """Its place among the statements, from 1; 0 for what isn't one."""

    @property
    def text(self) -> str:
        """The statement, shortened, or the word for what happened."""
        return _WORDS.get(self.kind) or short(self.sql)

    def values(self, *, times: bool) -> str:
        return values(self.parameters, many=self.many, times=times)

    @property
    def outcome(self) -> str:
        if self.error:
            return f"refused: {self.error}"
        return "" if self.rows is None else f"{self.rows:,} row{'s' * (self.rows != 1)}"


@dataclass
class Trace:
    """The steps of one recording; shows itself as text, and in a notebook as a picture."""

    name: str = ""
    steps: list[Step] = field(default_factory=list)
    lasted: float = 0.0

    @property
    def statements(self) -> list[Step]:
        return [step for step in self.steps if step.kind == "statement"]

    @property
    def transactions(self) -> int:
        return sum(step.kind == "begin" for step in self.steps)

    @property
    def connections(self) -> list[int]:
        return sorted({step.connection for step in self.steps})

    @property
    def databases(self) -> list[str]:
        return list(dict.fromkeys(step.database for step in self.steps))

    @property
    def shapes(self) -> Counter[str]:
        """How often each statement ran, in the order of the first time."""
        return Counter(shape(step.sql) for step in self.statements)

    def lane(self, connection: int) -> str:
        """The name of a connection, with its database when there are several."""
        names = {step.connection: step.database for step in self.steps}
        suffix = f" ({names[connection]})" if len(self.databases) > 1 else ""
        return f"connection {connection}{suffix}"

    @property
    def rows(self) -> list[tuple[Step, int]]:
        """The steps to show, and how many like it follow each: a long run shows its first."""
        rows: list[tuple[Step, int]] = []
        for key, group in groupby(self.steps, _likeness):
            alike = list(group)
            if key[0] == "statement" and len(alike) > _RUN:
                rows.append((alike[0], len(alike) - 1))
            else:
                rows += [(step, 0) for step in alike]
        return rows

    @property
    def summary(self) -> str:
        if not self.steps:
            return "no statement reached a database"
        return ", ".join(
            f"{count} {word}{'s' * (count != 1)}"
            for count, word in (
                (len(self.statements), "statement"),
                (self.transactions, "transaction"),
                (len(self.connections), "connection"),
            )
        )

    def __str__(self) -> str:
        title = f"{self.name}: {self.summary}" if self.name else self.summary
        return "\n".join([title, *self._lines()])

    __repr__ = __str__

    def _lines(self) -> Iterator[str]:
        inside: set[int] = set()
        several = len(self.connections) > 1
        for step, more in self.rows:
            if step.kind in {"check-out", "check-in"}:
                word = "checked out" if step.kind == "check-out" else "returned"
                yield f"     {self.lane(step.connection)} {word}"
                inside.discard(step.connection)
                continue
            if step.kind in {"commit", "rollback"}:
                inside.discard(step.connection)
            number = f"{step.number:>3}" if step.number else "   "
            owner = f"{step.connection}: " if several else ""
            first = f"{number}  {owner}{'  ' * (step.connection in inside)}"
            said = " → ".join(part for part in (step.values(times=False), step.outcome) if part)
            yield from _wrapped(first, step.text, said)
            if more:
                yield f"{' ' * (len(first) + 2)}… {more} more like it"
            if step.kind == "begin":
                inside.add(step.connection)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from workbook.seeing.page import trace_page

        return {"text/plain": str(self), "text/html": trace_page(self)}


def _likeness(step: Step) -> tuple[str, int, str, str]:
    return step.kind, step.connection, shape(step.sql), step.error


def _wrapped(first: str, text: str, said: str) -> Iterator[str]:
    hang = " " * (len(first) + 2)
    lines = textwrap.wrap(text, 92 - len(first), break_on_hyphens=False) or [""]
    yield f"{first}{lines[0]}"
    yield from (f"{hang}{line}" for line in lines[1:])
    if said:
        yield from (f"{hang}{line}" for line in textwrap.wrap(said, 92 - len(hang)))


def is_boundary(sql: str) -> bool:
    """Whether a statement marks a savepoint rather than asking for something."""
    return bool(re.match(r"\s*(SAVEPOINT|RELEASE|ROLLBACK\s+TO)\b", sql, re.IGNORECASE))
