"""The same piece of code on several databases, the results next to each other."""

from __future__ import annotations

import pprint
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from workbook.cards.paper import STYLE, clean, template
from workbook.seeing.page import LOOK, table
from workbook.seeing.recorder import record
from workbook.seeing.trace import Trace

_ADDRESS = re.compile(r" at 0x[0-9a-f]+", re.IGNORECASE)
_LONGEST = 2_000

_PAGE = template("""\
{{ style }}{{ look }}<figure class="wb wb-timed"><div class="wb-box wb-pair">
{% for side in sides %}
<section aria-label="{{ side.name }}"><p class="wb-head">{{ side.name }}</p>
<pre>{{ side.result }}</pre>
<details><summary>{{ side.trace.summary }}</summary>{{ side.table }}</details></section>
{% endfor %}
</div></figure>""")


@dataclass(frozen=True)
class Side:
    """What one database made of the code: a value or an exception, and its statements."""

    name: str
    value: Any
    error: BaseException | None
    trace: Trace

    @property
    def result(self) -> str:
        if self.error is None:
            return clean(_ADDRESS.sub("", pprint.pformat(self.value, width=60)))[:_LONGEST]
        return told(self.error)[:_LONGEST]

    @property
    def table(self) -> str:
        return table(self.trace)


def told(error: BaseException) -> str:
    """An exception in one line: its name, and the driver's own words where there are any."""
    # SQLAlchemy's message goes on with the statement, which a trace shows anyway.
    said = str(getattr(error, "orig", None) or error).strip().split("\n")[0]
    said = re.sub(r"^<class '[^']*'>: ", "", said)
    return clean(f"{type(error).__name__}: {said}" if said else type(error).__name__)


@dataclass(frozen=True)
class SideBySide:
    """One side for each database; shows itself as text or as columns."""

    sides: tuple[Side, ...]

    def __getitem__(self, name: str) -> Side:
        return next(side for side in self.sides if side.name == name)

    def __str__(self) -> str:
        width = max((len(side.name) for side in self.sides), default=0)
        lines = []
        for side in self.sides:
            first, *rest = side.result.split("\n")
            lines.append(f"{side.name:{width}}  {first}")
            lines += [f"{' ' * width}  {line}" for line in rest]
            lines.append(f"{' ' * width}  ({side.trace.summary})")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        page = _PAGE.render(style=STYLE, look=LOOK, sides=self.sides)
        return {"text/plain": str(self), "text/html": page}


async def side_by_side(
    work: Callable[[AsyncEngine], Awaitable[Any]], **engines: AsyncEngine
) -> SideBySide:
    """Runs `work(engine)` on each engine in turn, under the name it is given by.

    An exception is a result like any other: it is shown, not raised.
    """
    sides = []
    for name, engine in engines.items():
        value, error = None, None
        with record(engine) as trace:
            try:
                value = await work(engine)
            except Exception as raised:
                error = raised
        sides.append(Side(name, value, error, trace))
    return SideBySide(tuple(sides))
